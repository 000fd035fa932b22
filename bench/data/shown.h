/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shown.h - which policies, kinds and workloads of results are shown, and in which order. */
#ifndef FAULTLINE_BENCH_DATA_SHOWN_H
#define FAULTLINE_BENCH_DATA_SHOWN_H

#include "bench/data/results.h"

/* Policies by policy_compare(): Linux's history first. Returns how many there are, at most @room. */
unsigned int results_policies(const struct results *results, const char **names, unsigned int room);
/* The default policy, where it was measured; else the newest; "" when there is none. */
const char *results_policy_shown(const struct results *results);
/* The kind of a workload, by its name. */
enum result_kind { RESULT_CORE, RESULT_LIMIT, RESULT_LIVE, NR_RESULT_KINDS };
enum result_kind result_kind(const struct result *result);
/*
 * Of a workload's choices, those that most of its benchmarks were run with; @nth counts the workloads. NULL past the
 * last.
 */
const struct result *results_workload(const struct results *results, unsigned int nth);

#endif
