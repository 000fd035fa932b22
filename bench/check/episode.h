/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * episode.h - one short run of a case under a schedule, from set-up to tear-down, in a process of its own: its
 * behaviour depends on struct episode only, and a failure in it damages nothing else.
 */
#ifndef FAULTLINE_BENCH_CHECK_EPISODE_H
#define FAULTLINE_BENCH_CHECK_EPISODE_H

#include "bench/run/suite.h"

#define EPISODE_MAX_STEPS (FAULTLINE_EXPLORE ? 500000000u : 5000000u)	/* some thousand are usual */

struct episode {
	const struct run_case *what;
	const struct choices *choices;	/* all but the seed */
	struct schedule_plan plan;	/* its seed is the workload's too */
	unsigned int threads;
	uint64_t rounds;		/* ops of each worker */
	bool some;			/* of them only those that have a bit in @kept are done */
	bool details;			/* the log has them, and memory has names: named_memory.h */
	uint64_t kept[SCHEDULE_WORKERS];	/* for each worker, bit i its op number i, up to 64 rounds */
};

/* The outcome of the last one. */
struct episode_end {
	struct schedule_log *log;
	char said[8192];		/* on stderr, the beginning of it */
	bool failed;
};

/* The name of what a worker does. */
const char *episode_role(const struct episode *episode, unsigned int worker);
/* Returns 0, or the exit status after one line on stderr: no schedule can control @what. */
int episode_possible(const struct run_case *what);
/* Likewise: this build has no such memory order. */
int episode_order_possible(enum schedule_memory memory);
/* Contents are checked wherever there are some, so every workload gets a payload. */
void episode_give_payload(struct run_case *what, const struct choices *choices);
/*
 * Room for what episodes leave behind. Returns 0 or an exit status. Locking: the process has one thread, here and
 * below.
 */
int episodes_open(void);
void episodes_close(void);
/* Room for the decisions of episodes, shared with them */
struct decision_log *episodes_decisions(void);
/* How often the knock-out @index was disabled in the episodes that ended well. */
uint64_t episodes_disabled(unsigned int index);
/* @end lives until the next one. Returns 0, or the exit status when there could be no process. */
int episode_play(const struct episode *episode, const struct episode_end **end);

#endif
