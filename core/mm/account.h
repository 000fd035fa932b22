/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * account.h - the pages that mappings may come to need: Linux's commit charge, in its heuristic mode, without a limit.
 *
 * A private mapping is accounted with all its pages once it allows writes, and has VM_ACCOUNT. It keeps that when
 * mprotect() takes the permission away, since its copies stay; except for anonymous memory that has no anon_vma, and
 * so no pages. MAP_NORESERVE mappings have VM_NORESERVE, and are never accounted. VMAs that differ in either flag do
 * not merge. Source: mm/util.c, mm/vma.c.
 *
 * Shared anonymous memory is accounted with its file: once, as long as that exists.
 *
 * Conservation: vm_memory_committed() = the pages of all VMAs with VM_ACCOUNT + those of accounted files.
 */
#ifndef FAULTLINE_CORE_MM_ACCOUNT_H
#define FAULTLINE_CORE_MM_ACCOUNT_H

#include "core/mm/vma.h"

/* One cpu's share of the count; it may be negative. Lock key: (A) written by that cpu */
struct committed_share {
	unsigned long pages;	/* (A) modulo 2^64 */
} __cacheline_aligned;

extern struct committed_share vm_committed_as[NR_CPUS];	/* by cpu slot */

/* Accounts @pages more, modulo 2^64. Locking: a registered cpu. Source: include/linux/mman.h. */
static inline void vm_acct_memory(unsigned long pages)
{
	count_own(&vm_committed_as[this_cpu->id].pages, pages);
}

/* @vma gets @pages more pages, modulo 2^64. Locking: mmap_lock for write. Source: mm/vma.c. */
static inline void vm_stat_account(struct mm_struct *mm, const struct vm_area_struct *vma, unsigned long pages)
{
	mm->total_vm += pages;
	if (unlikely(vma->vm_flags & VM_LOCKED))
		mm->locked_vm += pages;
	if (vma->vm_flags & VM_ACCOUNT)
		vm_acct_memory(pages);
}

/* The accounted pages; exact only without concurrent changes. Locking: none. Source: mm/util.c. */
unsigned long vm_memory_committed(void);

/* Nothing is accounted. Locking: the calling thread is the only one in core. */
void vm_committed_reset(void);

/*
 * account_mapping - the flags of a new mapping of @kind, made with @map_flags (MAP_*). Locking: none. Source:
 * mm/mmap.c, do_mmap(); mm/vma.c, accountable_mapping().
 */
unsigned long account_mapping(struct vma_kind kind, int map_flags) __must_check;

/*
 * account_protection - the flags of a part of @vma once mprotect() has changed them to @flags. Locking: mmap_lock for
 * write. Source: mm/mprotect.c, mprotect_fixup().
 */
unsigned long account_protection(const struct vm_area_struct *vma, unsigned long flags) __must_check;

#endif
