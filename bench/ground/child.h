/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.h - runs another program to its end, and keeps its output. */
#ifndef FAULTLINE_BENCH_GROUND_CHILD_H
#define FAULTLINE_BENCH_GROUND_CHILD_H

#include <stdbool.h>

struct child {
	bool late;		/* it was ended, since it took longer than it may */
	int status;		/* its exit status, or 128 and the signal that ended it */
	double seconds;		/* it took */
	char *said;		/* on both outputs; to be freed */
};

/* Runs @argv, for @limit seconds at the most. Returns 0 and *@child; else an exit status, after one line on stderr. */
int child_run(char *const argv[], double limit, struct child *child);

#endif
