/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa_gather.h - the cells of the NUMA maps, from what was measured. */
#ifndef FAULTLINE_BENCH_RUN_NUMA_GATHER_H
#define FAULTLINE_BENCH_RUN_NUMA_GATHER_H

#include "bench/data/numa.h"
#include "bench/run/suite.h"

/*
 * Takes the medians of @measured for @suite, whose places numa_places() made. Returns 0 or -ENOMEM; numa_free() either
 * way.
 */
int numa_gather(struct numa *numa, const struct suite *suite, const struct results *measured);

#endif
