/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_order: small programs whose outcomes tell memory orders apart. In explore builds, each outcome that an order
 * allows is seen under it, and no other one ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/turns.h"

#define SCHEDULES	400u
#define SC		(1u << MEMORY_SC)
#define TSO		(1u << MEMORY_TSO)
#define C11		(1u << MEMORY_C11)

/* Lock key: (A) atomic (T) each word by one thread */
static struct {
	uint32_t x, y;			/* (A) */
	union {
		uint32_t whole;		/* (A) */
		uint8_t bytes[4];	/* (A) */
	};
	unsigned int here;		/* (A) threads that have done */
	uint32_t read[4];		/* (T) */
	struct object_probe probe;	/* (A) */
} shared;

DEFINE_OBJECT_KIND(thing, "things");

/* Stores a payload, then a flag. */
static void message_relaxed(unsigned int thread)
{
	if (thread == 0) {
		store_relaxed(&shared.x, 1u);
		store_relaxed(&shared.y, 1u);
	} else {
		shared.read[0] = load_relaxed(&shared.y);
		shared.read[1] = load_relaxed(&shared.x);
	}
}

static void message_acquire_only(unsigned int thread)
{
	if (thread == 0) {
		store_relaxed(&shared.x, 1u);
		store_relaxed(&shared.y, 1u);
	} else {
		shared.read[0] = load_acquire(&shared.y);
		shared.read[1] = load_relaxed(&shared.x);
	}
}

static void message(unsigned int thread)
{
	if (thread == 0) {
		store_relaxed(&shared.x, 1u);
		store_release(&shared.y, 1u);
	} else {
		shared.read[0] = load_acquire(&shared.y);
		shared.read[1] = load_relaxed(&shared.x);
	}
}

/* A third thread's update stays in the release sequence. */
static void message_updated(unsigned int thread)
{
	if (thread == 2)
		(void)fetch_add_relaxed(&shared.y, 1u);
	else
		message(thread);
}

static bool flag_without_payload(void)
{
	return shared.read[0] && !shared.read[1];
}

static bool updated_flag_without_payload(void)
{
	return shared.read[0] == 2 && !shared.read[1];
}

/* Each stores to its own, and loads the other's. */
static void store_buffering(unsigned int thread)
{
	store_release(thread ? &shared.y : &shared.x, 1u);
	shared.read[thread] = load_acquire(thread ? &shared.x : &shared.y);
}

static void store_buffering_one_fence(unsigned int thread)
{
	store_relaxed(thread ? &shared.y : &shared.x, 1u);
	if (thread == 0)
		smp_mb();
	shared.read[thread] = load_relaxed(thread ? &shared.x : &shared.y);
}

static void store_buffering_fences(unsigned int thread)
{
	store_relaxed(thread ? &shared.y : &shared.x, 1u);
	smp_mb();
	shared.read[thread] = load_relaxed(thread ? &shared.x : &shared.y);
}

/* x86 has a full barrier in each update, C11 has not. */
static void store_buffering_updates(unsigned int thread)
{
	(void)xchg_acq_rel(thread ? &shared.y : &shared.x, 1u);
	shared.read[thread] = load_relaxed(thread ? &shared.x : &shared.y);
}

static void store_buffering_after_atomic(unsigned int thread)
{
	(void)xchg_relaxed(thread ? &shared.y : &shared.x, 1u);
	smp_mb__after_atomic();
	shared.read[thread] = load_relaxed(thread ? &shared.x : &shared.y);
}

static bool both_missed(void)
{
	return !shared.read[0] && !shared.read[1];
}

/* Two writers, two readers: in which order do these see the writes? */
static void independent_reads(unsigned int thread)
{
	if (thread < 2) {
		store_release(thread ? &shared.y : &shared.x, 1u);
		return;
	}
	shared.read[2 * (thread - 2)] = load_acquire(thread == 2 ? &shared.x : &shared.y);
	shared.read[2 * (thread - 2) + 1] = load_acquire(thread == 2 ? &shared.y : &shared.x);
}

static bool readers_disagree(void)
{
	return shared.read[0] && !shared.read[1] && shared.read[2] && !shared.read[3];
}

/* One location: its stores are seen in one order. */
static void coherence(unsigned int thread)
{
	if (thread == 0) {
		store_relaxed(&shared.x, 1u);
		store_relaxed(&shared.x, 2u);
	} else {
		shared.read[0] = load_relaxed(&shared.x);
		shared.read[1] = load_relaxed(&shared.x);
	}
}

static bool went_back(void)
{
	return shared.read[1] < shared.read[0];
}

static bool second_was_older(void)
{
	return shared.read[0] == 1 && shared.read[1] == 2;
}

/* Updates read the latest store, whatever loads may. */
static void updates(unsigned int thread)
{
	shared.read[thread] = fetch_add_relaxed(&shared.x, 1u);
}

