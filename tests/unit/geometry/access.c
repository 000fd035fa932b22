/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access: programs whose only mistake lies between two accesses, with no sync point there. Explore builds find each;
 * other builds have no step there, and find none. The correct programs never fail. And programs with a data race: each
 * is reported, if both accesses come, and none without one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/turns.h"

#define WORKERS		2u
#define SCHEDULES	400u
#define VALUE		7u

/* Lock key: (A) atomic (D) the mistake of a program */
static struct {
	uint32_t count;			/* (A) (D) */
	uint32_t slots[WORKERS];	/* (A) */
	uint32_t taken;			/* (A) (D) */
	uint32_t *published;		/* (A) */
	bool wrong;			/* (A) */
} shared;

/* Each adds 1, the wrong ones by a load and a store. */
static void count_up(void *correct, unsigned int index)
{
	(void)index;
	if (correct)
		(void)fetch_add_relaxed(&shared.count, 1u);
	else
		count_own(&shared.count, 1u);
	(void)fetch_add_relaxed(&shared.taken, 1u);
	if (load_relaxed(&shared.taken) == WORKERS && load_relaxed(&shared.count) != WORKERS)
		store_relaxed(&shared.wrong, true);
}

/* Worker 0 publishes a slot and fills it, in the right order or not; worker 1 reads what is published. */
static void publish(void *correct, unsigned int index)
{
	uint32_t *slot;

	if (index == 0) {
		if (correct)
			store_relaxed(&shared.slots[0], VALUE);
		store_release(&shared.published, &shared.slots[0]);
		if (!correct)
			store_relaxed(&shared.slots[0], VALUE);
	} else {
		slot = load_acquire(&shared.published);
		if (slot && load_relaxed(slot) != VALUE)
			store_relaxed(&shared.wrong, true);
	}
}

/* One of two takes what is free; a check and a store are no test-and-set. */
static void take(void *correct, unsigned int index)
{
	bool mine;

	(void)index;
	if (correct) {
		mine = !xchg_acq_rel(&shared.taken, 1u);
	} else {
		mine = !load_relaxed(&shared.taken);
		if (mine)
			store_relaxed(&shared.taken, 1u);
	}
	if (mine && fetch_add_relaxed(&shared.count, 1u))
		store_relaxed(&shared.wrong, true);
}

static void (*const programs[])(void *correct, unsigned int index) = { count_up, publish, take };

/* Returns whether one of the schedules failed. */
static bool fails(unsigned int program, bool correct)
{
	for (unsigned int seed = 0; seed < SCHEDULES; seed++) {
		struct schedule_plan plan = { .seed = seed, .wander = seed % 2 ? 0 : 3 };

		shared.count = shared.taken = shared.slots[0] = 0;
		shared.published = NULL;
		shared.wrong = false;
		schedule_draw(&plan, 3, 12);
		turns_run(&plan, WORKERS, programs[program], correct ? &shared : NULL);
		if (shared.wrong)
			return true;
	}
	return false;
}

/* Row: M4. */
static void explore_builds_find_what_lies_between_two_accesses(void **state)
{
	(void)state;
	if (!FAULTLINE_CHECK)
		skip();
	for (unsigned int i = 0; i < ARRAY_SIZE(programs); i++) {
		assert_int_equal(fails(i, false), FAULTLINE_EXPLORE);
		assert_false(fails(i, true));
	}
}

/* ---- data races ---- */
struct node {
	struct rcu_cb rcu;
	uint32_t value;
};

static struct {
	uint32_t data;			/* plain */
	uint32_t flag, here;		/* (A) */
	uint8_t bytes[4];		/* plain, one each */
	spinlock_t lock;
	struct node *node;		/* (A) */
} racy;

static void count_locked(void *correct, unsigned int index)
{
	if (correct || index)
		spin_lock(&racy.lock);
	racy.data++;
	if (correct || index)
		spin_unlock(&racy.lock);
}

static void neighbours(void *correct, unsigned int index)
{
	racy.bytes[correct ? index : 2]++;
}

/* Worker 0 fills, and raises the flag, which worker 1 waits for. */
static void await_flag(bool acquire)
{
	while (!(acquire ? load_acquire(&racy.flag) : load_relaxed(&racy.flag)))
		yield_core();
}

static void pass_on(void *correct, unsigned int index)
{
	if (index == 0) {
		racy.data = VALUE;
		if (correct)
			store_release(&racy.flag, 1u);
		else
			store_relaxed(&racy.flag, 1u);
	} else {
		await_flag(true);
		BUG_ON(racy.data != VALUE);
	}
}

