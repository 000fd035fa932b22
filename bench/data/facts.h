/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.h - facts that should be equal in compared runs: host, kernel, compiler, choices. */
#ifndef FAULTLINE_BENCH_DATA_FACTS_H
#define FAULTLINE_BENCH_DATA_FACTS_H

#include <stdio.h>

#include "bench/data/compare.h"

/*
 * One line for each fact of the contexts that differs among the runs of both sides, with two of its values; of the
 * commit, among those of one side. Facts that a run lacks differ from none. One line more for each run that is
 * incomplete. Returns how many lines.
 */
unsigned int facts_warn(FILE *out, const struct side *before, const struct side *after);

#endif
