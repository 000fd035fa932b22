/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clear_refs.h - clears the accessed or the soft-dirty bits of an address space, as /proc/PID/clear_refs does. */
#ifndef FAULTLINE_CORE_OP_CLEAR_REFS_H
#define FAULTLINE_CORE_OP_CLEAR_REFS_H

#include "core/mm/mm_types.h"

/* Source: fs/proc/task_mmu.c, enum clear_refs_types. */
enum clear_refs_type {
	CLEAR_REFS_ALL = 1,		/* accessed bits */
	CLEAR_REFS_ANON,		/* those of VMAs without a file */
	CLEAR_REFS_MAPPED,		/* those of VMAs of files */
	CLEAR_REFS_SOFT_DIRTY,		/* soft-dirty bits, if the policy tracks them: soft_dirty.h */
};

/*
 * sys_clear_refs - returns 0, or -EINVAL for another @type. Leaves are not split, hugetlb memory and VM_PFNMAP are left
 * as they are. Private pages that may be pinned keep write permission, and count as written. Locking: none held.
 * Source: fs/proc/task_mmu.c, clear_refs_write().
 */
int sys_clear_refs(struct mm_struct *mm, enum clear_refs_type type);

#endif
