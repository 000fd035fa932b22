/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_ref.c - from a folio to its anon_vma against that one's end (anon_vma_ref.c, anon_vma_cache.c): the folio is
 * unmapped, the last reference dropped, and the type-stable memory is reused for another anon_vma at once. The grace
 * period keeps the memory, not the object: so the second check is needed.
 */
#include "workloads/lib/litmus.h"

#define NEXT_LIFE	64u	/* of this many references: it distinguishes the lives */

enum { REF_A = 1, REF_B = 2, SECOND_LOOK = 4, NOT_ZERO = 8 };

struct anon_ref_words {
	shared_u32 mapcount;
	shared_u32 refcount;
};

static void begin(struct anon_ref_words *s)
{
	store_relaxed(&s->mapcount, 1u);
	store_relaxed(&s->refcount, 1u);
}

static force_inline bool unmap_and_reuse(struct anon_ref_words *s, unsigned int removed)
{
	uint32_t old;

	(void)fetch_sub_relaxed(&s->mapcount, 1u);
	old = removed & REF_A ? fetch_sub_relaxed(&s->refcount, 1u) : fetch_sub_acq_rel(&s->refcount, 1u);
	if (old != 1)
		return false;
	if (removed & REF_A)
		store_relaxed(&s->refcount, NEXT_LIFE);
	else
		store_release(&s->refcount, NEXT_LIFE);		/* anon_vma_alloc() */
	return true;
}

/* True: a reference to the next life is taken for one to the folio's anon_vma, or a free one is freed. */
static force_inline bool take_anon_vma(struct anon_ref_words *s, unsigned int removed)
{
	uint32_t old;

	if (!load_relaxed(&s->mapcount))			/* (B1) */
		return false;
	old = load_relaxed(&s->refcount);
	do {							/* (B2) */
		if (!old && !(removed & NOT_ZERO))
			return false;
	} while (removed & REF_B ? !try_cmpxchg_relaxed(&s->refcount, &old, old + 1)
				  : !try_cmpxchg_acquire(&s->refcount, &old, old + 1));
	if (!(removed & SECOND_LOOK) && !load_relaxed(&s->mapcount))	/* (B3) */
		return fetch_sub_acq_rel(&s->refcount, 1u) == 1;	/* the other has freed it already */
	return old >= NEXT_LIFE;
}

LITMUS(anon_ref, begin, unmap_and_reuse, take_anon_vma,
	.name = "anon-ref",
	.forbidden = "an anon_vma that is not the folio's, or is freed twice",
	.went_on = { "reused the memory", "took a wrong one, or was the last" },
	.gave_up = { "not the last reference", "took the right one, or none" },
	.parts = {
		{ "anon-ref:A", "the unmapping is an exchange, and a full barrier" },
		{ "anon-ref:B", "the exchange is a full barrier" },
		{ "second-look", NULL },
		{ "not-zero", NULL },
	})
