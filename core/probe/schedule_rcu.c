/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schedule_rcu.c - grace periods of a schedule.
 *
 * Grace periods are numbered in the order of their requests. Number k is over when no section is open that began
 * before k was requested: the least that RCU guarantees, and so the most that its users may rely on.
 */
#include "core/probe/decision.h"
#include "core/probe/race.h"
#include "core/probe/schedule_turn.h"

#if FAULTLINE_CHECK
#include <pthread.h>

#include "core/base/assert.h"

#define MAX_QUEUED	(1u << 16)	/* callbacks, a power of two: a race queues some hundred */

struct queued {
	struct rcu_head *head;
	void (*fn)(struct rcu_head *head);
	uint64_t grace;			/* period it waits for */
};

/* Lock key: (A) atomic (O) the thread with the turn */
static struct {
	uint64_t asked;			/* (O) grace periods */
	uint64_t queued, ran;		/* (O) callbacks, ever */
	bool ending;			/* (O) no more will come */
	uint64_t readers, callbacks;	/* by name for decision.h and race.h: sections that ended, callbacks that ran */
	pthread_t thread;		/* (O) */
	struct queued queue[MAX_QUEUED];	/* (O) a ring */
} rcu;

static bool grace_over(uint64_t number)
{
	for (const struct turn *turn = turns; turn < turns + SCHEDULE_THREADS; turn++)
		if (turn->here && turn->sections && turn->section_began < number)
			return false;
	return true;
}

bool schedule_rcu_ready(const struct turn *turn)
{
	switch (turn->waits) {
	case TURN_GRACE:
		return grace_over(turn->number);
	case TURN_CALLBACKS:
		return rcu.ran >= turn->number;
	case TURN_WORK:
		return rcu.ran < rcu.queued ? grace_over(rcu.queue[rcu.ran % MAX_QUEUED].grace) : rcu.ending;
	default:
		return !turns[SCHEDULE_CALLBACKS].here;
	}
}

void schedule_read_lock(void)
{
	if (!my_turn->sections)
		decision_touch(&rcu.asked, DECISION_READS);
	if (my_turn->sections++)
		return;
	my_turn->section_began = rcu.asked;
	race_section_begins();
	schedule_detail(SCHEDULE_ENTERS, "", NULL, 0);
}

void schedule_read_unlock(void)
{
	if (my_turn->sections == 1)
		decision_touch(&rcu.readers, DECISION_ADDS);
	if (--my_turn->sections)
		return;
	race_section_ends(my_turn->section_began, rcu.asked);
	schedule_detail(SCHEDULE_EXITS, "", NULL, 0);
}

void schedule_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	if (rcu.queued - rcu.ran == MAX_QUEUED)
		BUG("more than %u RCU callbacks queued", MAX_QUEUED);
	decision_touch(&rcu.asked, DECISION_WRITES);
	decision_access(head, 1, DECISION_WRITES);
	race_grace_asked(rcu.asked + 1);
	schedule_detail(SCHEDULE_QUEUES, "", head, 0);
	rcu.queue[rcu.queued++ % MAX_QUEUED] = (struct queued){ head, fn, ++rcu.asked };
}

void schedule_synchronize_rcu(void)
{
	uint64_t number;

	decision_touch(&rcu.asked, DECISION_WRITES);
	number = ++rcu.asked;
	race_grace_asked(number);
	my_turn->number = number;
	turn_wait(TURN_GRACE, "a grace period");
	decision_touch(&rcu.readers, DECISION_READS);
	race_grace_over(number);
	schedule_detail(SCHEDULE_SYNCHRONIZED, "", NULL, 0);
}

void schedule_rcu_barrier(void)
{
	decision_touch(&rcu.asked, DECISION_READS);
	my_turn->number = rcu.queued;
	turn_wait(TURN_CALLBACKS, "RCU callbacks");
	decision_touch(&rcu.callbacks, DECISION_READS);
	race_acquire(&rcu.callbacks);
}

/* ---- the callbacks' thread: without a cpu, like liburcu's ---- */
static void *run_callbacks(void *unused)
{
	turn_take_part(&turns[SCHEDULE_CALLBACKS]);
	while (rcu.ran < rcu.queued || !rcu.ending) {
		if (schedule_rcu_ready(&(struct turn){ .waits = TURN_WORK })) {
			struct queued *next = &rcu.queue[rcu.ran % MAX_QUEUED];

			schedule_point("rcu.callback");
			decision_touch(&rcu.readers, DECISION_READS);
			decision_access(next->head, 1, DECISION_READS);
			race_grace_over(next->grace);
			schedule_detail(SCHEDULE_RUNS, "", next->head, 0);
			next->fn(next->head);
			decision_touch(&rcu.callbacks, DECISION_WRITES);
			race_release(&rcu.callbacks);
			rcu.ran++;
		} else {
			turn_wait(TURN_WORK, "callbacks to run");
		}
	}
	turn_leave();
	return unused;
}

int schedule_rcu_begin(void)
{
	struct turn *turn = &turns[SCHEDULE_CALLBACKS];

	rcu.asked = rcu.queued = rcu.ran = 0;
	rcu.ending = false;
	*turn = (struct turn){ .here = true, .waits = TURN_WORK, .what = "callbacks to run" };
	return -pthread_create(&rcu.thread, NULL, run_callbacks, NULL);
}

void schedule_rcu_end(void)
{
	rcu.ending = true;
	turn_wait(TURN_CALLBACKS_LEFT, "the last callbacks");
	pthread_join(rcu.thread, NULL);
}
#endif
