/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hunt.h - one knock-out, until a detector sees it; and the same runs with nothing left out, in which none may see anything.
 *
 * How a knock-out is hunted is told by a line of hunt.def:
 *   stress WORKLOAD [OPTION...]   runs of `faultline stress`, each with another seed, until one fails
 *   test PROGRAM                  a test program beside this one, which leaves it out itself, and passes when it is seen
 *   model PROGRAM                 an explored pattern, which passes when each side left out is found
 */
#ifndef FAULTLINE_BENCH_HUNT_H
#define FAULTLINE_BENCH_HUNT_H

#include <stdint.h>

#include "bench/detection.h"

#define MAX_KILLS	15

enum verdict {
	KILLED,
	SURVIVED,		/* what was left out went unseen */
	NOT_EXERCISED,		/* nothing was left out in all the runs, or something was seen before */
	HUNG,			/* a run had to be ended */
};

const char *verdict_name(enum verdict verdict);

struct kill {
	enum detection detection;
	double seconds;		/* until it was seen */
	uint64_t seed;		/* of the run in which it was; 0 for tests and models */
};

struct hunt {
	const char *name;	/* of the knock-out */
	const char *how;	/* as in hunt.def */
	double patience;	/* seconds until a kill, at most */
	enum verdict verdict;
	unsigned int nr_kills;	/* wanted before, done after */
	struct kill kills[MAX_KILLS];
	uint64_t left_out;	/* times, in all runs; 0 for tests and models, which check that themselves */
	double seconds;		/* all of them took */
};

/* hunt.def's line for the knock-out @index; NULL: there is none. */
const char *hunt_how(unsigned int index);
/* The program that hunts this way is built. Returns 0, or an exit status after one line on stderr. */
int hunt_ready(const struct hunt *hunt);
/* Fills in the rest of @hunt. Returns 0, or an exit status after one line on stderr: how it is hunted cannot be used. */
int hunt_run(struct hunt *hunt);
/* The time until a kill; the middle one. */
double hunt_median(const struct hunt *hunt);

/*
 * hunt_clean - runs @how with nothing left out for @seconds, with other seeds than hunts have. Returns 0 and in *@runs how many there
 * were; else an exit status, after what a run complained of. Tests and models are clean by themselves, and not run.
 */
int hunt_clean(const char *how, double seconds, unsigned int *runs);

#endif
