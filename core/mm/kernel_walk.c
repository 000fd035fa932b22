/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_walk.c - walks of the kernel's page tables, which no VMA covers and no PTL guards. */
#include <errno.h>

#include "core/mm/mmap_lock.h"
#include "core/mm/vmalloc.h"
#include "core/mm/walk_levels.h"

int walk_kernel_page_table_range_lockless(unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
					  pgd_t *pgd, void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = init_mm, .pgd = pgd, .no_vma = true, .private = private };

	if (start >= end || !init_mm || !check_ops_valid(ops))
		return -EINVAL;
	return walk_pgd_range(start, end, &walk);
}

int walk_kernel_page_table_range(unsigned long start, unsigned long end, const struct mm_walk_ops *ops, pgd_t *pgd,
				 void *private)
{
	if (init_mm)
		mmap_assert_locked(init_mm);
	return walk_kernel_page_table_range_lockless(start, end, ops, pgd, private);
}
