/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spin_futex.c - a waiter that is about to sleep against the unlock (spinlock.c). The kernel's part follows
 * futex_wait(): the sleeper queues, then re-reads the word; the waker checks for sleepers after its change of the word,
 * with a full barrier each.
 */
#include "workloads/lib/litmus.h"

#define HELD		1u
#define WAITED		2u

enum { FUTEX_A = 1, FUTEX_B = 2, MARK = 4, WAKE = 8 };

struct spin_futex_words {
	shared_u32 val;
	shared_u32 sleeper;
};

static void begin(struct spin_futex_words *s)
{
	store_relaxed(&s->val, HELD);
	store_relaxed(&s->sleeper, 0u);
}

static force_inline bool sleeps(struct spin_futex_words *s, uint32_t expected)
{
	store_relaxed(&s->sleeper, 1u);
	smp_mb();
	return load_relaxed(&s->val) == expected;
}

/* Removed, A is a load and a store in place of the one exchange. True: sleeps. */
static force_inline bool lock(struct spin_futex_words *s, unsigned int removed)
{
	uint32_t mark = removed & MARK ? HELD : WAITED, seen;

	if (removed & FUTEX_A) {
		seen = load_acquire(&s->val);
		store_relaxed(&s->val, mark);
	} else {
		seen = xchg_acquire(&s->val, mark);
	}
	return seen && sleeps(s, mark);
}

/* Removed, B is a load and a store. True: woke no waiter. */
static force_inline bool unlock(struct spin_futex_words *s, unsigned int removed)
{
	uint32_t seen;

	if (removed & FUTEX_B) {
		seen = load_relaxed(&s->val);
		store_release(&s->val, 0u);
	} else {
		seen = xchg_release(&s->val, 0u);
	}
	if (seen != WAITED || removed & WAKE)
		return true;
	smp_mb();
	return !load_relaxed(&s->sleeper);
}

LITMUS(spin_futex, begin, lock, unlock,
	.name = "spin-futex",
	.forbidden = "a sleeper without a wake-up",
	.went_on = { "sleeps", "woke no waiter" },
	.gave_up = { "did not sleep", "woke the sleeper" },
	.parts = { { "spin-futex:A", NULL }, { "spin-futex:B", NULL }, { "mark", NULL }, { "wake-up", NULL } })
