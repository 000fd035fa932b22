/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.h - creates and frees address spaces, and their shared state: the machine, the zero page, the VMA caches. */
#ifndef FAULTLINE_CORE_MM_MM_H
#define FAULTLINE_CORE_MM_MM_H

#include "core/mm/mm_types.h"
#include "core/phys/zero_page.h"

struct typesafe_cache;

extern struct typesafe_cache *vma_cache_refcnt, *vma_cache_refcnt_mm, *vma_cache_plain;	/* (C) see vma.c */

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

/* An empty mm under @policy, with one user; NULL without memory. Locking: a registered cpu. mm_exit() ends it. */
struct mm_struct *mm_create(const struct mm_policy *policy);
/* Frees an mm without VMAs, users, and tables except the root. */
void mm_free(struct mm_struct *mm);

/*
 * An mm has two counts, as in Linux. mm_users keeps the address space: as long as it is not 0 VMAs and pages stay, and
 * faults are allowed. mm_count keeps the struct, its locks and its tree of VMAs, which is empty once the address space
 * has ended; all users together hold one. A thread that works on an mm of another process takes a user before it
 * faults, and needs none to walk under mmap_lock.
 *
 * mmget - one more user, beside another one of the caller's. mmget_not_zero() - the same for a caller that has a
 * reference to the struct only: false if the address space has ended, or is about to. mmput() (op/exit.h) - drops a
 * user. mmgrab - one more reference to the struct, beside another one or a user; mmdrop() - drops it, and the last one
 * frees the struct. Locking: none for the drops. Source: include/linux/sched/mm.h.
 */
static inline void mmget(struct mm_struct *mm)
{
	uint32_t old = fetch_add_relaxed(&mm->mm_users, 1u);

	BUG_ON(!old);
}

bool mmget_not_zero(struct mm_struct *mm) __must_check;

static inline void mmgrab(struct mm_struct *mm)
{
	uint32_t old = fetch_add_relaxed(&mm->mm_count, 1u);

	BUG_ON(!old);
}

void mmdrop(struct mm_struct *mm);

/* mm_flag, mm_set_flag - true if @mm has a flag; it has from now on. Locking: any; a reference. */
static inline bool mm_flag(const struct mm_struct *mm, uint32_t flag)
{
	return load_relaxed(&mm->flags) & flag;
}

static inline void mm_set_flag(struct mm_struct *mm, uint32_t flag)
{
	fetch_or_relaxed(&mm->flags, flag);
}

#endif
