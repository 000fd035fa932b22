/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spin_lock.c - the next holder of a spinlock sees the writes of the one before (spinlock.h). */
#include "workloads/lib/litmus.h"

enum { LOCK_A = 1, LOCK_B = 2, NO_WAIT = 4 };

struct spin_lock_words {
	shared_u32 val;
	shared_u32 data;
};

static void begin(struct spin_lock_words *s)
{
	store_relaxed(&s->val, 1u);
	store_relaxed(&s->data, 0u);
}

/* Inside from the beginning. */
static force_inline bool change_and_unlock(struct spin_lock_words *s, unsigned int removed)
{
	store_relaxed(&s->data, 1u);
	if (removed & LOCK_A)
		store_relaxed(&s->val, 0u);
	else
		store_release(&s->val, 0u);
	return true;
}

static force_inline bool lock_and_look(struct spin_lock_words *s, unsigned int removed)
{
	uint32_t seen = 0;
	bool got = removed & LOCK_B ? try_cmpxchg_relaxed(&s->val, &seen, 1u) : try_cmpxchg_acquire(&s->val, &seen, 1u);

	return (got || (removed & NO_WAIT)) && !load_relaxed(&s->data);
}

LITMUS(spin_lock, begin, change_and_unlock, lock_and_look,
	.name = "spin-lock",
	.forbidden = "a holder that misses a write of the one before",
	.went_on = { "unlocked", "missed it" },
	.gave_up = { "", "saw it, or did not get the lock" },
	.parts = {
		{ "spin-lock:A", "stores become visible in order" },
		{ "spin-lock:B", "the exchange is a full barrier" },
		{ "no-wait", NULL },
	})
