/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - results for people, as text. */
#ifndef FAULTLINE_BENCH_TABLE_H
#define FAULTLINE_BENCH_TABLE_H

#include <stdio.h>

#include "bench/results.h"

/* One line for each benchmark: time per item, rate, spread of the repetitions, rate against one thread. */
void table_print(FILE *out, const struct results *results);
/* The median rates of @after against @before, by benchmark. Returns how many benchmarks both have. */
unsigned int table_compare(FILE *out, const struct results *before, const struct results *after);
/* "1.23 M", "45.6 k": three digits and a prefix. */
void format_si(char *text, size_t size, double number);

#endif
