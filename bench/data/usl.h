/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usl.h - the universal scalability law: a model of throughput against threads, fitted to what was measured.
 *
 *   rate(N) = alone * N / (1 + sigma (N - 1) + kappa N (N - 1))
 *
 * sigma is the share of the work that one thread does at a time; kappa what every pair of threads costs each other. It
 * is fitted as N / rate, which is linear in its parameters: least squares of relative errors, with one solution.
 * Neither parameter goes below 0: a workload that scales better than threads are added has none of what they stand for.
 */
#ifndef FAULTLINE_BENCH_DATA_USL_H
#define FAULTLINE_BENCH_DATA_USL_H

#include "bench/data/results.h"

#define USL_POINTS	4	/* numbers of threads that a fit of three parameters needs at least */

/* One workload with one policy and all its numbers of threads. */
struct usl {
	const struct result *of;	/* with the fewest of them */
	unsigned int points, crowded;	/* numbers of threads, and those with more threads than PUs */
	bool fitted;			/* else the rest is 0 */
	double alone;			/* items per second of one thread */
	double sigma, sigma_error, kappa, kappa_error;	/* standard errors */
	double misfit;			/* root mean square of the relative errors */
};

struct usl_fits {
	struct usl *all;		/* in the order of the results */
	unsigned int nr;
};

/* Fits all of @results that has enough numbers of threads. Returns 0, or the exit status after one line on stderr. */
int usl_fit(struct usl_fits *fits, const struct results *results);
void usl_free(struct usl_fits *fits);
/* The one of @of's workload, choices and policy; NULL when it was not measured. */
const struct usl *usl_find(const struct usl_fits *fits, const struct result *of, const char *policy);

double usl_rate(const struct usl *usl, double threads);
/* The number of threads with the highest rate; INFINITY when more is always more. */
double usl_peak(const struct usl *usl);

/* All of @fits and why others are none, as JSON. Returns as usl_fit(). */
int usl_write(const char *path, const struct usl_fits *const *fits, unsigned int nr);

#endif
