/* SPDX-License-Identifier: GPL-2.0-or-later */
/* schedule_turn.h - shared by the files of schedules: each thread's turn, and its wait for the next. */
#ifndef FAULTLINE_CORE_PROBE_SCHEDULE_TURN_H
#define FAULTLINE_CORE_PROBE_SCHEDULE_TURN_H

#include "core/probe/schedule.h"

enum turn_wait {
	TURN_READY,		/* waits for its turn only */
	TURN_WORD,		/* until the word changes */
	TURN_WAKE,		/* until a futex wake-up */
	TURN_HOLD,		/* until hold @number is over */
	TURN_WORKERS,		/* until all workers have left */
	TURN_GRACE,		/* until grace period @number is over */
	TURN_CALLBACKS,		/* until @number callbacks have run */
	TURN_WORK,		/* the callbacks' thread: until a callback may run, or no more will come */
	TURN_CALLBACKS_LEFT,	/* until that thread has left */
};

/* Lock key: (A) atomic (O) the thread with the turn */
struct turn {
	uint32_t go;			/* (A) this thread has the turn */
	bool here;			/* (O) has come, and not left */
	enum turn_wait waits;		/* (O) */
	const char *what;		/* (O) the awaited event, for people */
	const void *word;		/* (O) */
	uint32_t seen;			/* (O) its value when the wait began */
	uint64_t number;		/* (O) of a wait; a futex's sleepers are woken in its order */
	int priority;			/* (O) the highest ready one runs */
	uint32_t op, step;		/* (O) its latest operation, and the steps in it */
	uint32_t step_of_all;		/* (O) the latest one's number among those of all threads */
	struct schedule_event *written;	/* (O) a plain write, whose value is not yet known; or NULL */
	unsigned int sections;		/* (O) nesting depth of RCU read sections */
	uint64_t section_began;		/* (O) grace periods requested before the outermost section */
} __cacheline_aligned;

extern struct turn turns[SCHEDULE_THREADS];
extern _Thread_local struct turn *my_turn;	/* (T) NULL: does not participate */

/* Its condition holds. */
bool turn_ready(const struct turn *turn);
/* Lets others run until the calling thread's condition, described by @wait in its turn, holds. */
void turn_wait(enum turn_wait wait, const char *what);
/* Adds the thread of @turn to the participants, and returns when it has its first turn; turn_leave() removes it. */
void turn_take_part(struct turn *turn);
void turn_leave(void);

/* An event of @thread. */
void schedule_note(const void *where, unsigned int thread, enum schedule_event_kind kind);

/* decision.c */
#if FAULTLINE_EXPLORE
/* Locking: no other thread runs. NULL: no decisions. */
void decision_begin(const struct decision_plan *plan);
bool decisions_are_made(void);
/* The thread of @turn waits, has ended, or goes on. Returns the next thread's; NULL: none can run. */
struct turn *decision_next(struct turn *turn);
/* The running thread yields, where decision_next() is called next. */
void decision_yields(void);
#else
static inline void decision_begin(const struct decision_plan *plan) { (void)plan; }
static inline bool decisions_are_made(void) { return false; }
static inline struct turn *decision_next(struct turn *turn) { return turn; }
static inline void decision_yields(void) {}
#endif

/* schedule_rcu.c */
int schedule_rcu_begin(void);
void schedule_rcu_end(void);
bool schedule_rcu_ready(const struct turn *turn);

#endif
