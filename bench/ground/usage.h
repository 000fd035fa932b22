/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.h - what a thread used of real and of processor time. */
#ifndef FAULTLINE_BENCH_GROUND_USAGE_H
#define FAULTLINE_BENCH_GROUND_USAGE_H

/* Seconds of one thread, or of several. */
struct usage {
	double real, processor;
	double queued;			/* runnable, without a processor */
	double preparing;		/* in prepare(): of real time or, in crowded attempts, of processor time */
};

/*
 * Of the calling thread since it began; preparing is 0. Reading the queue's time is slow: it is read first before what
 * is timed, and last behind it.
 */
struct usage usage_at_start(void);
struct usage usage_at_end(void);
/* Its processor time alone, in seconds: cheap. */
double processor_seconds(void);

#endif
