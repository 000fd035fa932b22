/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_page_range.h - maps the pages of one VMA a second time. Source: mm/memory.c. */
#ifndef FAULTLINE_CORE_OP_COPY_PAGE_RANGE_H
#define FAULTLINE_CORE_OP_COPY_PAGE_RANGE_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/probe/knockout.h"

DECLARE_EVENT(FORK_COPIED);
DECLARE_KNOCKOUT(FORK_WRPROTECT);

/*
 * copy_page_range - copies the entries of @src to @dst, the same range of another mm, where nothing is mapped yet.
 * Pages are shared, and except in a shared mapping lose write permission on both sides; pages that may be pinned are
 * copied instead, and unchanged in @src. Returns 0, or -ENOMEM, with part of it done. Locking: mmap_lock of both for
 * write, both VMAs write-locked; @dst has the anon_vmas of @src's pages.
 */
int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src);

#endif
