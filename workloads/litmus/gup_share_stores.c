/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_share_stores.c - gup_share.c with plain stores, which a later load may pass on every processor: only the barriers
 * order them, as they do where a read-modify-write orders no more than a store. On x86 only this pattern shows a
 * missing barrier.
 */
#include "workloads/lib/litmus.h"

#define UNPINNED	1u
#define PINNED		1025u
#define MAPPED		1u

enum { SHARE_A = 1, SHARE_B = 2 };

struct gup_share_stores_words {
	shared_u32 pins;
	shared_u32 entry;
};

static void begin(struct gup_share_stores_words *s)
{
	store_relaxed(&s->pins, UNPINNED);
	store_relaxed(&s->entry, MAPPED);
}

static force_inline bool share(struct gup_share_stores_words *s, unsigned int removed)
{
	store_release(&s->entry, 0u);
	if (!(removed & SHARE_A))
		smp_mb();
	return load_acquire(&s->pins) < PINNED;
}

static force_inline bool gup(struct gup_share_stores_words *s, unsigned int removed)
{
	store_relaxed(&s->pins, PINNED);
	if (!(removed & SHARE_B))
		smp_mb();
	return load_acquire(&s->entry) == MAPPED;
}

LITMUS(gup_share_stores, begin, share, gup,
	.name = "gup-share-stores",
	.forbidden = "a pinned page is shared or replaced",
	.went_on = { "found no pin", "found the entry" },
	.gave_up = { "found the pin", "found no entry" },
	.parts = { { "gup-share:A", NULL }, { "gup-share:B", NULL } })
