/* SPDX-License-Identifier: GPL-2.0-or-later */
/* csv.h - results as comma-separated values: RFC 4180, but for lines that end as usual. */
#ifndef FAULTLINE_BENCH_DATA_CSV_H
#define FAULTLINE_BENCH_DATA_CSV_H

#include <stdio.h>

#include "bench/data/results.h"

/*
 * csv_print - a line of names, then one row for each benchmark. Rates are items per second of all threads together: the
 * median of the repetitions, and its interval (result_interval()). Numbers that were not measured are empty.
 */
void csv_print(FILE *out, const struct results *results);

#endif