static bool update_lost(void)
{
	return shared.read[0] == shared.read[1];
}

/* A byte of a word that is read as a whole. */
static void parts(unsigned int thread)
{
	if (thread == 0) {
		store_release(&shared.bytes[1], 1);
	} else {
		shared.read[0] = load_acquire(&shared.whole);
		shared.read[1] = load_relaxed(&shared.bytes[1]);
	}
}

static bool part_went_back(void)
{
	return shared.read[0] && !shared.read[1];
}

static void find_unless_unlinked(void)
{
	unsigned long gone;

	rcu_read_lock();
	shared.read[0] = !load_acquire(&shared.x);
	gone = load_relaxed(&shared.probe.gone);
	shared.read[1] = gone ? (uint32_t)(grace_periods() + 1 - gone) : 0;
	if (shared.read[0])
		object_seen(&kind_thing, &shared.probe, &shared);
	rcu_read_unlock();
}

/* A thread that does not see the unlink: after its grace periods a reader may still find the object. */
static void grace_periods_of_another(unsigned int thread)
{
	if (thread == 0) {
		store_release(&shared.x, 1u);
		object_unlinked(&kind_thing, &shared.probe, &shared);
	} else if (thread == 1) {
		synchronize_rcu();
		synchronize_rcu();
	} else {
		find_unless_unlinked();
	}
}

static void grace_periods_of_the_unlinker(unsigned int thread)
{
	if (thread == 0) {
		store_relaxed(&shared.x, 1u);
		object_unlinked(&kind_thing, &shared.probe, &shared);
		synchronize_rcu();
		synchronize_rcu();
	} else {
		find_unless_unlinked();
	}
}

static bool found_after_grace_periods(void)
{
	return shared.read[0] && shared.read[1] > 1;
}

static const struct program {
	const char *name;
	unsigned int threads;
	void (*run)(unsigned int thread);
	bool (*outcome)(void);
	unsigned int allowed;		/* by which memory orders */
} programs[] = {
	{ "message, relaxed", 2, message_relaxed, flag_without_payload, C11 },
	{ "message, acquire only", 2, message_acquire_only, flag_without_payload, C11 },
	{ "message", 2, message, flag_without_payload, 0 },
	{ "message, updated", 3, message_updated, updated_flag_without_payload, 0 },
	{ "store buffering", 2, store_buffering, both_missed, TSO | C11 },
	{ "store buffering, one fence", 2, store_buffering_one_fence, both_missed, TSO | C11 },
	{ "store buffering, fences", 2, store_buffering_fences, both_missed, 0 },
	{ "store buffering, updates", 2, store_buffering_updates, both_missed, C11 },
	{ "store buffering, after atomic", 2, store_buffering_after_atomic, both_missed, 0 },
	{ "independent reads", 4, independent_reads, readers_disagree, C11 },
	{ "coherence", 2, coherence, went_back, 0 },
	{ "coherence, forward", 2, coherence, second_was_older, SC | TSO | C11 },
	{ "updates", 2, updates, update_lost, 0 },
	{ "grace periods of another", 3, grace_periods_of_another, found_after_grace_periods, C11 },
	{ "grace periods of the unlinker", 2, grace_periods_of_the_unlinker, found_after_grace_periods, 0 },
	{ "parts", 2, parts, part_went_back, 0 },
};

/* None leaves before all have come: a later one could get the cpu of an earlier one, which orders them. */
static void run_and_meet(void *arg, unsigned int thread)
{
	const struct program *program = arg;

	program->run(thread);
	(void)fetch_add_relaxed(&shared.here, 1u);
	while (load_relaxed(&shared.here) < program->threads)
		yield_core();
}

/* Returns in how many schedules the outcome was seen. */
static unsigned int seen(const struct program *program, enum schedule_memory memory)
{
	unsigned int nr = 0;

	for (unsigned int seed = 0; seed < SCHEDULES; seed++) {
		struct schedule_plan plan = { .seed = seed, .wander = seed % 2 ? 0 : 2, .memory = memory };

		schedule_draw(&plan, seed % 2 ? 4 : 1, 6 * program->threads);
		memset(&shared, 0, sizeof(shared));
		turns_run(&plan, program->threads, run_and_meet, (void *)(uintptr_t)program);
		nr += program->outcome();
	}
	return nr;
}

/* Row: M4. */
static void outcomes_are_those_of_the_memory_order(void **state)
{
	(void)state;
	if (!FAULTLINE_EXPLORE)
		skip();
	for (const struct program *program = programs; program < programs + ARRAY_SIZE(programs); program++)
		for (enum schedule_memory memory = MEMORY_SC; memory <= MEMORY_C11; memory++) {
			unsigned int nr = seen(program, memory);

			if (!!nr != (program->allowed >> memory & 1))
				fail_msg("%s: memory order %u: seen in %u of %u schedules", program->name, memory, nr,
					 SCHEDULES);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes_are_those_of_the_memory_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
