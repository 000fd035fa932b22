/* SPDX-License-Identifier: GPL-2.0-or-later */
/* patience.h - bounds on waiting that a loaded machine stretches: seconds of an idle machine, not of the clock. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_PATIENCE_H
#define FAULTLINE_TESTS_LIB_HARNESS_PATIENCE_H

#include <stdbool.h>
#include <sys/types.h>

#define PATIENCE_STEP_MS	500	/* how often patience_over() wants to be called; more often costs nothing */

struct patience {
	double left;		/* seconds of an idle machine */
	double elapsed;		/* seconds of the clock since patience_begin() */
	/* the clock at the last sample, and what it found; the first comes a step after the beginning */
	double last, slowdown;
	pid_t group;		/* the process group whose threads are ours */
};

/*
 * machine_slowdown - how many times slower the runnable threads of process group @group run than they would by
 * themselves: 1 when no other thread is runnable. A group that sleeps counts as one runnable thread, because it would
 * wait like one.
 */
double machine_slowdown(pid_t group);
/* A wait of @seconds begins, for something that the threads of @group do. */
void patience_begin(struct patience *patience, double seconds, pid_t group);
/* True when the wait has taken as much as @seconds take on an idle machine. */
bool patience_over(struct patience *patience);

#endif
