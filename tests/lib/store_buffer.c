/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_buffer.c - two sides of store buffering, round after round. */
#include "tests/lib/store_buffer.h"

#include <sched.h>
#include <stdlib.h>

#include "core/base/topology.h"
#include "tests/lib/threads.h"

struct sb_word sb_x[SB_INSTANCES], sb_y[SB_INSTANCES];

static uint32_t order[SB_INSTANCES], loaded[2][SB_INSTANCES];
static unsigned int meeting[2];
static struct pin pins[2];

/* (C) while both threads run, but for the last two */
static struct {
	const struct sb_pattern *pattern;
	sb_side *side[2];
	unsigned long rounds;
	bool first;
	unsigned long shown;		/* side 0's */
	unsigned int stop;		/* (A) */
} run;

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

static void prepare(void)
{
	for (unsigned int i = 0; i < SB_INSTANCES; i++) {
		store_relaxed(&sb_x[i].v, run.pattern->x);
		store_relaxed(&sb_y[i].v, run.pattern->y);
	}
}

static void count(void)
{
	for (unsigned int i = 0; i < SB_INSTANCES; i++)
		run.shown += loaded[0][i] == run.pattern->loaded[0] && loaded[1][i] == run.pattern->loaded[1];
	if (run.first && run.shown)
		store_relaxed(&run.stop, 1u);
}

static void side(void *arg, unsigned int me)
{
	unsigned int generation = 0;

	(void)arg;
	topology_pin_self(&pins[me]);
	for (unsigned long t = 0; t < run.rounds && !load_relaxed(&run.stop); t++) {
		if (me == 0)
			prepare();
		meet(me, ++generation);
		run.side[me](order, loaded[me]);
		meet(me, ++generation);
		if (me == 0)
			count();
		meet(me, ++generation);
	}
}

unsigned long sb_outcomes(const struct sb_pattern *pattern, sb_side *side0, sb_side *side1, unsigned long rounds, bool first)
{
	run.pattern = pattern;
	run.side[0] = side0;
	run.side[1] = side1;
	run.rounds = rounds;
	run.first = first;
	run.shown = 0;
	store_relaxed(&run.stop, 0u);
	store_relaxed(&meeting[0], 0u);
	store_relaxed(&meeting[1], 0u);
	threads_run(2, side, NULL);
	return run.shown;
}

int sb_setup(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SB_INSTANCES; i++)
		order[i] = i;
	for (uint32_t i = SB_INSTANCES - 1; i > 0; i--) {
		uint32_t j = (uint32_t)random() % (i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	return topology_load(NULL) || topology_plan(PLACE_COMPACT, 2, 0, pins);
}

int sb_teardown(void **state)
{
	(void)state;
	topology_free();
	return 0;
}

bool sb_reorders(void)
{
	return !FAULTLINE_TSAN && topology_pus() >= 2;
}
