/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_share.c - GUP-fast against the sharer of a page (rmap.h): store buffering between the pins and the entry.
 *
 *   share   (A1) entry = 0; gup-share:A; (A2) pinned?      GUP   (B3) pins += 1024; gup-share:B; (B4) the same entry?
 */
#include "workloads/lib/litmus.h"

#define UNPINNED	1u
#define PINNED		1025u
#define MAPPED		1u

enum { SHARE_A = 1, SHARE_B = 2 };

struct gup_share_words {
	shared_u32 pins;
	shared_u32 entry;
};

static void begin(struct gup_share_words *s)
{
	store_relaxed(&s->pins, UNPINNED);
	store_relaxed(&s->entry, MAPPED);
}

static force_inline bool share(struct gup_share_words *s, unsigned int removed)
{
	(void)xchg_acq_rel(&s->entry, 0u);
	if (!(removed & SHARE_A))
		smp_mb();
	return load_acquire(&s->pins) < PINNED;
}

static force_inline bool gup(struct gup_share_words *s, unsigned int removed)
{
	uint32_t old = UNPINNED;

	if (!try_cmpxchg_acquire(&s->pins, &old, PINNED))
		return false;
	if (!(removed & SHARE_B))
		smp_mb__after_atomic();
	return load_acquire(&s->entry) == MAPPED;
}

LITMUS(gup_share, begin, share, gup,
	.name = "gup-share",
	.forbidden = "a pinned page is shared or replaced",
	.went_on = { "found no pin", "found the entry" },
	.gave_up = { "found the pin", "found no entry" },
	.parts = {
		{ "gup-share:A", "the exchange before it is a full barrier already" },
		{ "gup-share:B", "the exchange before it is a full barrier already" },
	})
