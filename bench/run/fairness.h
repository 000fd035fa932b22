/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fairness.h - how alike the rates of a crew's workers are. */
#ifndef FAULTLINE_BENCH_RUN_FAIRNESS_H
#define FAULTLINE_BENCH_RUN_FAIRNESS_H

#include "bench/run/crew.h"

/*
 * Jain's index of the @rates, one for each worker, of the role where it is least: 1 when all are equal, 1/n when one of
 * n workers has all.
 */
double crew_fairness(const struct crew *crew, const double *rates);

#endif
