/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_wait.c - a waiter for a folio lock that is about to sleep against the unlock (folio_lock.c). The kernel's part is as in
 * spin_futex.c.
 */
#include "workloads/litmus/litmus.h"

#define LOCKED		1u
#define WAITERS		2u
#define OTHER		4u	/* a flag that is no part of the lock */

enum { WAIT_A = 1, WAIT_B = 2, MARK = 4, WAKE = 8 };

struct folio_wait_words {
	shared_u32 flags;
	shared_u32 sleeper;
};

static void begin(struct folio_wait_words *s)
{
	store_relaxed(&s->flags, LOCKED | OTHER);
	store_relaxed(&s->sleeper, 0u);
}

static force_inline bool sleeps(struct folio_wait_words *s, uint32_t expected)
{
	store_relaxed(&s->sleeper, 1u);
	smp_mb();
	return load_relaxed(&s->flags) == expected;
}

/* Left out, A marks what it saw before without looking again. True: sleeps. */
static force_inline bool lock(struct folio_wait_words *s, unsigned int left_out)
{
	uint32_t seen = load_relaxed(&s->flags);

	if (!(seen & LOCKED))
		return false;
	if (left_out & MARK)
		return sleeps(s, seen);
	if (left_out & WAIT_A)
		store_relaxed(&s->flags, seen | WAITERS);
	else if (!try_cmpxchg_acquire(&s->flags, &seen, seen | WAITERS))
		return false;		/* looks again */
	return sleeps(s, seen | WAITERS);
}

/* Left out, B looks for waiters before it lets go. True: woke nobody. */
static force_inline bool unlock(struct folio_wait_words *s, unsigned int left_out)
{
	uint32_t seen;

	if (left_out & WAIT_B) {
		seen = load_relaxed(&s->flags);
		(void)fetch_and_release(&s->flags, ~(LOCKED | WAITERS));
	} else {
		seen = fetch_and_release(&s->flags, ~(LOCKED | WAITERS));
	}
	if (!(seen & WAITERS) || left_out & WAKE)
		return true;
	smp_mb();
	return !load_relaxed(&s->sleeper);
}

LITMUS(folio_wait, begin, lock, unlock,
	.name = "folio-wait",
	.forbidden = "a sleeper nobody wakes",
	.went_on = { "sleeps", "woke nobody" },
	.gave_up = { "did not sleep", "woke the sleeper" },
	.parts = { { "folio-wait:A", NULL }, { "folio-wait:B", NULL }, { "mark", NULL }, { "wake-up", NULL } })
