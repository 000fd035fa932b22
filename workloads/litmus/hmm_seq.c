/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmm_seq.c - a snapshot against an invalidation (notifier.h): the sequence changes before the entries do, and is read again after
 * they were. That no invalidation goes on when the snapshot begins is where it begins here.
 */
#include "workloads/litmus/litmus.h"

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

static force_inline bool invalidate(struct hmm_seq_words *s, unsigned int left_out)
{
	store_release(&s->sequence, 1u);
	if (left_out & SEQ_A)
		store_relaxed(&s->entry, 0u);
	else
		store_release(&s->entry, 0u);
	return true;
}

/* True: a valid snapshot, of an entry as the invalidation left it. */
static force_inline bool snapshot(struct hmm_seq_words *s, unsigned int left_out)
{
	uint32_t seq = load_acquire(&s->sequence), entry;

	if (seq)
		return false;
	entry = left_out & SEQ_B ? load_relaxed(&s->entry) : load_acquire(&s->entry);
	if (!(left_out & SEQ_B_AT_ALL) && load_acquire(&s->sequence) != seq)
		return false;
	return entry != MAPPED;
}

LITMUS(hmm_seq, begin, invalidate, snapshot,
	.name = "hmm-seq",
	.forbidden = "a snapshot from the midst of an invalidation that says it is valid",
	.went_on = { "invalidated", "valid and changed" },
	.gave_up = { "", "not valid, or unchanged" },
	.parts = {
		{ "hmm-seq:A", "stores are seen in their order" },
		{ "hmm-seq:B", "loads are made in their order" },
		{ "hmm-seq:B, the second look", NULL },
	})
