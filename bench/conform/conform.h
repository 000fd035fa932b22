/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform.h - a run of many sequences: how long, from which seed, and what becomes of a divergence. */
#ifndef FAULTLINE_BENCH_CONFORM_CONFORM_H
#define FAULTLINE_BENCH_CONFORM_CONFORM_H

#include "bench/conform/generate.h"

struct conform {
	uint64_t seed, sequences, ops, divergences_most;	/* sequences: 0: until seconds are over */
	double seconds;
	const struct theme *theme;	/* NULL: all */
	bool strict, all_exceptions;
	bool swap;			/* was asked for */
	char *folder;			/* for files of divergences; NULL: the present one */
};

#define CONFORM_DEFAULTS	{ .seed = 1, .ops = 75, .seconds = 10, .divergences_most = 1 }

/*
 * conform_run - random sequences; prints what was compared, and each divergence, shrunk. Results go to the file @json,
 * unless it is NULL. Returns an exit status.
 */
int conform_run(const struct conform *conform, struct side *live, struct side *core, const char *json);
/* The sequences in files. Returns an exit status: EXIT_CHECK_FAILED if one diverges. */
int conform_replay(const struct conform *conform, struct side *live, struct side *core, const char *const *paths,
		   unsigned int nr);

#endif
