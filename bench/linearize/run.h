/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - threads record many short histories of one target, and judge them.
 *
 * The threads work in batches: they record its histories one after the other, meeting in between; then each judges some
 * of them.
 */
#ifndef FAULTLINE_BENCH_LINEARIZE_RUN_H
#define FAULTLINE_BENCH_LINEARIZE_RUN_H

#include "bench/linearize/check.h"
#include "bench/linearize/generate.h"
#include "bench/linearize/target.h"

struct linearize_case {
	const struct target *target;
	const struct mix *mix;
	const char *name;			/* of the policy; of the target, if it has none */
	const struct mm_policy *policy;		/* NULL for the live kernel */
	unsigned int threads, pages, ops;	/* ops: of each thread in a history */
	uint64_t histories;			/* to record; 0: until the time is over */
	double seconds;				/* at most; 0: no limit */
	uint64_t seed;
};

struct linearize_counts {
	uint32_t kinds;				/* of the mix that the target has, as bits */
	uint64_t histories, ops;
	uint64_t overlapping;			/* histories with a pair that overlaps on a page, and changes it */
	uint64_t met[NR_OP_KINDS][NR_OP_KINDS];	/* pairs, the lesser kind first */
	uint64_t explained[NR_NONDETERMINISMS];	/* histories that need this nondeterminism alone */
	uint64_t by_several;			/* histories that need more than one */
	uint64_t unexplained, gave_up;
	double seconds;
};

/*
 * linearize_run - records and judges, until the bounds of @what, a history without an order, or an interrupt. *@bad is
 * that history, as its threads left it, if counts->unexplained is not 0. Returns 0, or -errno; -EOPNOTSUPP: the target
 * lacks a kind that the mix is about. Locking: the main thread
 * is a cpu if the target is the core.
 */
int linearize_run(const struct linearize_case *what, struct linearize_counts *counts, struct history *bad);
/* The pairs of kinds that met, and those that are possible. */
unsigned int linearize_pairs_met(const struct linearize_counts *counts);
unsigned int linearize_pairs(const struct linearize_counts *counts);

#endif
