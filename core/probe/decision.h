/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decision.h - in explore builds, every switch of a race as a decision, for a search that takes all of them.
 *
 * A thread runs until it waits, ends or yields, unless a decision preempts it. Decisions have positions, counted from
 * the begin of the race: before each atomic access, and each operation of read-copy update or an allocator; and where a
 * thread waits, ends or yields. A list of those that differ from the default repeats an execution. The default at a
 * wait or end is the first thread that is ready, workers before callbacks; at a yield the next one in turn. Main runs
 * when no other thread can.
 *
 * A preempted thread sleeps until another thread's access conflicts with the one that it was about to make: if it went
 * on before, it could as well have made that access before the switch, without one more preemption. An execution that
 * would wake it up is redundant, and ends there. (Sleep sets, Godefroid 1996; of preempted threads alone, so that a
 * bound on preemptions loses nothing.)
 *
 * Accesses that are not atomic are no positions: they are ordered by others, or are a data race, which race.h reports
 * in each order. Nor is what malloc() returns.
 */
#ifndef FAULTLINE_CORE_PROBE_DECISION_H
#define FAULTLINE_CORE_PROBE_DECISION_H

#include "core/base/compiler.h"

/* How an access depends on others of its bytes: reads on all but reads, additions on all but additions. */
enum decision_access { DECISION_READS, DECISION_ADDS, DECISION_WRITES };

enum decision_kind {
	DECISION_ACCESS,	/* an access happened; at its position, another thread could have run before */
	DECISION_PREEMPTED,	/* one did */
	DECISION_FREE,		/* the thread waits or ends */
	DECISION_YIELDS,
};

struct decision_event {
	uintptr_t word;			/* of an access: address / 8 */
	uint32_t position;		/* from 1; 0: no decision */
	uint32_t ready;			/* a bit for each thread that may run now, other than sleepers and @thread */
	uint8_t kind, thread;
	uint8_t next;			/* runs now, except after DECISION_ACCESS */
	uint8_t access, bytes;		/* which bytes of the word, a bit for each */
};

/* What happened in one execution. */
struct decision_log {
	bool redundant;			/* it ended early */
	uint32_t nr_events;		/* total */
	uint32_t room;			/* capacity: later events are dropped */
	struct decision_event *events;
};

/* At @position, @thread runs. */
struct decision {
	uint32_t position;
	uint8_t thread;
};

struct decision_plan {
	const struct decision *decisions;	/* by position */
	unsigned int nr;
	bool every;			/* each access has a position, and no thread sleeps: slow, to compare with */
	struct decision_log *log;
};

/* Two accesses, to bytes that they share, do not commute. */
static inline bool decision_conflict(unsigned int one, unsigned int other)
{
	return one != other || one == DECISION_WRITES;
}

/* ---- accesses of the calling thread ---- */
#if FAULTLINE_EXPLORE
/* It is about to make one: a position, if it is atomic. */
void decision_announce(const volatile void *address, size_t size, enum decision_access access, bool atomic);
/* It makes one. */
void decision_access(const void *address, size_t size, enum decision_access access);
/* Both, in code that is not instrumented. Locking: no mutex of the C library. */
void decision_touch(const void *object, enum decision_access access);
/* It goes round a retry loop, for the @round-th time: others are to end it. */
void decision_retries(unsigned int round);
#else
static inline void decision_access(const void *address, size_t size, enum decision_access access)
{
	(void)address, (void)size, (void)access;
}

static inline void decision_touch(const void *object, enum decision_access access) { (void)object, (void)access; }
static inline void decision_retries(unsigned int round) { (void)round; }
#endif

#endif
