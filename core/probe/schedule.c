/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schedule.c - passes the turn from thread to thread.
 *
 * Only the thread with the turn uses anything here but `go`. Passing the turn orders both threads' accesses;
 * ThreadSanitizer does not see that (this file is compiled without it), or one thread at a time would look like
 * correct locking everywhere.
 */
#include "core/probe/schedule.h"

#include "core/base/rng.h"

#if FAULTLINE_CHECK
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/futex.h"
#include "core/probe/decision.h"
#include "core/probe/race.h"
#include "core/probe/schedule_turn.h"

/* A thread with so many steps in a row, while others are ready, is taken for a polling loop. */
#define STEPS_IN_A_ROW	2000u
/* With so many places two threads hardly get the same one; if they do, the first of them runs. */
#define WANDER_PLACES	(1u << 30)

bool schedule_on;
_Thread_local bool schedule_takes_part;
struct turn turns[SCHEDULE_THREADS];
_Thread_local struct turn *my_turn;

/* Lock key: (A) atomic (O) the thread with the turn */
static struct {
	struct schedule_plan plan;			/* (O) */
	struct schedule_log unread;			/* (O) the log of callers without one */
	struct schedule_log *log;			/* (O) */
	bool held[SCHEDULE_HOLDS], over[SCHEDULE_HOLDS]; /* (O) has begun; has ended */
	bool racing;					/* (O) */
	uint32_t in_a_row;				/* (O) steps since the last switch */
	int lowest;					/* (O) priority given to the last that yielded */
	uint32_t came;					/* (A) workers */
	uint32_t left;					/* (O) workers */
	uint32_t workers;				/* (O) */
} now;

static unsigned int number_of(const struct turn *turn)
{
	return (unsigned int)(turn - turns);
}

/* Returns the event that is kept, or NULL. */
static struct schedule_event *keep(struct schedule_event event)
{
	const struct turn *turn = &turns[event.thread];
	struct schedule_log *log = now.log;

	if (!now.racing)
		return NULL;
	event.step = turn->step_of_all;
	event.op = turn->op;
	event.op_step = turn->step;
	if (log->nr_events++ >= log->room)
		return NULL;
	log->events[log->nr_events - 1] = event;
	return &log->events[log->nr_events - 1];
}

static void value_of_write(void)
{
	if (my_turn->written)
		memcpy(&my_turn->written->value, my_turn->written->address, my_turn->written->size);
	my_turn->written = NULL;
}

void schedule_note(const void *where, unsigned int thread, enum schedule_event_kind kind)
{
	keep((struct schedule_event){ .where = where, .thread = (uint8_t)thread, .kind = (uint8_t)kind });
}

static void note(const void *where, enum schedule_event_kind kind)
{
	schedule_note(where, number_of(my_turn), kind);
}

void schedule_detail(enum schedule_event_kind kind, const char *where, const void *address, uint64_t value)
{
	if (now.log->details)
		keep((struct schedule_event){
			.where = where, .address = address, .value = value, .thread = (uint8_t)number_of(my_turn),
			.kind = (uint8_t)kind,
		});
}

/* ---- choosing the next thread ---- */
static bool hold_over(unsigned int i)
{
	return now.over[i] || !turns[now.plan.holds[i].other].here;
}

bool turn_ready(const struct turn *turn)
{
	switch (turn->waits) {
	case TURN_READY:
		return true;
	case TURN_WORD:
		return load_acquire((const uint32_t *)turn->word) != turn->seen;
	case TURN_WAKE:
		return false;
	case TURN_HOLD:
		return hold_over((unsigned int)turn->number);
	case TURN_WORKERS:
		return now.left == now.workers;
	default:
		return schedule_rcu_ready(turn);
	}
}

static struct turn *highest_ready(void)
{
	struct turn *best = NULL;

	for (struct turn *turn = turns; turn < turns + SCHEDULE_THREADS; turn++)
		if (turn->here && (!best || turn->priority > best->priority) && turn_ready(turn))
			best = turn;
	return best;
}

static struct turn *next_turn(struct turn *turn)
{
	return decisions_are_made() ? decision_next(turn) : highest_ready();
}

static void __cold nobody_is_ready(void)
{
	char text[400] = "";

	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		if (turns[i].here && turns[i].waits != TURN_WORK && turns[i].waits != TURN_WORKERS)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %u waits for %s",
				 text[0] ? "; " : "", i < SCHEDULE_WORKERS ? "worker" : "thread", i, turns[i].what);
	BUG_BY("deadlock", "deadlock: %s", text);
}

