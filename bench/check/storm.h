/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm.h - one case under stress: all workers at once under a watchdog, then checked when quiescent. */
#ifndef FAULTLINE_BENCH_CHECK_STORM_H
#define FAULTLINE_BENCH_CHECK_STORM_H

#include "bench/run/suite.h"

struct storm {
	const struct run_case *what;
	const struct choices *choices;
	double seconds;			/* how long workers work; 0: no bound */
	uint64_t rounds;		/* ops of each worker; 0: no bound */
	double patience;		/* of the watchdog, in seconds */
	void (*stuck)(void);		/* what the watchdog calls at last; must not return */
};

/*
 * storm_run - sets up, lets the workers work, checks, tears down, and looks that every frame came back.
 * Returns 0; STORM_SKIPPED when it cannot be run here, printed on stdout; or -errno after one line on stderr at least.
 */
#define STORM_SKIPPED	1
int storm_run(const struct storm *storm);
/* Frames that are free, or the machine's own until it stops. */
unsigned long storm_frames(void);
/*
 * At rest: as many as @before once callbacks have run? Returns 0, or -errno after one line on stderr, of the case
 * @name.
 */
int storm_frames_are(const char *name, unsigned long before);
/* The calling thread is a worker between its first op and its last. */
bool storm_at_work(void);

#endif
