/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schedule.h - runs one thread at a time; a plan decides every switch, so that a run can be repeated.
 *
 * Probabilistic concurrency testing (Burckhardt and others, ASPLOS 2010): every thread has a priority, drawn from a
 * seed, and the runnable thread with the highest one runs. At a few steps, also drawn, the running thread gets the
 * lowest priority. A bug that needs d such orders shows with probability 1 / (threads * steps^(d-1)) in each run,
 * however rare it is otherwise.
 *
 * Such schedules have few switches. Others wander: now and then the running thread gets a random priority.
 *
 * A step is a sync point, or an attempt to take a lock. A thread runs undisturbed between two steps: bugs within them
 * (the memory order of one access) are for models and litmus tests. A waiting thread is skipped until its condition
 * holds; if all wait, that is a deadlock, and reported. Wake-ups are the futexes', one for one, so that a lost one
 * leaves its sleeper asleep. A grace period ends as soon as each section that was open has ended; callbacks have a
 * thread of their own, with a priority. Time and addresses have no influence.
 *
 *   schedule_begin()                   the calling thread becomes main, alone with the callbacks
 *     schedule_race(n)                 main waits for n workers, which it has started, to come, race and leave:
 *         schedule_join() … schedule_leave()
 *   schedule_end()                     runs callbacks that are still queued; threads run freely again
 *
 * Empty in builds without FAULTLINE_CHECK; else one branch in each place while no schedule is active.
 */
#ifndef FAULTLINE_CORE_PROBE_SCHEDULE_H
#define FAULTLINE_CORE_PROBE_SCHEDULE_H

#include <errno.h>
#include <sched.h>

#include "core/base/atomic.h"

#define SCHEDULE_WORKERS	30	/* at most */
#define SCHEDULE_CALLBACKS	SCHEDULE_WORKERS	/* the number of the thread that runs RCU callbacks */
#define SCHEDULE_MAIN		(SCHEDULE_WORKERS + 1)	/* the number of the thread that called schedule_begin() */
#define SCHEDULE_THREADS	(SCHEDULE_WORKERS + 2)
#define SCHEDULE_CHANGES	16	/* at most */
#define SCHEDULE_HOLDS		4

enum schedule_event_kind {
	SCHEDULE_BEGINS,		/* a step: an operation of the thread's own begins */
	SCHEDULE_PASSED,		/* a step */
	SCHEDULE_READS,			/* a step of explore builds, as the next two */
	SCHEDULE_WRITES,
	SCHEDULE_UPDATES,
	SCHEDULE_RACES,			/* an earlier access, with which the step before this races */
	SCHEDULE_CHANGED,		/* a step, at which the thread got the lowest priority */
	SCHEDULE_YIELDED,		/* got the lowest priority: it polls, or ran for long */
	SCHEDULE_WAITS,
	SCHEDULE_LEFT,
	/* Details: no steps, and kept on demand only. */
	SCHEDULE_LOCKS,			/* has taken the lock at @address; @value: enum held_mode */
	SCHEDULE_UNLOCKS,		/* is about to release it */
	SCHEDULE_ENTERS,		/* an RCU read section */
	SCHEDULE_EXITS,
	SCHEDULE_QUEUES,		/* the callback at @address */
	SCHEDULE_RUNS,			/* it, a grace period later */
	SCHEDULE_SYNCHRONIZED,		/* a grace period is over */
	SCHEDULE_WAKES,			/* thread @value, which slept on the word at @address */
};

#define SCHEDULE_PLAIN	UINT8_MAX	/* the order of accesses that are not atomic */

/* One event of one thread in a race. Accesses are in the order in which they happened. */
struct schedule_event {
	union {
		const char *where;	/* a sync point, a lock, or the awaited event */
		const void *pc;		/* of accesses: the instruction, as are all of the next four */
	};
	const void *address;
	uint64_t value;			/* read or written; 0 if larger than 8 bytes */
	uint32_t size;			/* bytes */
	uint8_t order;			/* of C11, as __ATOMIC_ACQUIRE; SCHEDULE_PLAIN */
	uint8_t thread, kind;
	uint32_t step;			/* of all threads: when the event's thread was about to take it */
	uint32_t op, op_step;		/* the thread's operation, and its steps there so far */
};

/* The events of races. */
struct schedule_log {
	uint32_t steps, switches;	/* of the running thread */
	uint32_t nr_events;		/* total */
	uint32_t room;			/* capacity: later events are dropped */
	bool details;			/* (C) kept too */
	struct schedule_event *events;
};

/* A hand-over: @thread stops at @at until @other reaches @until, or has left (@until NULL: until it has left). */
struct schedule_hold {
	unsigned int thread, other;
	const char *at, *until;
};

#define SCHEDULE_ANY	UINT8_MAX