static void give_turn(struct turn *next)
{
	store_release(&next->go, 1u);
	kernel_futex_wake(&next->go, 1);
}

static void await_turn(struct turn *me)
{
	while (!load_acquire(&me->go))
		kernel_futex_wait(&me->go, 0);
	store_relaxed(&me->go, 0u);
}

/* Passes the turn to the next thread; returns when the calling thread has it. */
static void reschedule(void)
{
	struct turn *next = next_turn(my_turn);

	value_of_write();
	if (!next)
		nobody_is_ready();
	if (next == my_turn)
		return;
	now.in_a_row = 0;
	now.log->switches++;
	give_turn(next);
	await_turn(my_turn);
}

void turn_wait(enum turn_wait wait, const char *what)
{
	my_turn->waits = wait;
	my_turn->what = what;
	if (decisions_are_made() && turn_ready(my_turn)) {
		my_turn->waits = TURN_READY;
		return;
	}
	note(what, SCHEDULE_WAITS);
	reschedule();
	my_turn->waits = TURN_READY;
}

/* ---- steps ---- */

/* Returns whether this step is one of the plan's changes. */
static bool change_here(void)
{
	for (unsigned int i = 0; i < now.plan.nr_changes; i++) {
		const struct schedule_change *change = &now.plan.changes[i];

		if (change->thread == SCHEDULE_ANY ? change->step != now.log->steps :
		    change->thread != number_of(my_turn) || change->op != my_turn->op || change->step != my_turn->step)
			continue;
		my_turn->priority = (int)i + 1;
		return true;
	}
	return false;
}

/* Depends on the thread, its op and its step there alone, not on what other threads do. */
static struct rng rng_of_step(uint64_t purpose)
{
	struct rng rng;

	rng_init(&rng, now.plan.seed ^ purpose);
	rng_init(&rng, rng_next(&rng) + ((uint64_t)number_of(my_turn) << 56) + ((uint64_t)my_turn->op << 32) +
		 my_turn->step);
	return rng;
}

uint64_t schedule_random(void)
{
	struct rng rng = rng_of_step(1ull << 63);

	return rng_next(&rng);
}

static bool wander_here(void)
{
	struct rng rng = rng_of_step(0);

	if (!now.plan.wander)
		return false;
	if (rng_below(&rng, now.plan.wander))
		return false;
	my_turn->priority = SCHEDULE_CHANGES + 1 + (int)rng_below(&rng, WANDER_PLACES);
	return true;
}

static void hold_here(const char *where)
{
	unsigned int me = number_of(my_turn);

	for (unsigned int i = 0; i < now.plan.nr_holds; i++)
		if (now.plan.holds[i].other == me && now.plan.holds[i].until && !strcmp(now.plan.holds[i].until, where))
			now.over[i] = true;
	for (unsigned int i = 0; i < now.plan.nr_holds; i++) {
		const struct schedule_hold *hold = &now.plan.holds[i];

		if (hold->thread != me || now.held[i] || strcmp(hold->at, where))
			continue;
		now.held[i] = true;
		my_turn->number = i;
		turn_wait(TURN_HOLD, hold->until ? hold->until : "another thread's end");
	}
}

static void become_last(void)
{
	my_turn->priority = --now.lowest;
	now.in_a_row = 0;
	decision_yields();
}

static void step_begins(void)
{
	my_turn->step_of_all = ++now.log->steps;
	my_turn->step++;
	if (now.plan.max_steps && now.log->steps > now.plan.max_steps)
		BUG_BY("circles", "no end after %u steps", now.plan.max_steps);
}

static void change_priority(const char *where)
{
	if (change_here() || wander_here())
		note(where, SCHEDULE_CHANGED);
	if (++now.in_a_row > STEPS_IN_A_ROW && !decisions_are_made()) {
		become_last();
		note(where, SCHEDULE_YIELDED);
	}
}

static void step(const char *where, enum schedule_event_kind kind)
{
	if (!now.racing)
		return;
	step_begins();
	note(where, kind);
	change_priority(where);
	hold_here(where);
	reschedule();
}

bool schedule_access_point(void)
{
	if (!now.racing)
		return false;
	step_begins();
	change_priority("");
	reschedule();
	return true;
}

