/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops.h - operations on an mm in the short forms that most tests need. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_OPS_H
#define FAULTLINE_TESTS_LIB_HARNESS_OPS_H

#include "core/op/fault.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)

/* Maps [@addr, @addr + @len), whatever is there; dies when that fails. */
static inline void map_at(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot)
{
	BUG_ON(sys_mmap(mm, addr, len, prot, ANON | MAP_FIXED, 0) != (long)addr);
}

/* A write or a read that must succeed. */
static inline void write_at(struct mm_struct *mm, unsigned long addr)
{
	BUG_ON(do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE));
}

static inline void read_at(struct mm_struct *mm, unsigned long addr)
{
	BUG_ON(do_user_addr_fault(mm, addr, 0));
}

#endif
