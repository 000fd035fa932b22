/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_page_range.h - what one VMA maps, mapped a second time. Source: mm/memory.c. */
#ifndef FAULTLINE_CORE_OP_COPY_PAGE_RANGE_H
#define FAULTLINE_CORE_OP_COPY_PAGE_RANGE_H

#include "core/mm/mm_types.h"

/*
 * copy_page_range - the entries of @src again in @dst, the same range of another mm, where nothing is mapped yet.
 * Pages are shared, and but for a shared mapping lose write permission on both sides; those that may be pinned are
 * copied instead, and stay as they are in @src. Returns 0, or -ENOMEM, with part of it done. Locking: mmap_lock of
 * both for write, both VMAs write-locked; @dst has the anon_vmas that @src's pages belong to.
 */
int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src);

#endif