void schedule_access(const struct schedule_event *access)
{
	struct schedule_event event = *access;

	decision_access(event.address, event.size, event.kind == SCHEDULE_READS ? DECISION_READS : DECISION_WRITES);
	event.thread = (uint8_t)number_of(my_turn);
	if (event.kind == SCHEDULE_WRITES && event.order == SCHEDULE_PLAIN && event.size <= sizeof(event.value))
		my_turn->written = keep(event);
	else
		keep(event);
}

void schedule_point(const char *where)
{
	step(where, SCHEDULE_PASSED);
}

void schedule_begins(const char *operation, uint32_t op)
{
	my_turn->op = op;
	my_turn->step = 0;
	step(operation, SCHEDULE_BEGINS);
}

void schedule_yield(void)
{
	become_last();
	note("", SCHEDULE_YIELDED);
	reschedule();
}

/* ---- participating threads ---- */
void turn_take_part(struct turn *turn)
{
	my_turn = turn;
	schedule_takes_part = true;
	await_turn(turn);
	turn->waits = TURN_READY;
}

void turn_leave(void)
{
	struct turn *turn = my_turn, *next;

	value_of_write();
	note("", SCHEDULE_LEFT);
	turn->here = false;
	my_turn = NULL;
	schedule_takes_part = false;
	next = next_turn(turn);
	if (!next)
		nobody_is_ready();
	now.in_a_row = 0;
	give_turn(next);
}

void schedule_join(unsigned int worker)
{
	BUG_ON(worker >= SCHEDULE_WORKERS);
	fetch_add_release(&now.came, 1u);
	kernel_futex_wake(&now.came, 1);
	turn_take_part(&turns[worker]);
}

void schedule_leave(void)
{
	now.left++;
	turn_leave();
}

int schedule_begin(const struct schedule_plan *plan)
{
	struct turn *turn = &turns[SCHEDULE_MAIN];
	int error;

	BUG_ON(schedule_on || plan->nr_changes > SCHEDULE_CHANGES || plan->nr_holds > SCHEDULE_HOLDS);
	memset(&now, 0, sizeof(now));
	memset(turns, 0, sizeof(turns));
	now.plan = *plan;
	now.log = plan->log ? plan->log : &now.unread;
	now.log->steps = now.log->switches = now.log->nr_events = 0;
	*turn = (struct turn){ .here = true, .priority = INT_MAX };
	my_turn = turn;
	schedule_takes_part = true;
	schedule_on = true;
	error = schedule_rcu_begin();
	if (error)
		schedule_on = schedule_takes_part = false;
	return error;
}

/*
 * Above the priorities that changes and yields give: a shuffle of the workers' and the callbacks' places, in the middle
 * of those that wandering gives, so that each may be overtaken.
 */
static void draw_priorities(unsigned int workers)
{
	struct turn *order[SCHEDULE_WORKERS + 1];
	struct rng rng;

	rng_init(&rng, now.plan.seed);
	for (unsigned int i = 0; i <= workers; i++) {
		unsigned int place = (unsigned int)rng_below(&rng, i + 1);

		order[i] = order[place];
		order[place] = &turns[i < workers ? i : SCHEDULE_CALLBACKS];
	}
	for (unsigned int i = 0; i <= workers; i++)
		order[i]->priority = SCHEDULE_CHANGES + 1 + (int)((i + 1) * (WANDER_PLACES / (workers + 2)));
}

void schedule_race(unsigned int workers)
{
	uint32_t came;

	BUG_ON(workers > SCHEDULE_WORKERS || my_turn != &turns[SCHEDULE_MAIN]);
	while ((came = load_acquire(&now.came)) < workers)
		kernel_futex_wait(&now.came, came);
	store_relaxed(&now.came, 0u);
	for (unsigned int i = 0; i < workers; i++)
		turns[i].here = true;
	draw_priorities(workers);
	now.workers = workers;
	now.left = 0;
	my_turn->waits = TURN_WORKERS;
	race_begins(now.plan.memory);
	decision_begin(now.plan.decisions);
	now.racing = true;
	reschedule();
	now.racing = false;
	decision_begin(NULL);
	race_ends();
	my_turn->waits = TURN_READY;
}

void schedule_end(void)
{
	BUG_ON(my_turn != &turns[SCHEDULE_MAIN]);
	schedule_rcu_end();
	my_turn = NULL;
	schedule_takes_part = false;
	schedule_on = false;
}
#endif
