/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * number.h - numbers, sizes and times as words of a command line. Each reads the whole of @text: no sign, no blanks,
 * nothing behind it; false, with nothing stored, for anything else, for what overflows, and for what is not @least …
 * @most.
 */
#ifndef FAULTLINE_BENCH_GROUND_NUMBER_H
#define FAULTLINE_BENCH_GROUND_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits. */
bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);
/* Decimal digits, or with k, m, g or t behind them, in either case: times 2^10, 2^20, 2^30, 2^40. */
bool read_size(const char *text, uint64_t least, uint64_t most, uint64_t *size);
/* A decimal fraction. */
bool read_fraction(const char *text, double least, double most, double *number);
/* A decimal fraction of seconds, or of what stands behind it: ns, us, ms, s, m (minutes) or h. */
bool read_time(const char *text, double least, double most, double *seconds);

#define SECONDS_TEXT	32
/* @seconds, at least 1 ns, as read_time() reads it: digits without an exponent, to 1 ns. Returns @text. */
const char *seconds_text(double seconds, char text[SECONDS_TEXT]);

#endif
