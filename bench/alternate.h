/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alternate.h - two processes that measure in turns: a repetition here, the same one there, and so on.
 *
 * A shared machine changes its pace for seconds at a time. Two runs, one after the other, each get their own share of that; two
 * repetitions side by side, some milliseconds apart, get the same.
 */
#ifndef FAULTLINE_BENCH_ALTERNATE_H
#define FAULTLINE_BENCH_ALTERNATE_H

#define ALTERNATE_PATIENCE	60	/* seconds */

/*
 * alternate_begin - meet the other process at the socket @path, which whoever comes first makes, and the other one takes away.
 * Waits for it, ALTERNATE_PATIENCE at most. Returns 0, or the exit status after one line on stderr.
 */
int alternate_begin(const char *path);
/* Waits until it is this process's turn. Returns at once when nobody was met, or the other one is through. */
void alternate_take(void);
/* It is the other one's turn. */
void alternate_pass(void);
/* The other one may go on alone. */
void alternate_end(void);

#endif
