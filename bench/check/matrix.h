/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix.h - which detector detects which knock-out, and how soon: as text, as JSON, as a picture. */
#ifndef FAULTLINE_BENCH_CHECK_MATRIX_H
#define FAULTLINE_BENCH_CHECK_MATRIX_H

#include <stdio.h>

#include "bench/check/hunt.h"
#include "bench/data/results.h"

#define MAX_DETECTORS	64

struct campaign {
	struct hunt *hunts;
	unsigned int nr;
	double clean_seconds;		/* of runs with nothing disabled */
	unsigned int clean_runs;
	bool clean;			/* no detector fired in them */
};

/* The detectors that fired, each once. */
struct detectors {
	const char *names[MAX_DETECTORS];	/* sorted */
	unsigned int nr;
};

void matrix_detectors(const struct campaign *campaign, struct detectors *detectors);
/* Knock-outs that were not killed. */
unsigned int matrix_alive(const struct campaign *campaign);
/*
 * One line for each knock-out, one column for each detector that fired, the median of its times in seconds; and a
 * summary.
 */
void matrix_print(FILE *out, const struct campaign *campaign);
/*
 * matrix_write - all of it as JSON, with the facts of @argv's run in "context"; and these in *@facts, for the picture,
 * to be freed by results_free(). Returns 0, or an exit status after one line on stderr.
 */
int matrix_write(const char *path, const struct campaign *campaign, int argc, const char **argv, struct results *facts);
/* As the pictures of plot.h: times to kill, a row for each knock-out, a colour for each detector. */
int plot_knockouts(const struct campaign *campaign, const struct results *facts);

#endif
