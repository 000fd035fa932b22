/* SPDX-License-Identifier: GPL-2.0-or-later */
/* age.c - ages in grace periods: the two rules hold where they should, and each is broken once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/age.h"
#include "core/host/rcu.h"
#include "core/probe/detector.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

DEFINE_OBJECT_KIND(thing, "things");

static struct {
	struct rcu_cb rcu;
	struct object_probe probe;
} object;

static unsigned int reader_stands, reader_goes;		/* steps */

static int forget(void **state)
{
	(void)state;
	memset(&object, 0, sizeof(object));
	reader_stands = 0;
	reader_goes = 0;
	return 0;
}

static void periods_that_follow_each_other_are_counted(void **state)
{
	unsigned long before = grace_periods();

	(void)state;
	needs_checks();
	synchronize_rcu();
	synchronize_rcu();
	assert_true(grace_periods() >= before + 2);
}

static void freed(struct rcu_head *head)
{
	(void)head;
	object_freed(&kind_thing, &object.probe, &object, 1);
}

static void a_former_waiter_may_free(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		object_unlinked(&kind_thing, &object.probe, &object);
		call_rcu(&object.rcu, freed);
		rcu_barrier();
		object_reused(&kind_thing, &object.probe, &object);
	}
}

static void a_missing_wait_is_detected(void **state)
{
	(void)state;
	needs_checks();
	object_unlinked(&kind_thing, &object.probe, &object);
	assert_dies("is freed 0 grace periods after the unlink, needs 1",
		    object_freed(&kind_thing, &object.probe, &object, 1));
	assert_string_equal(died_by(), "ages");
	object_freed(&kind_thing, &object.probe, &object, 0);
	detector_switch("ages", false);
	object_freed(&kind_thing, &object.probe, &object, 1);
	detector_switch("ages", true);
}

/* What was never found is freed when its owner likes. */
static void what_was_not_linked_has_no_age(void **state)
{
	(void)state;
	object_freed(&kind_thing, &object.probe, &object, 1);
	object_seen(&kind_thing, &object.probe, &object);
}

static void a_look_at_what_is_long_gone_is_seen(void **state)
{
	(void)state;
	needs_checks();
	object_unlinked(&kind_thing, &object.probe, &object);
	object_seen(&kind_thing, &object.probe, &object);
	synchronize_rcu();
	synchronize_rcu();
	assert_dies("one of the things, is accessed 2 grace periods after",
		    object_seen(&kind_thing, &object.probe, &object));
	object_reused(&kind_thing, &object.probe, &object);
	object_seen(&kind_thing, &object.probe, &object);
}

static void stand_inside(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	rcu_read_lock();
	step_reach(&reader_stands, 1);
	while (!step_within(&reader_goes, 1, 5))
		object_seen(&kind_thing, &object.probe, &object);
	object_seen(&kind_thing, &object.probe, &object);
	rcu_read_unlock();
}

/* Others wait for as many grace periods as they like: one ends at the most, while the reader stands. */
static void a_reader_in_its_section_never_looks_too_late(void **state)
{
	struct test_threads *threads;
	unsigned long before;

	(void)state;
	threads = threads_start(1, stand_inside, NULL);
	step_await(&reader_stands, 1);
	before = grace_periods();
	object_unlinked(&kind_thing, &object.probe, &object);
	call_rcu(&object.rcu, freed);
	step_within(&reader_goes, 1, 30);
	assert_true(grace_periods() <= before + 1);
	step_reach(&reader_goes, 1);
	threads_join(threads);
	rcu_barrier();
}

static void ages_are_reported(void **state)
{
	const struct detector *ages = detector_find("ages");
	size_t length;
	char *text;
	FILE *out;

	(void)state;
	needs_checks();
	detectors_reset();
	object_unlinked(&kind_thing, &object.probe, &object);
	object_freed(&kind_thing, &object.probe, &object, 0);
	object_reused(&kind_thing, &object.probe, &object);
	object_seen(&kind_thing, &object.probe, &object);
	out = open_memstream(&text, &length);
	ages->report(out, true);
	fclose(out);
	assert_non_null(strstr(text, "things freed:  1 at 0\n"));
	assert_non_null(strstr(text, "things reused:  1 at 0\n"));
	assert_non_null(strstr(text, "things accessed:  1 at linked\n"));
	assert_null(strstr(text, "folios"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(periods_that_follow_each_other_are_counted, forget),
		cmocka_unit_test_setup(a_former_waiter_may_free, forget),
		cmocka_unit_test_setup(a_missing_wait_is_detected, forget),
		cmocka_unit_test_setup(what_was_not_linked_has_no_age, forget),
		cmocka_unit_test_setup(a_look_at_what_is_long_gone_is_seen, forget),
		cmocka_unit_test_setup(a_reader_in_its_section_never_looks_too_late, forget),
		cmocka_unit_test_setup(ages_are_reported, forget),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
