/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse.h - replaces pages mapped by PTEs by one huge page, mapped by a leaf: MADV_COLLAPSE.
 *
 * Anonymous memory is copied into a new huge page. A file whose folios are huge pages already is only mapped
 * differently, and the PTE table is freed.
 *
 * Source: mm/khugepaged.c.
 */
#ifndef FAULTLINE_CORE_OP_COLLAPSE_H
#define FAULTLINE_CORE_OP_COLLAPSE_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(COLLAPSE);
DECLARE_EVENT(COLLAPSE_KEPT);
DECLARE_EVENT(PTE_TABLE_RETRACT);

/*
 * madvise_collapse - maps each aligned huge page of [@start, @end) that lies in one VMA by a leaf. Applies to any
 * policy for huge pages, except with MADV_NOHUGEPAGE. Returns 0 if all are mapped so; else the error of the last
 * failure: -EINVAL, no VMA that may have huge pages, or nothing is mapped, or a page without a struct page; -EAGAIN, a
 * page has extra references; -ENOMEM, no huge page, or a part of the range is not mapped. Locking: none held. Source:
 * mm/khugepaged.c.
 */
int madvise_collapse(struct mm_struct *mm, unsigned long start, unsigned long end);

#endif
