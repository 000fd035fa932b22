/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_ref.c - a reference that is tried against a page's last one (folio.h, frame.c): the entry is cleared, the last reference
 * dropped, and the frame has its next life, while GUP-fast takes a reference to what it read, and reads the entry again.
 */
#include "workloads/litmus/litmus.h"

#define MAPPED		1u
#define NEXT_LIFE	64u	/* of this many references: it tells the lives apart */

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

static force_inline bool zap_and_reuse(struct page_ref_words *s, unsigned int left_out)
{
	uint32_t old;

	store_relaxed(&s->entry, 0u);
	old = left_out & REF_A ? fetch_sub_relaxed(&s->refcount, 1u) : fetch_sub_acq_rel(&s->refcount, 1u);
	if (old != 1)
		return false;
	if (left_out & REF_A)
		store_relaxed(&s->refcount, NEXT_LIFE);
	else
		store_release(&s->refcount, NEXT_LIFE);
	return true;
}

/* True: a reference to the next life is believed to be to what the entry maps, or a free page is freed. */
static force_inline bool take_page(struct page_ref_words *s, unsigned int left_out)
{
	uint32_t old;

	if (load_acquire(&s->entry) != MAPPED)
		return false;
	old = load_relaxed(&s->refcount);
	do {
		if (!old && !(left_out & NOT_ZERO))
			return false;
	} while (left_out & REF_B ? !try_cmpxchg_relaxed(&s->refcount, &old, old + 1)
				  : !try_cmpxchg_acquire(&s->refcount, &old, old + 1));
	if (!(left_out & RECHECK) && load_acquire(&s->entry) != MAPPED)
		return fetch_sub_acq_rel(&s->refcount, 1u) == 1;	/* the other has freed it already */
	return old >= NEXT_LIFE;
}

LITMUS(page_ref, begin, zap_and_reuse, take_page,
	.name = "page-ref",
	.forbidden = "a reference to somebody else's page, believed, or a page freed twice",
	.went_on = { "used the frame anew", "believed a wrong one, or was the last" },
	.gave_up = { "somebody has a reference", "took the right one, or none" },
	.parts = {
		{ "page-ref:A", "stores are seen in their order" },
		{ "page-ref:B", "the exchange is a full barrier" },
		{ "not-zero", NULL },
		{ "entry-recheck", NULL },
	})
