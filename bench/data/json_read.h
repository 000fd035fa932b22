/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_read.h - reads JSON as programs write it, numbers included that JSON has not.
 *
 * Strings come as plain text: within one line, without control characters.
 *
 * Google Benchmark prints values that are no number as NaN, Infinity and -Infinity. Outside of strings these are read
 * as null: a value that is ignored.
 *
 * Source: RFC 8259, section 6 (no NaN, no infinities); Google Benchmark, src/json_reporter.cc, FormatKV(double).
 */
#ifndef FAULTLINE_BENCH_DATA_JSON_READ_H
#define FAULTLINE_BENCH_DATA_JSON_READ_H

#include <stddef.h>

#include <jansson.h>

#define JSON_READ_MOST	(256u << 20)	/* bytes of one file */

/*
 * json_read_file - returns the root of the file @path, an object or array, or NULL with one line in @why: "FILE:
 * reason" or "FILE:LINE: reason". Keys that stand twice in an object, and more than 2048 levels, are refused.
 */
json_t *json_read_file(const char *path, char *why, size_t why_size);
/* The same of @length bytes at @text, which @path names. */
json_t *json_read_text(const char *path, const char *text, size_t length, char *why, size_t why_size);
/* Stores all of the file @path, zero-terminated, in *@text, to be freed. Returns 0, or -errno with one line in @why. */
int read_whole_file(const char *path, char **text, size_t *length, char *why, size_t why_size);

#endif
