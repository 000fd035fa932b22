/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protect.h - changes the permissions of a range. Source: mm/mprotect.c. */
#ifndef FAULTLINE_CORE_OP_PROTECT_H
#define FAULTLINE_CORE_OP_PROTECT_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/probe/knockout.h"

DECLARE_EVENT(MPROTECT);
DECLARE_KNOCKOUT(NUMA_FLUSH);
DECLARE_KNOCKOUT(UFFD_WP_FLUSH);
DECLARE_KNOCKOUT(UFFD_WP_MIGRATION);

/* What else change_protection() does to entries, or does instead. Source: include/linux/mm.h. */
#define MM_CP_PROT_NUMA		2u	/* they lose access, and keep all else, if they are to be NUMA hints */
#define MM_CP_UFFD_WP		4u	/* a userfaultfd write-protects them */
#define MM_CP_UFFD_WP_RESOLVE	8u	/* no longer */

/*
 * sys_mprotect - as mprotect(2): 0; -EINVAL (@start not page aligned, unknown bits in @prot); -ENOMEM (a part of the
 * range is not mapped, or no memory for a split, or too many VMAs), -EPERM (it is sealed): the parts before it are
 * changed. Locking: none held.
 */
int sys_mprotect(struct mm_struct *mm, unsigned long start, unsigned long len, int prot);

/*
 * change_protection - entries of @vma in [@start, @end) get its permissions; and, by @cp_flags, a userfaultfd's
 * protection, or lose it. No processor uses an old one when it returns. Returns the pages that became NUMA hints.
 * Locking: mmap_lock for write, @vma write-locked; with @cp_flags mmap_lock. Source: mm/mprotect.c.
 */
unsigned long change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end,
				unsigned int cp_flags);

#endif
