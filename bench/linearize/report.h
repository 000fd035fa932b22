/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - what runs of histories found, as text and as JSON. */
#ifndef FAULTLINE_BENCH_LINEARIZE_REPORT_H
#define FAULTLINE_BENCH_LINEARIZE_REPORT_H

#include "bench/linearize/run.h"

struct json_t;

/* The counts of one case: a few lines. */
void linearize_print(const struct linearize_case *what, const struct linearize_counts *counts);
/* The same as an object. */
struct json_t *linearize_json(const struct linearize_case *what, const struct linearize_counts *counts);
/* @history as SVG in the file at @path, with @bad marked, or -1. Returns 0, or the exit status after one line. */
int linearize_draw(const struct history *history, int bad, const char *path);
/*
 * The smallest part of @history that no order explains, as text and drawn; as SVG too, into the file at @drawing, and
 * the whole into that at @path, if these are not NULL. Returns 0, or the exit status after one line on stderr.
 */
int linearize_show_bad(struct history *history, const char *path, const char *drawing);

#endif
