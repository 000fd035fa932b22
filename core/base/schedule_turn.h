/* SPDX-License-Identifier: GPL-2.0-or-later */
/* schedule_turn.h - what schedule.c and schedule_rcu.c share: each thread's turn, and how it waits for the next. */
#ifndef FAULTLINE_CORE_BASE_SCHEDULE_TURN_H
#define FAULTLINE_CORE_BASE_SCHEDULE_TURN_H

#include "core/base/schedule.h"

enum turn_wait {
	TURN_READY,		/* waits for nothing but its turn */
	TURN_WORD,		/* until the word is another than it was */
	TURN_WAKE,		/* until woken as a futex's sleeper */
	TURN_HOLD,		/* until hold @number is over */
	TURN_WORKERS,		/* until all workers have left */
	TURN_GRACE,		/* until grace period @number is over */
	TURN_CALLBACKS,		/* until @number callbacks have run */
	TURN_WORK,		/* the callbacks' thread: until one may run, or none will come any more */
	TURN_CALLBACKS_LEFT,	/* until that thread has left */
};

/* Lock key: (A) atomic (O) whoever has the turn */
struct turn {
	uint32_t go;			/* (A) this thread has the turn */
	bool here;			/* (O) has come, and not left */
	enum turn_wait waits;		/* (O) */
	const char *what;		/* (O) it waits for, for people */
	const void *word;		/* (O) */
	uint32_t seen;			/* (O) what was in it */
	uint64_t number;		/* (O) of a wait; a futex's sleepers are woken in its order */
	int priority;			/* (O) the highest that is ready runs */
	uint32_t op, step;		/* (O) of its own operations the last, and the steps of that */
	unsigned int sections;		/* (O) RCU read sections it is in, nested */
	uint64_t section_began;		/* (O) grace periods asked for before the outermost of them */
} __cacheline_aligned;

extern struct turn turns[SCHEDULE_THREADS];
extern _Thread_local struct turn *my_turn;	/* (T) NULL: takes no part */

/* The calling thread, described as @wait in its turn, lets others run until that has happened. */
void turn_wait(enum turn_wait wait, const char *what);
/* The thread of @turn becomes one of those that take turns, and returns when it has the first; at last it leaves. */
void turn_take_part(struct turn *turn);
void turn_leave(void);

/* schedule_rcu.c */
int schedule_rcu_begin(void);
void schedule_rcu_end(void);
bool schedule_rcu_ready(const struct turn *turn);

#endif
