/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schedule_futex.c - waits of a schedule for a word, and wake-ups: one for one, in the order of the waits. A
 * wake-up happens before the return from the wait, as in Linux; and a thread that finds another value than the expected
 * one never loads an older one.
 */
#include "core/probe/schedule_turn.h"

#if FAULTLINE_CHECK
#include "core/probe/decision.h"
#include "core/probe/race.h"

/* Lock key: (O) the thread with the turn */
static uint64_t sleepers;	/* (O) that ever slept on a futex */

void schedule_await(const void *word, uint32_t seen, const char *what)
{
	my_turn->word = word;
	my_turn->seen = seen;
	turn_wait(TURN_WORD, what);
}

void schedule_futex_wait(uint32_t *word, uint32_t value)
{
	decision_touch(word, DECISION_WRITES);
	race_read(word);
	if (load_relaxed(word) != value)
		return;
	my_turn->word = word;
	my_turn->number = sleepers++;
	turn_wait(TURN_WAKE, "a wake-up");
	decision_access(word, 1, DECISION_READS);
	race_acquire(word);
}

static struct turn *first_sleeper(const uint32_t *word)
{
	struct turn *first = NULL;

	for (struct turn *turn = turns; turn < turns + SCHEDULE_THREADS; turn++)
		if (turn->here && turn->waits == TURN_WAKE && turn->word == word &&
		    (!first || turn->number < first->number))
			first = turn;
	return first;
}

void schedule_futex_wake(uint32_t *word, unsigned int nr)
{
	struct turn *turn;

	decision_touch(word, DECISION_WRITES);
	while (nr-- && (turn = first_sleeper(word))) {
		turn->waits = TURN_READY;
		race_release(word);
		schedule_detail(SCHEDULE_WAKES, "", word, (uint64_t)(turn - turns));
	}
}
#endif