/* A step at which the running thread gets the lowest priority. */
struct schedule_change {
	uint32_t step;			/* from 1: of the thread's op, or of all threads */
	uint32_t op;
	uint8_t thread;			/* SCHEDULE_ANY: @op has no meaning */
};

struct decision_plan;

/* What loads of explore builds may return: see core/probe/memory.h. */
enum schedule_memory {
	MEMORY_SC,
	MEMORY_TSO,
	MEMORY_C11,
};

struct schedule_plan {
	uint64_t seed;				/* of the priorities */
	unsigned int nr_changes, nr_holds;
	struct schedule_change changes[SCHEDULE_CHANGES];
	struct schedule_hold holds[SCHEDULE_HOLDS];
	uint32_t wander;			/* 1 step in so many gives the thread a random priority; 0: none */
	enum schedule_memory memory;		/* other builds have MEMORY_SC */
	uint32_t max_steps;			/* a race that takes more fails; 0: no bound */
	const struct decision_plan *decisions;	/* of explore builds: instead of priorities; NULL: none */
	struct schedule_log *log;		/* cleared at the begin; NULL: no log */
};

/* Draws @depth - 1 changes among the first @steps steps from @plan's seed, each step at most once. */
void schedule_draw(struct schedule_plan *plan, unsigned int depth, uint32_t steps);

struct rcu_head;

#if FAULTLINE_CHECK
extern bool schedule_on;	/* (C) while other threads run */
extern _Thread_local bool schedule_takes_part;	/* (T) */

/* The calling thread takes turns: it calls the functions below before it waits. */
#define SCHEDULED()	(unlikely(schedule_on) && schedule_takes_part)

/* Locking: no other thread is in core, no callback is queued. Returns 0 or -errno. */
int schedule_begin(const struct schedule_plan *plan);
void schedule_race(unsigned int workers);
void schedule_join(unsigned int worker);
void schedule_leave(void);
/* Locking: as main; no worker is left. */
void schedule_end(void);

/* ---- for participating threads ---- */
/* A step: another thread may run now. */
void schedule_point(const char *where);
/* Keeps a detail of the calling thread, if details are kept. */
void schedule_detail(enum schedule_event_kind kind, const char *where, const void *address, uint64_t value);
/* The same before an access; schedule_access() keeps what it was. Returns whether there is a race. */
bool schedule_access_point(void);
/* Drawn from the plan's seed, the thread, its operation and its step there. */
uint64_t schedule_random(void);
/* @access, of a kind from SCHEDULE_READS to SCHEDULE_UPDATES, happens now; its thread and step are of no meaning. */
void schedule_access(const struct schedule_event *access);
/* The same, where number @op of the thread's operations begins. */
void schedule_begins(const char *operation, uint32_t op);
/* Takes the lowest priority: for waits for a condition without a word. */
void schedule_yield(void);
/* Returns when the 4 bytes at @word are no longer @seen. */
void schedule_await(const void *word, uint32_t seen, const char *what);
void schedule_futex_wait(uint32_t *word, uint32_t value);
void schedule_futex_wake(uint32_t *word, unsigned int nr);

/* ---- read-copy update: rcu.h calls these ---- */
void schedule_read_lock(void);
void schedule_read_unlock(void);
void schedule_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
void schedule_synchronize_rcu(void);
void schedule_rcu_barrier(void);
#else
#define SCHEDULED()	false

static inline int schedule_begin(const struct schedule_plan *plan) { (void)plan; return -EOPNOTSUPP; }
static inline void schedule_race(unsigned int workers) { (void)workers; }
static inline void schedule_join(unsigned int worker) { (void)worker; }
static inline void schedule_leave(void) {}
static inline void schedule_end(void) {}
static inline void schedule_point(const char *where) { (void)where; }
static inline void schedule_begins(const char *operation, uint32_t op) { (void)operation, (void)op; }
static inline void schedule_yield(void) {}
static inline void schedule_await(const void *word, uint32_t seen, const char *what)
{
	(void)word, (void)seen, (void)what;
}


static inline void schedule_futex_wait(uint32_t *word, uint32_t value) { (void)word, (void)value; }
static inline void schedule_futex_wake(uint32_t *word, unsigned int nr) { (void)word, (void)nr; }
static inline void schedule_read_lock(void) {}
static inline void schedule_read_unlock(void) {}
static inline void schedule_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head)) { (void)head, (void)fn; }
static inline void schedule_synchronize_rcu(void) {}
static inline void schedule_rcu_barrier(void) {}
#endif

/* A step without a sync point, of interest to schedules only. */
#define SCHEDULE_STEP(where) do { \
	if (SCHEDULED()) \
		schedule_point(where); \
} while (0)

/* Yields the core, in a polling loop. */
static inline void yield_core(void)
{
	if (SCHEDULED())
		schedule_yield();
	else
		sched_yield();
}

#endif
