/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - results for people, as text. */
#ifndef FAULTLINE_BENCH_TABLE_H
#define FAULTLINE_BENCH_TABLE_H

#include <stdio.h>

#include "bench/results.h"

/* One line for each benchmark: time per item, rate, how sure it is, rate against one thread, fairness; then the noise floor. */
void table_print(FILE *out, const struct results *results);
/* "1.23 M", "45.6 k": three digits and a prefix. */
void format_si(char *text, size_t size, double number);
/* "812 ns", "1.24 µs", "10 ms". */
void format_time(char *text, size_t size, double nanoseconds);

#endif
