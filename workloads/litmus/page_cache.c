/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_cache.c - a folio is its file's before a slot of the page cache names it, and read through the slot (filemap.c).
 */
#include "workloads/lib/litmus.h"

#define INDEX		7u

enum { CACHE_A = 1, CACHE_B = 2, FILL_FIRST = 4 };

struct page_cache_words {
	shared_u32 slot;
	shared_u32 index;
};

static void begin(struct page_cache_words *s)
{
	store_relaxed(&s->slot, 0u);
	store_relaxed(&s->index, 0u);
}

static force_inline bool add_folio(struct page_cache_words *s, unsigned int removed)
{
	uint32_t none = 0;

	if (removed & FILL_FIRST)
		store_relaxed(&s->slot, 1u);
	store_relaxed(&s->index, INDEX);
	if (removed & CACHE_A)
		(void)!try_cmpxchg_relaxed(&s->slot, &none, 1u);
	else
		(void)!try_cmpxchg_acq_rel(&s->slot, &none, 1u);
	return true;
}

static force_inline bool get_folio(struct page_cache_words *s, unsigned int removed)
{
	uint32_t slot = removed & CACHE_B ? load_relaxed(&s->slot) : load_acquire(&s->slot);

	return slot && load_relaxed(&s->index) != INDEX;
}

LITMUS(page_cache, begin, add_folio, get_folio,
	.name = "page-cache",
	.forbidden = "a folio before its index is set",
	.went_on = { "added", "found another index" },
	.gave_up = { "", "found its index, or no folio" },
	.parts = {
		{ "page-cache:A", "the exchange is a full barrier" },
		{ "page-cache:B", "loads are done in order" },
		{ "fill-first", NULL },
	})
