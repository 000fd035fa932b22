/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decision.c - takes the decisions of a list, the default elsewhere, and logs what else could have been decided. */
#include "core/probe/decision.h"

#if FAULTLINE_EXPLORE
#include <string.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/probe/access.h"
#include "core/probe/schedule_turn.h"

#define WORD		8u	/* bytes */
#define PENDING_WORDS	2u	/* of an atomic access */
#define PATIENT_ROUNDS	2u	/* of a retry loop, before a thread yields */

#define EACH_BUT_MAIN	(~(1u << SCHEDULE_MAIN))

/* What a thread has announced, or was preempted at. */
struct pending {
	uintptr_t first, end;		/* bytes; none: no access was announced */
	enum decision_access access;
	uint32_t position, ready;	/* of the event */
};

/* Lock key: (O) the thread with the turn */
static struct {
	const struct decision_plan *plan;		/* (O) */
	unsigned int taken;				/* (O) decisions of the plan */
	uint32_t position;				/* (O) the latest */
	uint32_t asleep;				/* (O) a bit for each thread */
	bool yields;					/* (O) */
	struct pending pending[SCHEDULE_THREADS];	/* (O) of each thread */
} now;

static unsigned int number_of(const struct turn *turn)
{
	return (unsigned int)(turn - turns);
}

bool decisions_are_made(void)
{
	return now.plan;
}

void decision_begin(const struct decision_plan *plan)
{
	memset(&now, 0, sizeof(now));
	now.plan = plan;
	if (plan) {
		plan->log->nr_events = 0;
		plan->log->redundant = false;
	}
}

static void keep(struct decision_event event)
{
	struct decision_log *log = now.plan->log;

	if (log->nr_events < log->room)
		log->events[log->nr_events] = event;
	log->nr_events++;
}

/* ---- decisions ---- */
static uint32_t ready_threads(void)
{
	uint32_t ready = 0;

	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		if (turns[i].here && turn_ready(&turns[i]))
			ready |= 1u << i;
	return ready;
}

static bool decided(unsigned int *next)
{
	const struct decision_plan *plan = now.plan;

	if (now.taken == plan->nr || plan->decisions[now.taken].position != now.position)
		return false;
	*next = plan->decisions[now.taken++].thread;
	return true;
}

static void __attribute__((noreturn)) be_redundant(void)
{
	now.plan->log->redundant = true;
	_exit(0);
}

/* The first of @ready at or after @from, in turn. */
static unsigned int in_turn(uint32_t ready, unsigned int from)
{
	uint32_t later = from < SCHEDULE_THREADS ? ready >> from << from : 0;

	return (unsigned int)__builtin_ctz(later ? later : ready);
}

/* A choice among @ready, none of which is the thread @me, or none of which it can be. */
static unsigned int choose(unsigned int me, uint32_t ready, enum decision_kind kind)
{
	uint32_t awake = ready & ~now.asleep;
	unsigned int next;

	if (!awake)
		be_redundant();
	next = in_turn(awake, kind == DECISION_YIELDS ? me + 1 : 0);
	now.position++;
	if (decided(&next) && !(awake >> next & 1))
		BUG("decision %u:%u: that thread cannot run there", now.position, next);
	keep((struct decision_event){ .position = now.position, .ready = awake, .kind = (uint8_t)kind,
				      .thread = (uint8_t)me, .next = (uint8_t)next });
	return next;
}

/* The running thread is about to make an access. */
static unsigned int preempt(unsigned int me, uint32_t ready)
{
	struct pending *pending = &now.pending[me];
	unsigned int next = me;

	pending->position = ++now.position;
	pending->ready = ready & ~now.asleep;
	if (!decided(&next))
		return me;
	if (!(pending->ready >> next & 1))
		BUG("decision %u:%u: that thread cannot run there", now.position, next);
	keep((struct decision_event){ .position = now.position, .ready = pending->ready, .kind = DECISION_PREEMPTED,
				      .thread = (uint8_t)me, .next = (uint8_t)next });
	pending->position = 0;
	if (!now.plan->every)
		now.asleep |= 1u << me;
	return next;
}

struct turn *decision_next(struct turn *turn)
{
	unsigned int me = number_of(turn), next = me;
	bool goes_on = turn->here && turn->waits == TURN_READY;
	uint32_t ready;

	if (goes_on && !now.yields && !now.pending[me].end)
		return turn;
	ready = ready_threads() & ~(goes_on ? 1u << me : 0u);
	if (!(ready & EACH_BUT_MAIN))
		next = goes_on ? me : ready ? SCHEDULE_MAIN : SCHEDULE_THREADS;
	else if (!goes_on)
		next = choose(me, ready & EACH_BUT_MAIN, DECISION_FREE);
	else if (now.yields)
		next = choose(me, ready & EACH_BUT_MAIN, DECISION_YIELDS);
	else
		next = preempt(me, ready & EACH_BUT_MAIN);
	now.yields = false;
	return next < SCHEDULE_THREADS ? &turns[next] : NULL;
}

void decision_yields(void)
{
	now.yields = now.plan;
}

/* ---- accesses ---- */
void decision_announce(const volatile void *address, size_t size, enum decision_access access, bool atomic)
{
	struct pending *pending;

	if (!now.plan || !my_turn)
		return;
	pending = &now.pending[number_of(my_turn)];
	*pending = (struct pending){ .access = access };
	if (atomic || now.plan->every) {
		pending->first = (uintptr_t)address;
		pending->end = (uintptr_t)address + size;
	}
}

static void wake_up(uintptr_t first, uintptr_t end, enum decision_access access)
{
	for (uint32_t left = now.asleep; left; left &= left - 1) {
		const struct pending *pending = &now.pending[__builtin_ctz(left)];

		if (pending->first < end && first < pending->end && decision_conflict(pending->access, access))
			now.asleep &= ~(left & -left);
	}
}

void decision_access(const void *address, size_t size, enum decision_access access)
{
	uintptr_t first = (uintptr_t)address, end = first + size;
	struct pending *pending;
	unsigned int me;

	if (!now.plan || !my_turn)
		return;
	me = number_of(my_turn);
	pending = &now.pending[me];
	if (now.asleep)
		wake_up(first, end, access);
	for (uintptr_t at = first; at < end; at = (at / WORD + 1) * WORD) {
		uintptr_t last = min(end, (at / WORD + 1) * WORD);

		keep((struct decision_event){
			.word = at / WORD, .position = pending->position, .ready = pending->ready,
			.kind = DECISION_ACCESS, .thread = (uint8_t)me, .access = (uint8_t)access,
			.bytes = (uint8_t)(((1u << (last - at)) - 1) << at % WORD),
		});
		pending->position = 0;
	}
	pending->end = 0;
}

void decision_touch(const void *object, enum decision_access access)
{
	if (!now.plan || !my_turn || access_quiet)
		return;
	decision_announce(object, 1, access, true);
	if (schedule_access_point())
		decision_access(object, 1, access);
}

void decision_retries(unsigned int round)
{
	if (round > PATIENT_ROUNDS && now.plan && my_turn)
		schedule_yield();
}
#endif
