/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exceptions.h - rules of Linux that the core does not follow on purpose, each with a name and a reason: a difference
 * that one covers is counted, and is no divergence. doc/semantics.md prints the table.
 */
#ifndef FAULTLINE_BENCH_CONFORM_EXCEPTIONS_H
#define FAULTLINE_BENCH_CONFORM_EXCEPTIONS_H

#include "bench/conform/compare.h"

/* A step, for predicates: the states are those of the process that differs; for a result, those before the step. */
struct step {
	const struct op *op;
	const struct op *earlier;	/* all of the sequence, from its first to @op */
	unsigned int nr_earlier;
	long live_result, core_result;
	const struct process_state *live, *core;
};

enum verdict {
	DIVERGES,	/* no exception covers it */
	EXCUSED,	/* compare the rest as if the two were equal */
	ENDS,		/* the two differ from here on: the sequence ends, without a divergence */
};

struct exception {
	const char *name, *reason;
	enum verdict verdict;	/* EXCUSED or ENDS */
	bool (*covers)(const struct step *step, const struct difference *difference);
	bool swap;		/* only with swap */
	unsigned long fired;
};

/* Ends with a name NULL. */
extern struct exception exceptions[];

/* The verdict of @table on @difference; the first exception that covers it counts. NULL: there are none. */
enum verdict exceptions_judge(struct exception *table, const struct step *step, const struct difference *difference);

#endif
