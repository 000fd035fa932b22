/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_case.h - reads the cases of profile.json: what a page shows of their names and numbers. */
#ifndef FAULTLINE_BENCH_DRAW_PROFILE_CASE_H
#define FAULTLINE_BENCH_DRAW_PROFILE_CASE_H

#include <jansson.h>

#include "bench/draw/html.h"

#define MOST_COUNTED	1e18	/* numbers are read as 0 to that */

/* "" and 0 when there is no such member. */
const char *profile_text(const json_t *object, const char *key);
double profile_number(const json_t *object, const char *key);
unsigned int profile_threads(const json_t *one);
/* The workload of the case's name, and its policy; "" for none. Each lives until the next call. */
const char *profile_workload(const json_t *one);
const char *profile_policy(const json_t *one);
/* Cells of a table: workload, choices, policy, threads. */
void profile_put_cells(struct html *page, const json_t *one);
const char *profile_colour(const json_t *one);

#endif
