/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.h - creates and frees address spaces, and their shared state: the machine, the zero page, the VMA caches. */
#ifndef FAULTLINE_CORE_MM_MM_H
#define FAULTLINE_CORE_MM_MM_H

#include "core/mm/mm_types.h"
#include "core/phys/zero_page.h"

struct typesafe_cache;

extern struct typesafe_cache *vma_cache_refcnt, *vma_cache_plain;	/* (C) see vma.c */

/* Counts of leaked objects; all zero without leaks. */
struct leaks {
	unsigned long frames, vmas, anon_vmas, slots;	/* anon_vmas: their chains too; slots: of swap */
	unsigned long committed;		/* accounted pages: see account.h */
	size_t bytes;
};

/*
 * faultline_start - creates the machine and the shared state. Returns 0, -EINVAL (configuration), -ENOMEM, -EBUSY.
 * faultline_stop - frees all, and returns the leaks. Locking: the calling thread is the only one in core.
 */
int faultline_start(const struct machine_config *config);
struct leaks faultline_stop(void);

/* An empty mm under @policy; NULL without memory. Locking: a registered cpu. mm_exit() (op/exit.h) frees it. */
struct mm_struct *mm_create(const struct mm_policy *policy);
/* Frees an mm without VMAs, users, and tables except the root. */
void mm_free(struct mm_struct *mm);

/*
 * mmgrab - keeps the struct, its locks and its empty tree of VMAs beyond mm_exit(); mmdrop() - drops that, or the
 * reference of mm_create(); the last one frees it. Locking: another reference; for the drop, none. Source:
 * include/linux/sched/mm.h.
 */
static inline void mmgrab(struct mm_struct *mm)
{
	uint32_t old = fetch_add_relaxed(&mm->mm_count, 1u);

	BUG_ON(!old);
}

void mmdrop(struct mm_struct *mm);

#endif