/* The same by fences; the wrong one has that of the writer alone. */
static void pass_on_by_fences(void *correct, unsigned int index)
{
	if (index == 0) {
		racy.data = VALUE;
		smp_mb();
		store_relaxed(&racy.flag, 1u);
	} else {
		await_flag(false);
		if (correct)
			smp_mb();
		BUG_ON(racy.data != VALUE);
	}
}

static void overwrite(struct rcu_head *head)
{
	rcu_cb_entry(head, struct node, rcu)->value = 0;
}

/* Worker 0 unlinks the node, and ends it after a grace period; the wrong one does not wait. */
static void end_node(void *correct, unsigned int index)
{
	struct node *node;

	if (index) {
		rcu_read_lock();
		node = load_acquire(&racy.node);
		BUG_ON(node && node->value != VALUE);
		rcu_read_unlock();
		return;
	}
	node = xchg_acq_rel(&racy.node, NULL);
	if (correct)
		call_rcu(&node->rcu, overwrite);
	else
		overwrite(&node->rcu.head);
}

static void (*const racers[])(void *correct, unsigned int index) = {
	count_locked, neighbours, pass_on, pass_on_by_fences, end_node,
};

static struct trial {
	unsigned int racer, seed;
	bool correct;
} trial;

/* Both come before one goes on, without an order between them: else the second could get the cpu of the first. */
static void meet_and_race(void *correct, unsigned int index)
{
	(void)fetch_add_relaxed(&racy.here, 1u);
	while (load_relaxed(&racy.here) < WORKERS)
		yield_core();
	racers[trial.racer](correct, index);
}

static bool races_to_the_end(void *arg)
{
	static struct node node;
	struct schedule_plan plan = { .seed = trial.seed, .wander = 3 };

	memset(&racy, 0, sizeof(racy));
	node.value = VALUE;
	racy.node = &node;
	spin_lock_init(&racy.lock, SPIN_TTAS, RANK_PTE_PTL);
	turns_run(&plan, WORKERS, meet_and_race, trial.correct ? arg : NULL);
	return true;
}

/* Row: M4. */
static void data_races_are_reported(void **state)
{
	char said[512];

	(void)state;
	if (!FAULTLINE_EXPLORE)
		skip();
	for (trial.racer = 0; trial.racer < ARRAY_SIZE(racers); trial.racer++) {
		unsigned int reported = 0;

		for (trial.seed = 0; trial.seed < 20; trial.seed++) {
			trial.correct = true;
			if (!child_ends_well(races_to_the_end, &trial, said, sizeof(said)))
				fail_msg("racer %u, correct, seed %u: %s", trial.racer, trial.seed, said);
			trial.correct = false;
			reported += !child_ends_well(races_to_the_end, &trial, said, sizeof(said)) &&
				    strstr(said, "detector: data race");
		}
		assert_in_range(reported, 5, 20);
	}
}

/* Each access of the race is an event, with its value, in the order in which they happened. Row: M4. */
static void events_tell_what_was_accessed(void **state)
{
	static struct schedule_event events[4096];
	struct schedule_log log = { .room = ARRAY_SIZE(events), .events = events };

	(void)state;
	if (!FAULTLINE_EXPLORE)
		skip();
	for (unsigned int seed = 0; seed < 20; seed++) {
		struct schedule_plan plan = { .seed = seed, .wander = 3, .log = &log };
		unsigned int writes = 0, reads = 0;
		uint64_t raised = 0;

		memset(&racy, 0, sizeof(racy));
		turns_run(&plan, WORKERS, pass_on, &racy);
		assert_in_range(log.nr_events, 4, log.room);
		for (const struct schedule_event *event = events; event < events + log.nr_events; event++) {
			if (event->kind == SCHEDULE_WRITES && event->address == &racy.data) {
				assert_true(event->thread == 0 && event->order == SCHEDULE_PLAIN);
				assert_true(event->size == sizeof(racy.data) && event->value == VALUE);
				writes++;
			} else if (event->kind == SCHEDULE_READS && event->address == &racy.data) {
				assert_true(event->thread == 1 && event->value == VALUE && writes == 1 && raised);
				reads++;
			} else if (event->kind == SCHEDULE_WRITES && event->address == &racy.flag) {
				assert_true(event->order == __ATOMIC_RELEASE);
				raised = event->value;
			} else if (event->kind == SCHEDULE_READS && event->address == &racy.flag) {
				assert_int_equal(event->value, raised);
			}
		}
		assert_true(writes == 1 && reads == 1 && raised == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explore_builds_find_what_lies_between_two_accesses),
		cmocka_unit_test(data_races_are_reported),
		cmocka_unit_test(events_tell_what_was_accessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
