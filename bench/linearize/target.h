/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h - what histories are recorded of: the core under a policy, or the live kernel. */
#ifndef FAULTLINE_BENCH_LINEARIZE_TARGET_H
#define FAULTLINE_BENCH_LINEARIZE_TARGET_H

#include "bench/linearize/model.h"

/* A window of pages, and what threads do to it. All return 0 or -errno, unless said otherwise. */
struct target {
	const char *name;
	uint32_t costly;	/* kinds that take longer than all the others, as bits */
	uint32_t lacks;		/* kinds that it never has */
	/* In the main thread, before others enter. */
	int (*begin)(const struct mm_policy *policy, unsigned int pages);
	void (*end)(void);
	/* In each thread, which is the @index-th; the main thread is number 0, and does not leave. */
	int (*enter)(unsigned int index);
	void (*leave)(void);
	/* Does @op, with stamps around it, and stores its result. */
	void (*perform)(struct history_op *op);
	/* Nothing in the window is mapped. No other thread is at work. */
	void (*clean)(void);
	/* Once begun: the kinds that it has, as bits, and its nondeterminisms. */
	uint32_t (*kinds)(void);
	uint32_t (*allowed)(void);
};

extern const struct target core_target, live_target;

/*
 * The clock of histories: the next stamp. It is one counter that each call and each return increments. So if A returned
 * with a lower stamp than B was called with, A's increment came first in the counter's order, and, acquire and release,
 * all of A happened before all of B: what a history says of before and after is true. The increments add fences at both
 * ends of an operation, which a program's calls of the kernel have too.
 */
uint64_t history_stamp(void);

#endif
