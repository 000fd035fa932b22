/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_wait.c - a waiter for a folio lock that is about to sleep against the unlock (folio_lock.c). The kernel's part
 * is as in spin_futex.c.
 */
#include "workloads/lib/litmus.h"

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

/* Removed, A sets the mark without a re-check of what it read. True: sleeps. */
static force_inline bool lock(struct folio_wait_words *s, unsigned int removed)
{
	uint32_t seen = load_relaxed(&s->flags);

	if (!(seen & LOCKED))
		return false;
	if (removed & MARK)
		return sleeps(s, seen);
	if (removed & WAIT_A)
		store_relaxed(&s->flags, seen | WAITERS);
	else if (!try_cmpxchg_acquire(&s->flags, &seen, seen | WAITERS))
		return false;		/* re-checks */
	return sleeps(s, seen | WAITERS);
}

/* Removed, B checks for waiters before it unlocks. True: woke no waiter. */
static force_inline bool unlock(struct folio_wait_words *s, unsigned int removed)
{
	uint32_t seen;

	if (removed & WAIT_B) {
		seen = load_relaxed(&s->flags);
		(void)fetch_and_release(&s->flags, ~(LOCKED | WAITERS));
	} else {
		seen = fetch_and_release(&s->flags, ~(LOCKED | WAITERS));
	}
	if (!(seen & WAITERS) || removed & WAKE)
		return true;
	smp_mb();
	return !load_relaxed(&s->sleeper);
}

LITMUS(folio_wait, begin, lock, unlock,
	.name = "folio-wait",
	.forbidden = "a sleeper without a wake-up",
	.went_on = { "sleeps", "woke no waiter" },
	.gave_up = { "did not sleep", "woke the sleeper" },
	.parts = { { "folio-wait:A", NULL }, { "folio-wait:B", NULL }, { "mark", NULL }, { "wake-up", NULL } })
