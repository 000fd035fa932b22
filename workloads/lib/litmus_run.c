/* SPDX-License-Identifier: GPL-2.0-or-later */
/* litmus_run.c - the litmus patterns that registered themselves, and the two threads that race one. */
#include "workloads/lib/litmus_run.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#define MAX_LITMUS	64
#define SPINS_BEFORE_YIELD	1000u	/* the other side takes some 100 µs; longer means its thread was preempted */
#define ORDERS		4u	/* of side 1, in turn: that of side 0, and it shuffled in blocks of 4, 16 and 64 */

/* ---- the patterns ---- */

static const struct litmus *patterns[MAX_LITMUS];	/* (C) once main() runs, ascending by name */
static unsigned int nr;

unsigned int nr_litmus(void)
{
	return nr;
}

const struct litmus *litmus_get(unsigned int index)
{
	return index < nr ? patterns[index] : NULL;
}

const struct litmus *litmus_find(const char *name)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(patterns[i]->name, name))
			return patterns[i];
	return NULL;
}

void litmus_register(const struct litmus *litmus)
{
	unsigned int i = nr;

	BUG_ON(nr == MAX_LITMUS || litmus_find(litmus->name));
	for (; i && strcmp(patterns[i - 1]->name, litmus->name) > 0; i--)
		patterns[i] = patterns[i - 1];
	patterns[i] = litmus;
	nr++;
}

/* ---- the race ---- */

enum gate { GATE_SHUT, GATE_OPEN, GATE_CLOSED };	/* closed: end */

/*
 * Lock key: (C) const while both threads run (A) atomic (M) side 0 between two meetings (S) one side each, read after a
 * meeting
 */
static struct {
	const struct litmus *litmus;		/* (C) */
	const struct litmus_bounds *bounds;	/* (C) */
	unsigned int removed;			/* (C) */
	uint32_t order[ORDERS][LITMUS_INSTANCES];	/* (C) */
	struct pin pins[2];			/* (C) */
	bool went_on[2][LITMUS_INSTANCES];	/* (S) */
	enum gate gate;				/* (A) */
	unsigned int met[2];			/* (A) */
	struct litmus_counts counts;		/* (M) */
	bool stop;				/* (M) */
} race;

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void meet(unsigned int me, unsigned int generation)
{
	unsigned int spins = 0;

	store_release(&race.met[me], generation);
	while ((int)(load_acquire(&race.met[!me]) - generation) < 0)
		if (++spins > SPINS_BEFORE_YIELD) {
			spins = 0;
			sched_yield();
		}
}

static bool enough(double elapsed)
{
	return elapsed >= race.bounds->seconds && (race.counts.outcome[1][1] || elapsed >= race.bounds->patience);
}

/* The side whose caches hold the words is the faster one: without meetings it would soon be far ahead for good. */
static unsigned int race_chunks(unsigned int me, const uint32_t *order, unsigned int generation)
{
	meet(me, ++generation);
	for (unsigned int i = 0; i < LITMUS_INSTANCES; i += LITMUS_CHUNK) {
		race.litmus->side[me](order + i, race.went_on[me], race.removed);
		meet(me, ++generation);
	}
	return generation;
}

static void race_side(unsigned int me)
{
	unsigned int generation = 0, round = 0;
	double begin = seconds_now();

	topology_pin_self(&race.pins[me]);
	do {
		if (me == 0)
			race.litmus->start();
		generation = race_chunks(me, race.order[me ? round % ORDERS : 0], generation);
		if (me == 0) {
			for (unsigned int i = 0; i < LITMUS_INSTANCES; i++)
				race.counts.outcome[race.went_on[0][i]][race.went_on[1][i]]++;
			race.stop = enough(seconds_now() - begin);
		}
		round++;
		meet(me, ++generation);
	} while (!race.stop);
}

static void *race_thread(void *arg)
{
	enum gate gate;

	while ((gate = load_acquire(&race.gate)) == GATE_SHUT)
		sched_yield();
	if (gate == GATE_OPEN)
		race_side(arg ? 1 : 0);
	return NULL;
}

/* Both threads race, or none does. Returns 0 or -errno. */
static int race_run(void)
{
	pthread_t threads[2];
	unsigned int started = 0;
	int error = 0;

	while (started < 2 && !(error = pthread_create(&threads[started], NULL, race_thread, started ? &race : NULL)))
		started++;
	store_release(&race.gate, error ? GATE_CLOSED : GATE_OPEN);
	while (started)
		pthread_join(threads[--started], NULL);
	return -error;
}

static void shuffle(struct rng *rng, uint32_t *order, uint32_t nr_of_order)
{
	for (uint32_t i = nr_of_order - 1; i > 0; i--) {
		uint32_t j = (uint32_t)rng_below(rng, i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
}

/*
 * Two processors over one order settle down to a lead that some machines keep for good: then a window of a few
 * instructions is never met. In the other orders the lead differs from instance to instance.
 */
static void make_orders(void)
{
	struct rng rng;

	rng_init(&rng, 1);
	for (uint32_t i = 0; i < LITMUS_INSTANCES; i++)
		race.order[0][i] = i;
	shuffle(&rng, race.order[0], LITMUS_INSTANCES);
	for (uint32_t k = 1, block = 4; k < ORDERS; k++, block *= 4) {
		memcpy(race.order[k], race.order[0], sizeof(race.order[k]));
		for (uint32_t i = 0; i < LITMUS_INSTANCES; i += block)
			shuffle(&rng, race.order[k] + i, block);
	}
}

int litmus_run(const struct litmus *litmus, unsigned int removed, const struct litmus_bounds *bounds,
	       struct litmus_counts *counts)
{
	int error;

	memset(&race, 0, sizeof(race));
	race.litmus = litmus;
	race.bounds = bounds;
	race.removed = removed;
	make_orders();
	error = topology_plan(PLACE_COMPACT, 2, 0, race.pins);
	if (!error)
		error = race_run();
	*counts = race.counts;
	return error;
}

/* ---- outcomes ---- */

unsigned long litmus_instances(const struct litmus_counts *counts)
{
	return counts->outcome[0][0] + counts->outcome[0][1] + counts->outcome[1][0] + counts->outcome[1][1];
}

enum litmus_verdict litmus_verdict(const struct litmus_counts *counts)
{
	if (!counts->outcome[1][1])
		return LITMUS_NEVER;
	return counts->outcome[1][1] < litmus_instances(counts) ? LITMUS_SOMETIMES : LITMUS_ALWAYS;
}

bool litmus_can_show(void)
{
	return !FAULTLINE_TSAN && topology_is_real() && topology_pus() >= 2;
}

const char *litmus_wrong(const struct litmus_part *part, enum litmus_verdict verdict, bool strict)
{
	if (!part)
		return verdict == LITMUS_NEVER ? NULL : "shows the forbidden outcome";
	if (strict && verdict == LITMUS_NEVER && !part->hidden && litmus_can_show())
		return "never shows the outcome, so the intact pattern's Never means nothing";
	return NULL;
}
