/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schedule: the same plan gives the same interleaving, waits and hand-overs are kept, grace periods wait for readers,
 * deadlocks have names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/assert.h"
#include "core/host/rcu.h"
#include "core/lock/rwsem.h"
#include "core/lock/wait.h"
#include "core/phys/folio_lock.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/turns.h"

#define WORKERS		4u
#define MAX_EVENTS	4096u

static void draws_are_the_seeds(void **state)
{
	struct schedule_plan one = { .seed = 7 }, same = { .seed = 7 }, other = { .seed = 8 };

	(void)state;
	schedule_draw(&one, SCHEDULE_CHANGES + 1, 20);
	schedule_draw(&same, SCHEDULE_CHANGES + 1, 20);
	schedule_draw(&other, SCHEDULE_CHANGES + 1, 20);
	assert_int_equal(one.nr_changes, SCHEDULE_CHANGES);
	assert_memory_equal(one.changes, same.changes, sizeof(one.changes));
	assert_memory_not_equal(one.changes, other.changes, sizeof(one.changes));
	for (unsigned int i = 0; i < one.nr_changes; i++) {
		assert_in_range(one.changes[i].step, 1, 20);
		for (unsigned int k = 0; k < i; k++)
			assert_int_not_equal(one.changes[i].step, one.changes[k].step);
	}
	schedule_draw(&one, 5, 3);
	assert_int_equal(one.nr_changes, 3);
	schedule_draw(&one, 1, 100);
	assert_int_equal(one.nr_changes, 0);
}

#if FAULTLINE_CHECK
/* ---- what happened ---- */
struct record {
	struct schedule_log log;
	struct schedule_event events[MAX_EVENTS];
};

static struct record *record_of(struct schedule_plan *plan, struct record *record)
{
	record->log = (struct schedule_log){ .room = MAX_EVENTS, .events = record->events };
	plan->log = &record->log;
	return record;
}

static bool same_records(const struct record *one, const struct record *other)
{
	if (one->log.nr_events != other->log.nr_events || one->log.steps != other->log.steps)
		return false;
	for (unsigned int i = 0; i < min(one->log.nr_events, MAX_EVENTS); i++)
		if (one->events[i].thread != other->events[i].thread || one->events[i].kind != other->events[i].kind ||
		    strcmp(one->events[i].where, other->events[i].where))
			return false;
	return true;
}

/* Where @kind first happened to @thread at @where; MAX_EVENTS: nowhere. */
static unsigned int find(const struct record *record, unsigned int thread, enum schedule_event_kind kind,
			 const char *where)
{
	for (unsigned int i = 0; i < min(record->log.nr_events, MAX_EVENTS); i++)
		if (record->events[i].thread == thread && record->events[i].kind == kind &&
		    !strcmp(record->events[i].where, where))
			return i;
	return MAX_EVENTS;
}

/* ---- workers that meet in locks of every kind ---- */
static struct {
	spinlock_t spin[NR_SPIN_KINDS];
	struct rwsem sem;
	struct folio folio;
	unsigned int inside[NR_SPIN_KINDS + 2], count;	/* plain: one thread inside at a time, or the checks fail */
} meeting;

static void alone(unsigned int lock)
{
	BUG_ON(meeting.inside[lock]++);
	SYNCPOINT("test.inside");
	fetch_add_relaxed(&meeting.count, 1u);
	BUG_ON(--meeting.inside[lock]);
}

static void meet(void *arg, unsigned int index)
{
	(void)arg;
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++) {
		spin_lock(&meeting.spin[kind]);
		alone(kind);
		spin_unlock(&meeting.spin[kind]);
	}
	down_write(&meeting.sem);
	alone(NR_SPIN_KINDS);
	up_write(&meeting.sem);
	down_read(&meeting.sem);
	SYNCPOINT("test.reading");
	up_read(&meeting.sem);
	folio_lock(&meeting.folio);
	alone(NR_SPIN_KINDS + 1);
	folio_unlock(&meeting.folio);
	if (index % 2)
		schedule_yield();
}

static void meet_by(struct schedule_plan *plan, struct record *record)
{
	memset(&meeting, 0, sizeof(meeting));
	meeting.folio.page._refcount = 1;
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++)
		spin_lock_init(&meeting.spin[kind], kind, RANK_PTE_PTL);
	init_rwsem(&meeting.sem, RANK_MMAP_LOCK);
	record_of(plan, record);
	turns_run(plan, WORKERS, meet, NULL);
	assert_int_equal(meeting.count, WORKERS * (NR_SPIN_KINDS + 2));
	assert_false(meeting.sem.count || meeting.folio.page.flags);
}

