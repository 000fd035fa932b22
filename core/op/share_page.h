/* SPDX-License-Identifier: GPL-2.0-or-later */
/* share_page.h - makes an exclusive page shared, as for merging or swapping pages. */
#ifndef FAULTLINE_CORE_OP_SHARE_PAGE_H
#define FAULTLINE_CORE_OP_SHARE_PAGE_H

#include "core/mm/mm_types.h"

/*
 * share_page - makes the exclusive page at @addr shared and its entry read-only, by folio_try_share_anon_rmap_pte().
 * Returns 0 and the page with a reference, by which the caller relies on its contents; -EBUSY if it may be pinned,
 * -ENOENT if there is none. Locking: none held; takes mmap_lock and the PTL. Source: mm/ksm.c, write_protect_page().
 */
int share_page(struct mm_struct *mm, unsigned long addr, struct page **pagep);

#endif
