/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap.h - mappings made longer or shorter, and moved. Source: mm/mremap.c, do_mremap(). */
#ifndef FAULTLINE_CORE_OP_MREMAP_H
#define FAULTLINE_CORE_OP_MREMAP_H

#include <sys/mman.h>		/* MREMAP_*: Linux's own numbers */

#include "core/mm/mm_types.h"

/*
 * sys_mremap - as mremap(2): the @old_len bytes at @addr become @new_len, in place, or with MREMAP_MAYMOVE elsewhere, at @new_addr
 * with MREMAP_FIXED. MREMAP_DONTUNMAP leaves an empty mapping behind. Lengths are rounded up to pages. A move of unchanged length
 * with MREMAP_FIXED may go over several VMAs and the gaps between them, which stay; all else stays in one. Lengths in
 * hugetlb memory are rounded up to whole huge pages; it moves with MREMAP_FIXED and its reservations, and never grows.
 * Returns the address, or
 *   -EINVAL       unknown @flags; @addr or a @new_addr that counts not page aligned; @new_len 0 or beyond TASK_SIZE, there too;
 *                 MREMAP_FIXED or MREMAP_DONTUNMAP without MREMAP_MAYMOVE; MREMAP_DONTUNMAP with another length, or of raw
 *                 frames or hugetlb memory; hugetlb memory lengthened, or at an address not aligned to huge pages;
 *                 old and new range overlap; @old_len 0, which maps shared memory a second time, and private memory not
 *   -EFAULT       nothing mapped at @addr, or nothing once room is made; the range to move or lengthen ends in another VMA, or in none; raw frames lengthened
 *   -EPERM        MREMAP_FIXED and @new_addr below MMAP_MIN_ADDR
 *   -ENOMEM       no room to lengthen in place, and no MREMAP_MAYMOVE; no free range; too many VMAs; no memory
 * With -ENOMEM what is moved stays where it was, and where memory ran out even for a split, the new range may stay
 * mapped, with nothing in it; so may the old one after a success. But what MREMAP_FIXED replaces, and what is cut off
 * a mapping that is moved, may be gone by then; and of several VMAs the first ones may have been moved. Locking: none
 * held.
 */
long sys_mremap(struct mm_struct *mm, unsigned long addr, unsigned long old_len, unsigned long new_len, int flags,
		unsigned long new_addr);

#endif
