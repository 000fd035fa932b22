/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alternate.h - two processes that measure in turns: a repetition here, the same one there, and so on.
 *
 * A shared machine changes its speed for seconds at a time. Two runs, one after the other, meet different speeds; two
 * repetitions side by side, some milliseconds apart, meet the same.
 */
#ifndef FAULTLINE_BENCH_RUN_ALTERNATE_H
#define FAULTLINE_BENCH_RUN_ALTERNATE_H

#define ALTERNATE_PATIENCE	60	/* seconds */

/*
 * alternate_begin - meet the other process at the socket @path, which the first one creates and the second one removes.
 * Waits for it, ALTERNATE_PATIENCE at most. Returns 0, or the exit status after one line on stderr.
 */
int alternate_begin(const char *path);
/* Waits until it is this process's turn. Returns at once without a partner, or when the partner has finished. */
void alternate_take(void);
/* It is the other one's turn. */
void alternate_pass(void);
/* The other one may go on alone. */
void alternate_end(void);

#endif
