/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syncpoint: hits, hooks, noise, failing allocations; in builds without checks, that all of it is nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/probe/syncpoint.h"

static void pass_here(void)
{
	SYNCPOINT("test-here");
}

static void pass_there(void)
{
	SYNCPOINT("test-there");
}

static struct syncpoint *find(const char *name)
{
	struct syncpoint *point;

	for (unsigned int i = 0; (point = syncpoint_get(i)); i++)
		if (!strcmp(point->name, name))
			return point;
	return NULL;
}

static void note_call(void *arg)
{
	++*(int *)arg;
}

static int clean(void **state)
{
	(void)state;
	syncpoint_hook(NULL, NULL, NULL);
	syncpoint_noise(0);
	syncpoints_reset();
	inject_alloc_failure(0);
	return 0;
}

static void unknown_names(void **state)
{
	(void)state;
	assert_int_equal(syncpoint_hook("no such point", note_call, NULL), -ENOENT);
	assert_null(find("no such point"));
}

#if FAULTLINE_CHECK
static const struct syncpoint *passed;
static unsigned int times;

static void hear(const struct syncpoint *point)
{
	passed = point;
	times++;
}

static const struct syncpoint_subscriber listener = { .hit = hear };
SYNCPOINT_SUBSCRIBER(listener);

static void subscribers_are_notified_of_every_hit(void **state)
{
	(void)state;
	times = 0;
	pass_here();
	assert_ptr_equal(passed, find("test-here"));
	pass_there();
	assert_ptr_equal(passed, find("test-there"));
	assert_int_equal(times, 2);
}

static void hits_are_counted(void **state)
{
	(void)state;
	assert_non_null(find("test-here"));
	for (int i = 0; i < 5; i++)
		pass_here();
	pass_there();
	assert_int_equal(find("test-here")->hits, 5);
	assert_int_equal(find("test-there")->hits, 1);
	syncpoints_reset();
	assert_int_equal(find("test-here")->hits, 0);
}

static void a_hook_is_called_at_its_point_only(void **state)
{
	int calls = 0;

	(void)state;
	assert_int_equal(syncpoint_hook("test-here", note_call, &calls), 0);
	pass_there();
	assert_int_equal(calls, 0);
	pass_here();
	pass_here();
	assert_int_equal(calls, 2);
	assert_int_equal(syncpoint_hook(NULL, NULL, NULL), 0);
	pass_here();
	assert_int_equal(calls, 2);
}

/* Noise draws from the thread's generator and nothing else, so that a seed repeats a thread's pauses. */
static void noise_repeats_by_seed(void **state)
{
	uint64_t after[2];

	(void)state;
	syncpoint_noise(500);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(cpu_register(0, MEM_LOCAL, 5), 0);
		for (int i = 0; i < 200; i++)
			pass_here();
		after[round] = this_cpu->rng.state;
		cpu_unregister();
	}
	assert_true(after[0] == after[1]);
	syncpoint_noise(0);
	assert_int_equal(cpu_register(0, MEM_LOCAL, 5), 0);
	after[1] = this_cpu->rng.state;
	pass_here();
	assert_true(this_cpu->rng.state == after[1]);
	cpu_unregister();
}

static void the_nth_allocation_fails_once(void **state)
{
	(void)state;
	inject_alloc_failure(3);
	for (unsigned int i = 1; i <= 5; i++)
		assert_int_equal(inject_alloc_fails(), i == 3);
	assert_int_equal(inject_alloc_count(), 5);
	inject_alloc_failure(0);
	for (unsigned int i = 1; i <= 5; i++)
		assert_false(inject_alloc_fails());
}
#else
static void without_checks_nothing_happens(void **state)
{
	(void)state;
	pass_here();
	pass_there();
	assert_null(find("test-here"));
	inject_alloc_failure(1);
	assert_false(inject_alloc_fails());
	assert_int_equal(inject_alloc_count(), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(unknown_names, clean),
#if FAULTLINE_CHECK
		cmocka_unit_test_teardown(subscribers_are_notified_of_every_hit, clean),
		cmocka_unit_test_teardown(hits_are_counted, clean),
		cmocka_unit_test_teardown(a_hook_is_called_at_its_point_only, clean),
		cmocka_unit_test_teardown(noise_repeats_by_seed, clean),
		cmocka_unit_test_teardown(the_nth_allocation_fails_once, clean),
#else
		cmocka_unit_test_teardown(without_checks_nothing_happens, clean),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
