/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap.h - extends, shrinks and moves mappings. Source: mm/mremap.c, do_mremap(). */
#ifndef FAULTLINE_CORE_OP_MREMAP_H
#define FAULTLINE_CORE_OP_MREMAP_H

#include <sys/mman.h>		/* MREMAP_*: Linux's own numbers */

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(MREMAP_BACK);
DECLARE_EVENT(MREMAP);

/*
 * sys_mremap - as mremap(2): resizes the @old_len bytes at @addr to @new_len, in place, or with MREMAP_MAYMOVE
 * elsewhere, at @new_addr with MREMAP_FIXED. MREMAP_DONTUNMAP keeps an empty mapping at the old range. Lengths are
 * rounded up to pages. A move of unchanged length with MREMAP_FIXED may include several VMAs and the gaps between
 * them, which stay gaps; all other calls stay in one VMA. Lengths in hugetlb memory are rounded up to whole huge
 * pages; it moves with MREMAP_FIXED and its reservations, and never grows. Returns the address, or
 *   -EINVAL       unknown @flags; @addr, or @new_addr where it is used, not page aligned; @new_len 0 or beyond
 *                 TASK_SIZE, there too; MREMAP_FIXED or MREMAP_DONTUNMAP without MREMAP_MAYMOVE; MREMAP_DONTUNMAP with
 *                 another length, or of raw frames or hugetlb memory; hugetlb memory extended, or at an address not
 *                 aligned to huge pages; old and new range overlap; @old_len 0, which maps shared memory a second time,
 *                 with private memory
 *   -EFAULT       nothing mapped at @addr, or nothing once room is made; the range to move or extend ends in another
 *                 VMA, or in none; raw frames extended
 *   -EPERM        MREMAP_FIXED and @new_addr below MMAP_MIN_ADDR
 *   -ENOMEM       no room to extend in place, and no MREMAP_MAYMOVE; no free range; too many VMAs; no memory
 * After -ENOMEM the old mapping stays where it was, and without memory even for a split, the new range may stay
 * mapped, empty; so may the old one after a success. But the mappings that MREMAP_FIXED replaces, and the part by
 * which a moved mapping shrinks, may be unmapped already; and of several VMAs the first ones may have been moved.
 * Locking: none held.
 */
long sys_mremap(struct mm_struct *mm, unsigned long addr, unsigned long old_len, unsigned long new_len, int flags,
		unsigned long new_addr);

#endif
