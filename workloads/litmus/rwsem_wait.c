/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rwsem_wait.c - a waiter that queues against the writer that unlocks (rwsem.c): each changes the count and detects the
 * other by it. A wake-up that is sent is kept, by a word of the waiter's own.
 */
#include "workloads/lib/litmus.h"

#define WRITER		1u
#define WAITERS		2u

enum { WAIT_A = 1, WAIT_B = 2, LOOK = 4, WAKE = 8 };

struct rwsem_wait_words {
	shared_u32 count;
	shared_u32 woken;
};

static void begin(struct rwsem_wait_words *s)
{
	store_relaxed(&s->count, WRITER);
	store_relaxed(&s->woken, 0u);
}

/* Removed, A checks the lock before it is visible as a waiter. True: parks. */
static force_inline bool queue(struct rwsem_wait_words *s, unsigned int removed)
{
	uint32_t seen = WRITER;

	if (removed & WAIT_A)
		seen = load_relaxed(&s->count);
	(void)fetch_or_relaxed(&s->count, WAITERS);
	if (!(removed & (WAIT_A | LOOK)))
		seen = load_relaxed(&s->count);
	return seen & WRITER;
}

/* Removed, B checks for waiters before it unlocks. True: wakes no waiter. */
static force_inline bool up_write_side(struct rwsem_wait_words *s, unsigned int removed)
{
	uint32_t seen;

	if (removed & WAIT_B) {
		seen = load_relaxed(&s->count);
		(void)fetch_sub_release(&s->count, WRITER);
	} else {
		seen = fetch_sub_release(&s->count, WRITER);
	}
	if (!(seen & WAITERS) || removed & WAKE)
		return true;
	store_release(&s->woken, 1u);
	return false;
}

LITMUS(rwsem_wait, begin, queue, up_write_side,
	.name = "rwsem-wait",
	.forbidden = "a sleeper without a wake-up",
	.went_on = { "parks", "wakes no waiter" },
	.gave_up = { "does not park", "wakes the waiter" },
	.parts = { { "rwsem-wait:A", NULL }, { "rwsem-wait:B", NULL }, { "look", NULL }, { "wake-up", NULL } })
