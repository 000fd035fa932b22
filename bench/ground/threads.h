/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.h - how many threads a run needs, and whether this system starts as many. */
#ifndef FAULTLINE_BENCH_GROUND_THREADS_H
#define FAULTLINE_BENCH_GROUND_THREADS_H

#define SPARE_THREADS	8u	/* beside the workers: main, watchdog, RCU callbacks */

/*
 * threads_check - start @nr threads at once, and end them. A thread that cannot be started in the middle of a run would
 * leave others at a barrier. Returns 0, or EXIT_CHECK_FAILED after one line on stderr; no thread is left.
 */
int threads_check(unsigned int nr);

#endif
