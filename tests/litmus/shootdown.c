/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shootdown.c - the store buffering of shootdown.h, extracted: entry and mark in many instances, two threads.
 *
 *   walker   mark = 1; r0 = entry          freer   entry = 0; r1 = mark
 *
 * Never      r0 == 1 and r1 == 0 with the orders of the core: the walker reads the table, and the freer does not wait
 * Sometimes  the same, with the order of one side, or of both, left out. A Sometimes that does not show voids the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>

#include "core/base/atomic.h"
#include "core/base/cpu.h"
#include "core/base/topology.h"
#include "tests/lib/threads.h"

#define INSTANCES	4096	/* per round, in random order: far more than a store buffer holds */
#define NEVER_ROUNDS	2000
#define ENOUGH_ROUNDS	200000	/* a Sometimes shows in the first few hundred on two cores */

struct word {
	uint32_t v;
} __attribute__((aligned(128)));

static struct word mark[INSTANCES], entry[INSTANCES];
static uint32_t r0[INSTANCES], r1[INSTANCES], order[INSTANCES];
static unsigned int meeting[2];
static struct pin pins[2];

/* Both sides' orders, or one, or none. */
enum orders { BOTH, NO_WALKER, NO_FREER, NONE };

static enum orders left;
static unsigned long rounds, forbidden;
static unsigned int stop;

static void meet(unsigned int me, unsigned int generation)
{
	unsigned int spins = 0;

	store_release(&meeting[me], generation);
	while ((int)(load_acquire(&meeting[!me]) - generation) < 0)
		if (++spins > 1000) {
			spins = 0;
			sched_yield();
		}
}

static force_inline uint32_t walker(uint32_t i, bool ordered)
{
	store_relaxed(&mark[i].v, 1u);
	if (ordered)
		smp_mb();
	return load_acquire(&entry[i].v);
}

static force_inline uint32_t freer(uint32_t i, bool ordered)
{
	store_relaxed(&entry[i].v, 0u);
	if (ordered)
		smp_mb();
	return load_acquire(&mark[i].v);
}

/* One loop for each choice, so that nothing but the two accesses and their order is in it. */
static void run_side(unsigned int me)
{
	if (me == 0 && (left == BOTH || left == NO_FREER))
		for (unsigned int k = 0; k < INSTANCES; k++)
			r0[order[k]] = walker(order[k], true);
	else if (me == 0)
		for (unsigned int k = 0; k < INSTANCES; k++)
			r0[order[k]] = walker(order[k], false);
	else if (left == BOTH || left == NO_WALKER)
		for (unsigned int k = 0; k < INSTANCES; k++)
			r1[order[k]] = freer(order[k], true);
	else
		for (unsigned int k = 0; k < INSTANCES; k++)
			r1[order[k]] = freer(order[k], false);
}

static void side(void *arg, unsigned int me)
{
	unsigned int generation = 0;

	(void)arg;
	topology_pin_self(&pins[me]);
	for (unsigned long t = 0; t < rounds && !load_relaxed(&stop); t++) {
		for (unsigned int i = 0; me == 0 && i < INSTANCES; i++) {
			store_relaxed(&mark[i].v, 0u);
			store_relaxed(&entry[i].v, 1u);
		}
		meet(me, ++generation);
		run_side(me);
		meet(me, ++generation);
		for (unsigned int i = 0; me == 0 && i < INSTANCES; i++)
			forbidden += r0[i] && !r1[i];
		if (me == 0 && left != BOTH && forbidden)
			store_relaxed(&stop, 1);
		meet(me, ++generation);
	}
}

static unsigned long outcomes(enum orders which, unsigned long how_long)
{
	left = which;
	rounds = how_long;
	forbidden = 0;
	store_relaxed(&stop, 0);
	store_relaxed(&meeting[0], 0);
	store_relaxed(&meeting[1], 0);
	threads_run(2, side, NULL);
	return forbidden;
}

static void never_with_both_orders(void **state)
{
	(void)state;
	assert_int_equal(outcomes(BOTH, NEVER_ROUNDS), 0);
}

static void sometimes_without(void **state)
{
	(void)state;
	if (FAULTLINE_TSAN || topology_pus() < 2)
		skip();		/* a store buffer needs two processors, and accesses that are not calls */
	assert_true(outcomes(NONE, ENOUGH_ROUNDS) > 0);
	assert_true(outcomes(NO_WALKER, ENOUGH_ROUNDS) > 0);
	assert_true(outcomes(NO_FREER, ENOUGH_ROUNDS) > 0);
}

static int setup(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < INSTANCES; i++)
		order[i] = i;
	for (uint32_t i = INSTANCES - 1; i > 0; i--) {
		uint32_t j = (uint32_t)random() % (i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	return topology_load(NULL) || topology_plan(PLACE_COMPACT, 2, 0, pins);
}

static int teardown(void **state)
{
	(void)state;
	topology_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_with_both_orders),
		cmocka_unit_test(sometimes_without),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
