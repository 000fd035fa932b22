/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rwsem_wait.c - a waiter that queues against the writer that lets go (rwsem.c): each changes the count and learns of the other by it.
 * A wake-up that is sent is kept, by a word of the waiter's own.
 */
#include "workloads/litmus/litmus.h"

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

/* Left out, A looks at the lock before it shows. True: parks. */
static force_inline bool queue(struct rwsem_wait_words *s, unsigned int left_out)
{
	uint32_t seen = WRITER;

	if (left_out & WAIT_A)
		seen = load_relaxed(&s->count);
	(void)fetch_or_relaxed(&s->count, WAITERS);
	if (!(left_out & (WAIT_A | LOOK)))
		seen = load_relaxed(&s->count);
	return seen & WRITER;
}

/* Left out, B looks for waiters before it lets go. True: wakes nobody. */
static force_inline bool up_write_side(struct rwsem_wait_words *s, unsigned int left_out)
{
	uint32_t seen;

	if (left_out & WAIT_B) {
		seen = load_relaxed(&s->count);
		(void)fetch_sub_release(&s->count, WRITER);
	} else {
		seen = fetch_sub_release(&s->count, WRITER);
	}
	if (!(seen & WAITERS) || left_out & WAKE)
		return true;
	store_release(&s->woken, 1u);
	return false;
}

LITMUS(rwsem_wait, begin, queue, up_write_side,
	.name = "rwsem-wait",
	.forbidden = "a sleeper nobody wakes",
	.went_on = { "parks", "wakes nobody" },
	.gave_up = { "does not park", "wakes the waiter" },
	.parts = { { "rwsem-wait:A", NULL }, { "rwsem-wait:B", NULL }, { "look", NULL }, { "wake-up", NULL } })
