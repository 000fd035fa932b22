/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - results for people, as text. */
#ifndef FAULTLINE_BENCH_DATA_TABLE_H
#define FAULTLINE_BENCH_DATA_TABLE_H

#include <stdio.h>

#include "bench/data/results.h"

/*
 * One line for each benchmark: time per item, rate, how sure it is, rate against one thread, fairness; then the noise
 * floor.
 */
void table_print(FILE *out, const struct results *results);
/* "1.23 M", "45.6 k": three digits and a prefix. */
/* The number that stands there: ratios beside such columns are made of it, so that a reader gets the same. */
double as_shown(double number);
/* @number as it is printed with so many significant digits. */
double rounded_to(double number, int digits);
/* The same for columns of ns/item. */
double nanoseconds_as_shown(double nanoseconds);
void format_si(char *text, size_t size, double number);
/* "812 ns", "1.24 µs", "10 ms". */
void format_time(char *text, size_t size, double nanoseconds);

#endif
