/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timed.h - runs cases under Google Benchmark. */
#ifndef FAULTLINE_BENCH_RUN_TIMED_H
#define FAULTLINE_BENCH_RUN_TIMED_H

#include "bench/run/timing.h"

#define TIMED_INTERRUPTED	"interrupted"	/* the error of a repetition that a signal left unmeasured */

/*
 * timed_run - measures the cases of @suite whose payload is the machine's, into the results that shim_open() began.
 * @begin is called for each attempt before its set-up: the same case comes again with a larger quota until it takes
 * @how->min_time seconds, and then once more for each further repetition, with the same quota. Returns how many cases
 * passed the library's filter.
 */
unsigned long timed_run(const struct suite *suite, const struct choices *choices, const struct timing *how,
			void (*begin)(const struct run_case *what, uint64_t quota));

#endif
