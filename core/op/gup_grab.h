/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_grab.h - references and pins of GUP: taken and dropped. Shared by the files that do so. Source: mm/gup.c. */
#ifndef FAULTLINE_CORE_OP_GUP_GRAB_H
#define FAULTLINE_CORE_OP_GUP_GRAB_H

#include <errno.h>

#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/op/gup.h"

/* References that one get or pin counts as. */
static force_inline int grab_refs(bool large, unsigned int flags)
{
	return (flags & FOLL_PIN) && !large ? GUP_PIN_COUNTING_BIAS : 1;
}

/* Drops what either of the following took. Source: mm/gup.c, gup_put_folio(). */
static force_inline void gup_put_folio(struct folio *folio, unsigned int flags)
{
	bool large = folio_test_large(folio);

	if (unlikely(large && (flags & FOLL_PIN))) {
		/* What was done through the pin was done before who finds it gone shares the page. */
		int old = fetch_sub_release(&folio->page._pincount, 1);

		BUG_ON(old <= 0);
	}
	folio_put_refs(folio, grab_refs(large, flags));
}

/*
 * try_grab_folio - @page, mapped by an entry under its PTL, gets a reference or a pin. Returns 0, or -ENOMEM when it has as many as
 * can be counted. Source: mm/gup.c.
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

/*
 * try_grab_folio_fast - the same for who found @page through an entry without its lock: it may be free, or part of another folio by
 * now. Returns the folio, which then stays what it is; whether the entry still names it is for the caller to see. NULL: try again.
 * A full barrier comes after it: ORDER[gup-share:B] in gup_fast.c. Source: mm/gup.c.
 */
static force_inline struct folio *try_grab_folio_fast(struct page *page, unsigned int flags)
{
	struct folio *folio = page_folio(page);
	bool large = folio_test_large(folio);
	int refs = grab_refs(large, flags);

	SYNCPOINT("gup.read_folio");
	if (unlikely(!page_ref_add_unless_zero(&folio->page, refs)))
		return NULL;
	/* Now it stays; but was it what it looked like before? A head alone can tell its size. */
	if (unlikely(page_folio(page) != folio || folio_test_large(folio) != large) && !KNOCKED_OUT(GUP_FOLIO_RECHECK)) {
		folio_put_refs(folio, refs);
		return NULL;
	}
	if (unlikely(large && (flags & FOLL_PIN)))
		fetch_add_relaxed(&folio->page._pincount, 1);
	return folio;
}

/*
 * gup_must_unshare - whoever reads through a pin must see what the mm writes later: so the page has to be the mm's alone, as for
 * writing it is anyway. Who only gets a reference takes what is there.
 * Locking: the PTL; or a pin taken before, and the entry is read again before. Source: mm/internal.h.
 */
static force_inline bool gup_must_unshare(const struct page *page, unsigned int flags)
{
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN)
		return false;
	if (page == zero_page)
		return flags & FOLL_LONGTERM;
	return !PageAnonExclusive(page) && !KNOCKED_OUT(GUP_UNSHARE_B);
}

/* From now on fork looks for pins in @mm. Source: mm/gup.c, mm_set_has_pinned_flag(). */
static force_inline void mm_set_has_pinned(struct mm_struct *mm)
{
	/* The pins come after it, and are a full barrier: ORDER[gup-fork:B] orders this store like them. */
	if (unlikely(!load_relaxed(&mm->has_pinned)) && !KNOCKED_OUT(GUP_HAS_PINNED))
		store_relaxed(&mm->has_pinned, 1u);
}

/* gup_fast - as many of the pages as can be had without a lock, 0 … @nr. Locking: none. Source: mm/gup.c. */
unsigned long gup_fast(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags, struct page **pages);

#endif
