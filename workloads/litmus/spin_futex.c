/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spin_futex.c - a waiter that is about to sleep against the unlock (spinlock.c). The kernel's part is as futex_wait() has it: who
 * sleeps shows, then the word is looked at; the wake-up looks for sleepers after the word was changed, with a full barrier each.
 */
#include "workloads/litmus/litmus.h"

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

/* Left out, A is a load and a store in place of the one exchange. True: sleeps. */
static force_inline bool lock(struct spin_futex_words *s, unsigned int left_out)
{
	uint32_t mark = left_out & MARK ? HELD : WAITED, seen;

	if (left_out & FUTEX_A) {
		seen = load_acquire(&s->val);
		store_relaxed(&s->val, mark);
	} else {
		seen = xchg_acquire(&s->val, mark);
	}
	return seen && sleeps(s, mark);
}

/* Left out, B is a load and a store. True: woke nobody. */
static force_inline bool unlock(struct spin_futex_words *s, unsigned int left_out)
{
	uint32_t seen;

	if (left_out & FUTEX_B) {
		seen = load_relaxed(&s->val);
		store_release(&s->val, 0u);
	} else {
		seen = xchg_release(&s->val, 0u);
	}
	if (seen != WAITED || left_out & WAKE)
		return true;
	smp_mb();
	return !load_relaxed(&s->sleeper);
}

LITMUS(spin_futex, begin, lock, unlock,
	.name = "spin-futex",
	.forbidden = "a sleeper nobody wakes",
	.went_on = { "sleeps", "woke nobody" },
	.gave_up = { "did not sleep", "woke the sleeper" },
	.parts = { { "spin-futex:A", NULL }, { "spin-futex:B", NULL }, { "mark", NULL }, { "wake-up", NULL } })
