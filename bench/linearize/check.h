/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - looks for an order of a history's operations that the sequential model allows, each between its call and
 * its return.
 *
 * The search follows the history from return to return, with the set of all configurations that explain it so far: a
 * state of the pages, and which of the running operations have happened. At a return those remain in which the
 * operation has happened; others get there by steps of running operations, tried in all orders (just in time, Lowe
 * 2017; Wing and Gong 1993). Equal configurations are one. Once the set is empty, the history up to this return is the
 * shortest prefix without an order.
 *
 * Pages are searched one by one, except those that fork or mremap connects: a history is linearizable if it is so for
 * each page alone (Herlihy and Wing 1990).
 */
#ifndef FAULTLINE_BENCH_LINEARIZE_CHECK_H
#define FAULTLINE_BENCH_LINEARIZE_CHECK_H

#include "bench/linearize/model.h"

enum verdict { LINEARIZABLE, NOT_LINEARIZABLE, GAVE_UP };

#define MAX_PARTS	(HISTORY_OPS * HISTORY_PAGES)

/* One thing that happened, in a witness. */
struct witness_step {
	uint16_t op;		/* of the history */
	uint8_t page;		/* a joint operation's first */
	uint8_t phase;		/* PHASE_DONE, or what came before */
};

struct checked {
	enum verdict verdict;
	int op;			/* NOT_LINEARIZABLE: the operation whose return no order explains */
	uint32_t pages;		/* of those searched together with it */
	unsigned int nr_steps;	/* LINEARIZABLE: of the witness; pages searched apart come one after the other */
	struct witness_step steps[2 * MAX_PARTS];
};

struct checker;

/* A checker for one thread. NULL without memory. */
struct checker *checker_create(void);
void checker_free(struct checker *checker);
/*
 * checker_check - of @history with the nondeterminisms @allowed. @maybe: an operation of unknown result that may have
 * happened at any time or not at all; -1: none. @checked may be NULL. GAVE_UP: more configurations than CHECK_CONFIGS.
 */
enum verdict checker_check(struct checker *checker, const struct history *history, uint32_t allowed, int maybe,
			   struct checked *checked);
/* Configurations of the last check. */
unsigned long checker_configs(const struct checker *checker);

#define CHECK_CONFIGS	(1u << 18)

#endif
