/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hunt.h - one knock-out, until a detector fires; and the same runs with nothing disabled, in which none may fire.
 *
 * How each is hunted is a field of it: see core/probe/knockout.h.
 */
#ifndef FAULTLINE_BENCH_CHECK_HUNT_H
#define FAULTLINE_BENCH_CHECK_HUNT_H

#include <stdint.h>

#include "bench/check/detection.h"

#define MAX_KILLS	15

enum verdict {
	KILLED,
	SURVIVED,		/* no detector fired */
	NOT_EXERCISED,		/* nothing was disabled in all runs, or a detector fired before */
	HUNG,			/* a run had to be ended */
};

const char *verdict_name(enum verdict verdict);

struct kill {
	char detector[32];	/* its name */
	double seconds;		/* until it fired */
	uint64_t seed;		/* of that run; 0 where all runs are alike */
};

struct hunt {
	const char *name;	/* of the knock-out */
	const char *how;	/* as in struct knockout */
	double patience;	/* seconds until a kill, at most */
	enum verdict verdict;
	unsigned int nr_kills;	/* wanted before, done after */
	struct kill kills[MAX_KILLS];
	uint64_t disabled;	/* times, in all runs; 0 for tests and models, which check that themselves */
	double seconds;		/* all of them took */
};

/* The program that hunts this way is built. Returns 0, or an exit status after one line on stderr. */
int hunt_ready(const struct hunt *hunt);
/*
 * Fills in the rest of @hunt. Returns 0, or an exit status after one line on stderr: how it is hunted cannot be used.
 */
int hunt_run(struct hunt *hunt);
/* The median time until a kill. */
double hunt_median(const struct hunt *hunt);

/*
 * hunt_clean - runs @how with nothing disabled for @seconds, with other seeds than hunts. Returns 0 and the number of
 * runs in *@runs; else an exit status, after the output of the failing run. Tests and models check themselves, and are
 * not run.
 */
int hunt_clean(const char *how, double seconds, unsigned int *runs);

#endif