/* Both kinds of schedules: some hundred of each, and each a second time. */
static void the_same_seed_is_the_same_interleaving(void **state)
{
	static struct record one, again, before;
	unsigned int differ = 0, waits = 0;

	(void)state;
	for (unsigned int seed = 1; seed <= 200; seed++) {
		struct schedule_plan plan = { .seed = seed, .wander = seed % 2 ? 0 : 2, .max_steps = 100000 };

		schedule_draw(&plan, 4, 60);
		meet_by(&plan, &one);
		meet_by(&plan, &again);
		assert_true(same_records(&one, &again));
		assert_true(one.log.steps >= WORKERS * (NR_SPIN_KINDS + 2) && one.log.nr_events <= MAX_EVENTS);
		differ += !same_records(&one, &before);
		before = one;
		for (unsigned int i = 0; i < one.log.nr_events; i++)
			waits += one.events[i].kind == SCHEDULE_WAITS;
	}
	assert_true(differ > 150 && waits > 200);
}

/* Without changes every thread runs from its start to its end, the highest first. */
static void without_changes_no_thread_is_interrupted(void **state)
{
	static struct record record;
	struct schedule_plan plan = { .seed = 3 };

	(void)state;
	meet_by(&plan, &record);
	/* to a worker; at yields; to the callbacks' last turn */
	assert_in_range(record.log.switches, 2, 2 + WORKERS / 2);
	for (unsigned int i = 0; i < record.log.nr_events; i++)
		assert_int_not_equal(record.events[i].kind, SCHEDULE_WAITS);
}

/* ---- hand-overs ---- */
static unsigned int order[8], nr_order;	/* (A): a turn handed over is no order that ThreadSanitizer knows */

static void note(unsigned int what)
{
	store_relaxed(&order[fetch_add_relaxed(&nr_order, 1u)], what);
}

static void pass_three(void *arg, unsigned int index)
{
	(void)arg;
	SYNCPOINT("test.first");
	note(index * 10 + 1);
	SYNCPOINT("test.second");
	note(index * 10 + 2);
	SYNCPOINT("test.third");
	note(index * 10 + 3);
}

/* With any priorities X stays at P until Y has passed Q; then the higher one runs. */
static void a_thread_stays_until_another_has_passed(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		struct schedule_plan plan = {
			.seed = seed, .nr_holds = 2, .holds = {
				{ .thread = 0, .at = "test.second", .other = 1, .until = "test.third" },
				{ .thread = 1, .at = "test.first", .other = 0, .until = "test.second" },
			},
		};

		nr_order = 0;
		turns_run(&plan, 2, pass_three, NULL);
		assert_int_equal(nr_order, 6);
		assert_int_equal(order[0], 1);
		assert_int_equal(order[1], 11);
		assert_int_equal(order[2], 12);
	}
}

static void a_thread_stays_until_another_has_left(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		struct schedule_plan plan = {
			.seed = seed, .nr_holds = 1,
			.holds = { { .thread = 0, .at = "test.first", .other = 1, .until = "no such point" } },
		};

		nr_order = 0;
		turns_run(&plan, 2, pass_three, NULL);
		assert_int_equal(order[2], 13);
		assert_int_equal(order[3], 1);
	}
}

/* ---- grace periods ---- */
static struct {
	struct rcu_cb cb;
	bool read, synchronized, called;
} grace;

static void called(struct rcu_head *head)
{
	(void)head;
	BUG_ON(!grace.read);
	store_relaxed(&grace.called, true);
}

static void read_or_wait(void *arg, unsigned int index)
{
	(void)arg;
	if (index == 0) {
		rcu_read_lock();
		SYNCPOINT("test.reading");
		SYNCPOINT("test.still_reading");
		grace.read = true;
		rcu_read_unlock();
		SYNCPOINT("test.has_read");
		return;
	}
	SYNCPOINT("test.before_wait");
	call_rcu(&grace.cb, called);
	synchronize_rcu();
	BUG_ON(!grace.read);
	grace.synchronized = true;
	rcu_barrier();
	BUG_ON(!load_relaxed(&grace.called));
}

/* The reader is in its section when the other asks, and the other may run first whenever it can. */
static void a_grace_period_waits_for_its_readers(void **state)
{
	static struct record record;

	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		struct schedule_plan plan = {
			.seed = seed, .wander = 2, .nr_holds = 1,
			.holds = { { 1, 0, "test.before_wait", "test.reading" } },
		};

		memset(&grace, 0, sizeof(grace));
		record_of(&plan, &record);
		turns_run(&plan, 2, read_or_wait, NULL);
		assert_true(grace.synchronized && grace.called);
		assert_true(find(&record, SCHEDULE_CALLBACKS, SCHEDULE_PASSED, "rcu.callback") <
			    find(&record, 1, SCHEDULE_LEFT, ""));
	}
}

