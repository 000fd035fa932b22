/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - one line on stderr with the progress of a long run. */
#ifndef FAULTLINE_BENCH_GROUND_PROGRESS_H
#define FAULTLINE_BENCH_GROUND_PROGRESS_H

#include "core/faultline.h"

/* Seconds since some point in the past; never steps back. */
double now_seconds(void);
/* Shows a line in place of the last one on a terminal; elsewhere a line of its own, every few seconds at most. */
void progress_show(const char *fmt, ...) __printf(1, 2);
/* Takes the line off the terminal. */
void progress_end(void);
/* "1:05" for 65.2. */
void format_duration(char *text, size_t size, double seconds);

#endif
