/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_fork.c - GUP-fast against fork (copy_page_range.c): store buffering between the pins and write_protect_seq.
 *
 *   fork   seq odd; gup-fork:A; pinned?                    GUP   pins += 1024; gup-fork:B; the sequence as it was?
 */
#include "workloads/lib/litmus.h"

#define UNPINNED	1u
#define PINNED		1025u

enum { FORK_A = 1, FORK_B = 2 };

struct gup_fork_words {
	shared_u32 pins;
	shared_u32 sequence;
};

static void begin(struct gup_fork_words *s)
{
	store_relaxed(&s->pins, UNPINNED);
	store_relaxed(&s->sequence, 0u);
}

static force_inline bool fork_page(struct gup_fork_words *s, unsigned int removed)
{
	store_relaxed(&s->sequence, 1u);	/* raw_write_seqcount_begin() */
	if (!(removed & FORK_A))
		smp_mb();
	return load_acquire(&s->pins) < PINNED;
}

static force_inline bool gup(struct gup_fork_words *s, unsigned int removed)
{
	uint32_t old = UNPINNED;

	if (!try_cmpxchg_acquire(&s->pins, &old, PINNED))
		return false;
	if (!(removed & FORK_B))
		smp_mb__after_atomic();
	return load_acquire(&s->sequence) == 0;
}

LITMUS(gup_fork, begin, fork_page, gup,
	.name = "gup-fork",
	.forbidden = "a pinned page is shared with a child",
	.went_on = { "found no pin", "found no fork" },
	.gave_up = { "found the pin", "found the fork" },
	.parts = {
		{ "gup-fork:A", NULL },
		{ "gup-fork:B", "the exchange before it is a full barrier already" },
	})
