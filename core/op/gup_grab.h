/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_grab.h - takes and drops the references and pins of GUP. Source: mm/gup.c. */
#ifndef FAULTLINE_CORE_OP_GUP_GRAB_H
#define FAULTLINE_CORE_OP_GUP_GRAB_H

#include <errno.h>

#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/op/gup.h"
#include "core/probe/knockout.h"

DECLARE_KNOCKOUT(GUP_UNSHARE_B);
DECLARE_KNOCKOUT(GUP_HAS_PINNED);

/* References of one get or pin. */
static force_inline int grab_refs(bool large, unsigned int flags)
{
	return (flags & FOLL_PIN) && !large ? GUP_PIN_COUNTING_BIAS : 1;
}

/* Drops the references of @nr pages of @folio. Source: mm/gup.c, gup_put_folio(). */
static force_inline void gup_put_folio(struct folio *folio, int nr, unsigned int flags)
{
	bool large = folio_test_large(folio);

	if (unlikely(large && (flags & FOLL_PIN))) {
		/*
		 * ORDER[pin-drop:A] after the accesses through the pin. Pairs with ORDER[pin-drop:B]. Weaker: a thread
		 * that finds the pin dropped shares or replaces the page before the last write through it.
		 */
		int old = fetch_sub_release(&folio->page._pincount, nr);

		BUG_ON((uint32_t)old < (uint32_t)nr);
	}
	folio_put_refs(folio, nr * grab_refs(large, flags));
}

/*
 * try_grab_folio - takes a reference or a pin on @page, mapped by an entry under its PTL. Returns 0, or -ENOMEM if its
 * count is at the bound. Source: mm/gup.c.
 */
static inline int try_grab_folio(struct page *page, unsigned int flags)
{
	struct folio *folio = page_folio(page);
	bool large = folio_test_large(folio);

	if (page == zero_page && (flags & FOLL_PIN))
		return 0;
	if (unlikely(folio_ref_count(folio) <= 0))
		return -ENOMEM;
	folio_ref_add(folio, grab_refs(large, flags));
	if (large && (flags & FOLL_PIN))
		fetch_add_relaxed(&folio->page._pincount, 1);
	return 0;
}

/* Of a file or a driver: not anonymous, so never exclusive. */
static force_inline bool gup_page_of_file(const struct page *page)
{
	return page_type(page) == PAGE_FILE || page_type(page) == PAGE_DRIVER;
}

/* @folio was used. Locking: a reference. Source: mm/swap.c. */
static force_inline void folio_mark_accessed(struct folio *folio)
{
	if (unlikely(!folio_test_referenced(folio)))
		fetch_or_relaxed(&folio->page.flags, PG_REFERENCED);
}

/*
 * gup_must_unshare - later writes of the mm must be visible through a read pin: so an anonymous page must be
 * exclusive, as for writing it is anyway, and a page of a file is the mm's to write to only in a shared mapping. For a
 * page of a file, a short-term pin accepts the current page, and so does a reference. @vma is NULL if unknown: then a
 * file's page is left to the slow path. Locking: the PTL; or a pin taken before, and the entry re-read after it.
 * Source: mm/internal.h.
 */
static force_inline bool gup_must_unshare(const struct vm_area_struct *vma, const struct page *page, unsigned int flags)
{
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN || likely(PageAnonExclusive(page)))
		return false;
	if (page == zero_page)
		return flags & FOLL_LONGTERM;
	if (gup_page_of_file(page))
		return (flags & FOLL_LONGTERM) && !(vma && (vma->vm_flags & VM_SHARED));
	return !KNOCKED_OUT(GUP_UNSHARE_B);
}

/*
 * Pages of files are not written to through long-term pins: they become clean meanwhile, and the file misses the
 * writes. Huge pages of the pool have no other copy, and callers exempt them. Source: mm/gup.c,
 * writable_file_mapping_allowed(), gup_fast_folio_allowed().
 */
static force_inline bool gup_writes_for_long(unsigned int flags)
{
	return (flags & (FOLL_WRITE | FOLL_LONGTERM)) == (FOLL_WRITE | FOLL_LONGTERM);
}

/* From now on fork checks for pins in @mm. Source: mm/gup.c, mm_set_has_pinned_flag(). */
static force_inline void mm_set_has_pinned(struct mm_struct *mm)
{
	/* The pins come after it, and are a full barrier: ORDER[gup-fork:B] orders this store like them. */
	if (unlikely(!load_relaxed(&mm->has_pinned)) && !KNOCKED_OUT(GUP_HAS_PINNED))
		store_relaxed(&mm->has_pinned, 1u);
}

/* What callers may ask for with a reference, and with a pin; of the _fast calls FOLL_FAST_ONLY, too. */
#define FOLL_GET_FLAGS	(FOLL_WRITE | FOLL_HONOR_NUMA_FAULT)
#define FOLL_PIN_FLAGS	(FOLL_GET_FLAGS | FOLL_LONGTERM)

/* 0, or the error for invalid arguments. Source: mm/gup.c, is_valid_gup_args(). */
static force_inline int gup_check_args(unsigned long start, unsigned long nr, unsigned int flags, unsigned int allowed)
{
	if (unlikely(flags & ~allowed))
		return -EINVAL;
	return unlikely(nr > TASK_SIZE >> PAGE_SHIFT ||
			(start & PAGE_MASK) > TASK_SIZE - (nr << PAGE_SHIFT)) ? -EFAULT : 0;
}

/*
 * gup_slow - gets pages under mmap_lock; returns their number, or the error of the first. Locking: none held. Source:
 * mm/gup.c, __get_user_pages().
 */
long gup_slow(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags, struct page **pages);

/*
 * get_user_page_vma_remote - *@pagep is the page at @addr, with a reference; @flags are FOLL_WRITE and FOLL_FORCE.
 * Returns 0, -EFAULT or -ENOMEM. Locking: mmap_lock. set_page_dirty_lock() - a page, of which the caller has a
 * reference, was written to. Locking: no spinlock; waits for the folio lock. Source: include/linux/mm.h;
 * mm/page-writeback.c.
 */
int get_user_page_vma_remote(struct mm_struct *mm, unsigned long addr, unsigned int flags, struct page **pagep);
void set_page_dirty_lock(struct page *page);

#endif
