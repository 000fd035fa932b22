/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serial.h - many short episodes of a case, each with a schedule of its own; of one that fails, the smallest that does.
 */
#ifndef FAULTLINE_BENCH_CHECK_SERIAL_H
#define FAULTLINE_BENCH_CHECK_SERIAL_H

#include <popt.h>
#include <stdio.h>

#include "bench/check/episode.h"

struct serial {
	bool wanted;
	const char *option;		/* one that was given, and means nothing when it is not */
	const struct choices *choices;
	uint64_t rounds;		/* ops of each worker in each episode; 0: some */
	uint64_t episodes;		/* 0: until the time is over */
	double seconds;			/* for each case; 0: no bound */
	unsigned int wander;		/* as the plan's, for seeds that are even; the others have changes */
	unsigned int depth;		/* d: schedules have d - 1 changes */
	bool changes_given;		/* instead of such that are drawn from the seed */
	unsigned int nr_changes;
	struct schedule_change changes[SCHEDULE_CHANGES];
	bool some_ops;			/* as an episode's */
	uint64_t kept[SCHEDULE_WORKERS];
	bool twice;			/* run each episode twice, and compare */
	bool trace;			/* print all events of the last episode */
	enum schedule_memory memory;	/* as the plan's */
	bool coverage;			/* print orders of two accesses that were never seen */
	bool steer;			/* to such orders */
	bool shrink;			/* look for a smaller failure */
	/* Writes the command that repeats @what with @seed, but for the options of schedules; no newline. */
	void (*put_command)(FILE *out, const void *command, const struct run_case *what, uint64_t seed);
	const void *command;
};

#define SERIAL_DEFAULTS { .depth = 3, .wander = 5, .shrink = true }

/* Values of the options in serial_options, for POPT_ARG_INCLUDE_TABLE. */
enum {
	CHOOSE_SERIAL = 200,
	CHOOSE_EPISODES,
	CHOOSE_DEPTH,
	CHOOSE_WANDER,
	CHOOSE_CHANGES,
	CHOOSE_OPS,
	CHOOSE_TWICE,
	CHOOSE_TRACE,
	CHOOSE_NO_SHRINK,
	CHOOSE_ORDER,
	CHOOSE_COVERAGE,
	CHOOSE_STEER,
};

extern struct poptOption serial_options[];
/* By enum schedule_memory. */
extern const char *const serial_memory_names[];
/* Takes one option. Returns 0, or the exit status after one line on stderr. */
int serial_take(struct serial *serial, int option, const char *text);

/* Coverage is that of all cases between the two. Each returns an exit status. */
int serial_open(const struct serial *serial);
int serial_close(const struct serial *serial);
/* Returns an exit status; what failed, and how to see it again, is on stderr. */
int serial_run(const struct serial *serial, const struct run_case *what);

#endif
