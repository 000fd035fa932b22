/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse.h - pages mapped by PTEs put into one huge page, mapped by a leaf: MADV_COLLAPSE.
 *
 * Anonymous memory is copied into a new huge page. A file whose folios are huge pages already is only mapped differently, and the
 * PTE table goes.
 *
 * Source: mm/khugepaged.c.
 */
#ifndef FAULTLINE_CORE_OP_COLLAPSE_H
#define FAULTLINE_CORE_OP_COLLAPSE_H

#include "core/mm/mm_types.h"

/*
 * madvise_collapse - each aligned huge page's worth of [@start, @end) that lies in one VMA is mapped by a leaf. Whatever the policy
 * says of huge pages, but for MADV_NOHUGEPAGE. Returns 0: all of them are; else why the last that could not be was not: -EINVAL, no
 * VMA that may have huge pages, or nothing mapped there, or a page that is no page; -EAGAIN, somebody else has a page; -ENOMEM, no
 * huge page, or a part of the range is not mapped. Locking: none held. Source: mm/khugepaged.c.
 */
int madvise_collapse(struct mm_struct *mm, unsigned long start, unsigned long end);

#endif