/* A section that began later holds up nothing: the one inside would wait for ever. */
static void read_and_wait(void *arg, unsigned int index)
{
	(void)arg;
	if (index == 1) {
		SYNCPOINT("test.before_wait");
		grace.read = true;
		call_rcu(&grace.cb, called);
		SYNCPOINT("test.asked");
		rcu_barrier();
		SYNCPOINT("test.waited");
		return;
	}
	rcu_read_lock();
	rcu_read_lock();
	SYNCPOINT("test.reading");
	rcu_read_unlock();
	rcu_read_unlock();
	rcu_read_lock();
	SYNCPOINT("test.reading_again");
	BUG_ON(!load_relaxed(&grace.called));
	rcu_read_unlock();
}

static void a_later_section_holds_nothing_up(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		struct schedule_plan plan = {
			.seed = seed, .nr_holds = 3, .holds = {
				{ .thread = 1, .at = "test.before_wait", .other = 0, .until = "test.reading" },
				{ .thread = 0, .at = "test.reading", .other = 1, .until = "test.asked" },
				{ .thread = 0, .at = "test.reading_again", .other = 1, .until = "test.waited" },
			},
		};

		memset(&grace, 0, sizeof(grace));
		turns_run(&plan, 2, read_and_wait, NULL);
		assert_true(grace.called);
	}
}

/* ---- what never ends ---- */
static void sleep_unwoken(void *arg, unsigned int index)
{
	static uint32_t word;

	(void)arg;
	if (index == 0)
		store_relaxed(&word, 1u);	/* changed, but without a wake-up */
	else
		futex_wait(&word, load_relaxed(&word));
}

static void read_for_ever(void *arg, unsigned int index)
{
	static uint32_t word;

	(void)arg;
	if (index == 0) {
		synchronize_rcu();
		return;
	}
	rcu_read_lock();
	schedule_await(&word, 0, "Godot");
}

static void go_round(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	for (;;)
		SYNCPOINT("test.round");
}

struct never {
	void (*fn)(void *arg, unsigned int index);
	unsigned int workers;
	struct schedule_plan plan;
};

static bool run_never(void *arg)
{
	const struct never *never = arg;

	turns_run(&never->plan, never->workers, never->fn, NULL);
	return true;
}

static void what_never_ends_is_named(void **state)
{
	static struct never unwoken = { sleep_unwoken, 2, { .seed = 1 } },
			    reading = { read_for_ever, 2, { .seed = 1, .nr_holds = 0 } },
			    round = { go_round, 2, { .seed = 1, .max_steps = 10000 } };
	char said[4096];

	(void)state;
	assert_false(child_ends_well(run_never, &unwoken, said, sizeof(said)));
	assert_non_null(strstr(said, "deadlock: worker 1 waits for a wake-up"));
	assert_non_null(strstr(said, "detector: deadlock\n"));
	do /* in either order: the section is open when the other asks, or it is not */
		reading.plan.seed++;
	while (child_ends_well(run_never, &reading, said, sizeof(said)) || !strstr(said, "a grace period"));
	assert_non_null(strstr(said, "deadlock: worker 0 waits for a grace period; worker 1 waits for Godot"));
	assert_false(child_ends_well(run_never, &round, said, sizeof(said)));
	assert_non_null(strstr(said, "no end after 10000 steps"));
	assert_non_null(strstr(said, "detector: circles\n"));
}

/* Who goes round and round lets others go on in the end: no thread is starved by a loop. */
static bool other_went_on;

static void wait_by_looking(void *arg, unsigned int index)
{
	(void)arg;
	if (index == 0)
		while (!load_relaxed(&other_went_on))
			SYNCPOINT("test.round");
	else
		store_relaxed(&other_went_on, true);
}

static void a_thread_that_polls_is_overtaken(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 10; seed++) {
		struct schedule_plan plan = { .seed = seed, .max_steps = 10000 };

		other_went_on = false;
		turns_run(&plan, 2, wait_by_looking, NULL);
		assert_true(other_went_on);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_are_the_seeds),
#if FAULTLINE_CHECK
		cmocka_unit_test(what_never_ends_is_named),
		cmocka_unit_test(the_same_seed_is_the_same_interleaving),
		cmocka_unit_test(without_changes_no_thread_is_interrupted),
		cmocka_unit_test(a_thread_stays_until_another_has_passed),
		cmocka_unit_test(a_thread_stays_until_another_has_left),
		cmocka_unit_test(a_grace_period_waits_for_its_readers),
		cmocka_unit_test(a_later_section_holds_nothing_up),
		cmocka_unit_test(a_thread_that_polls_is_overtaken),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
