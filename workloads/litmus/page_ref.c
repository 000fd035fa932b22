/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_ref.c - taking a reference against dropping the last one (folio.h, frame.c): the entry is cleared, the last
 * reference dropped, and the frame is reused, while GUP-fast takes a reference to the page it read, and re-reads the
 * entry.
 */
#include "workloads/lib/litmus.h"

#define MAPPED		1u
#define NEXT_LIFE	64u	/* of this many references: it distinguishes the lives */

enum { REF_A = 1, REF_B = 2, NOT_ZERO = 4, RECHECK = 8 };

struct page_ref_words {
	shared_u32 entry;
	shared_u32 refcount;
};

static void begin(struct page_ref_words *s)
{
	store_relaxed(&s->entry, MAPPED);
	store_relaxed(&s->refcount, 1u);
}

static force_inline bool zap_and_reuse(struct page_ref_words *s, unsigned int removed)
{
	uint32_t old;

	store_relaxed(&s->entry, 0u);
	old = removed & REF_A ? fetch_sub_relaxed(&s->refcount, 1u) : fetch_sub_acq_rel(&s->refcount, 1u);
	if (old != 1)
		return false;
	if (removed & REF_A)
		store_relaxed(&s->refcount, NEXT_LIFE);
	else
		store_release(&s->refcount, NEXT_LIFE);
	return true;
}

/* True: a reference to the next life is taken for one to the mapped page, or a free page is freed. */
static force_inline bool take_page(struct page_ref_words *s, unsigned int removed)
{
	uint32_t old;

	if (load_acquire(&s->entry) != MAPPED)
		return false;
	old = load_relaxed(&s->refcount);
	do {
		if (!old && !(removed & NOT_ZERO))
			return false;
	} while (removed & REF_B ? !try_cmpxchg_relaxed(&s->refcount, &old, old + 1)
				  : !try_cmpxchg_acquire(&s->refcount, &old, old + 1));
	if (!(removed & RECHECK) && load_acquire(&s->entry) != MAPPED)
		return fetch_sub_acq_rel(&s->refcount, 1u) == 1;	/* the other has freed it already */
	return old >= NEXT_LIFE;
}

LITMUS(page_ref, begin, zap_and_reuse, take_page,
	.name = "page-ref",
	.forbidden = "a reference to a wrong page, or a page freed twice",
	.went_on = { "reused the frame", "took a wrong one, or was the last" },
	.gave_up = { "not the last reference", "took the right one, or none" },
	.parts = {
		{ "page-ref:A", "stores become visible in order" },
		{ "page-ref:B", "the exchange is a full barrier" },
		{ "not-zero", NULL },
		{ "entry-recheck", NULL },
	})
