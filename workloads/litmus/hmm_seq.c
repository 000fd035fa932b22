/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmm_seq.c - a snapshot against an invalidation (notifier.h): the sequence changes before the entries do, and is
 * re-read after they were read. No invalidation is in progress when this snapshot begins.
 */
#include "workloads/lib/litmus.h"

#define MAPPED		1u

enum { SEQ_A = 1, SEQ_B = 2, SEQ_B_AT_ALL = 4 };

struct hmm_seq_words {
	shared_u32 sequence;
	shared_u32 entry;
};

static void begin(struct hmm_seq_words *s)
{
	store_relaxed(&s->sequence, 0u);
	store_relaxed(&s->entry, MAPPED);
}

static force_inline bool invalidate(struct hmm_seq_words *s, unsigned int removed)
{
	store_release(&s->sequence, 1u);
	if (removed & SEQ_A)
		store_relaxed(&s->entry, 0u);
	else
		store_release(&s->entry, 0u);
	return true;
}

/* True: a valid snapshot, of an entry as the invalidation left it. */
static force_inline bool snapshot(struct hmm_seq_words *s, unsigned int removed)
{
	uint32_t seq = load_acquire(&s->sequence), entry;

	if (seq)
		return false;
	entry = removed & SEQ_B ? load_relaxed(&s->entry) : load_acquire(&s->entry);
	if (!(removed & SEQ_B_AT_ALL) && load_acquire(&s->sequence) != seq)
		return false;
	return entry != MAPPED;
}

LITMUS(hmm_seq, begin, invalidate, snapshot,
	.name = "hmm-seq",
	.forbidden = "a snapshot taken during an invalidation and reported valid",
	.went_on = { "invalidated", "valid and changed" },
	.gave_up = { "", "not valid, or unchanged" },
	.parts = {
		{ "hmm-seq:A", "stores become visible in order" },
		{ "hmm-seq:B", "loads are done in order" },
		{ "hmm-seq:B, the re-check", NULL },
	})
