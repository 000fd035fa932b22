/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sequence.h - the operations of one run, and their form in a file: "pages N" or "pages N huge", then an operation a
 * line; "#" begins a comment.
 */
#ifndef FAULTLINE_BENCH_CONFORM_SEQUENCE_H
#define FAULTLINE_BENCH_CONFORM_SEQUENCE_H

#include "bench/conform/op.h"

#define SEQUENCE_OPS	1024	/* at most */

struct sequence {
	long pages;		/* of the window: 1 … WINDOW_PAGES_MAX */
	bool huge;		/* huge pages are allowed, where the system allows them */
	unsigned int nr;
	struct op ops[SEQUENCE_OPS];
};

/* The processes and pins that there are, after some operations. */
struct process_tree {
	bool alive[NR_PROCESSES];
	unsigned int nr_alive;
	int pinned_by[NR_PINS];		/* the process; below 0: a pin that is not in use */
};

void process_tree_begin(struct process_tree *tree);
/* False: its process or pin is not there, or is there already. Such an operation is skipped. */
bool process_tree_allows(const struct process_tree *tree, const struct op *op);
/* @op has succeeded. */
void process_tree_follow(struct process_tree *tree, const struct op *op);

/* The first line of a file. */
void sequence_write_window(FILE *out, const struct sequence *sequence);
/* Returns 0, or the number of the line that *@why complains of. */
unsigned int sequence_read(FILE *in, struct sequence *sequence, const char **why);

#endif
