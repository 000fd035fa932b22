/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unknown.h - complaints of names that nothing has: each with the closest name, and where all of them are listed. */
#ifndef FAULTLINE_BENCH_RUN_UNKNOWN_H
#define FAULTLINE_BENCH_RUN_UNKNOWN_H

#include "bench/run/suite.h"

/* One line on stderr each. Returns EXIT_MISUSE. */
int unknown_workload(const char *pattern);
int unknown_knockout(const char *name);
int unknown_syncpoint(const char *name);
int unknown_detector(const char *name);
/* @text is no policy, and @why says why not. */
int unknown_policy(const char *text, const char *why);
/* No workload that workload_matches() has an axis of that name with that value. */
int unknown_axis(const struct axis_choice *chosen, const char *const *globs, unsigned int nr_globs);

#endif
