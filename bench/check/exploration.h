/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exploration.h - all executions of a case up to a number of preemptions, and how to repeat one that fails. */
#ifndef FAULTLINE_BENCH_CHECK_EXPLORATION_H
#define FAULTLINE_BENCH_CHECK_EXPLORATION_H

#include <stdio.h>

#include "bench/check/episode.h"

struct exploration {
	const struct choices *choices;
	unsigned int preemptions;	/* at most */
	uint64_t rounds;		/* ops of each worker */
	uint64_t executions;		/* of all cases' together, at most; 0: no bound, as below */
	double seconds;			/* for each case */
	bool given;			/* play one execution, with these decisions: */
	struct decision *decisions;
	unsigned int nr_decisions;
	/* Writes the command that repeats @what, but for the decisions; no newline. */
	void (*put_command)(FILE *out, const void *command, const struct run_case *what);
	const void *command;
};

/* Locking: episodes_open(). Returns an exit status; what failed, and how to see it again, is on stderr. */
int explore(const struct exploration *exploration, const struct run_case *what);

#endif
