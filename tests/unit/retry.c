/* SPDX-License-Identifier: GPL-2.0-or-later */
/* retry.c - rounds of retry loops: counted exactly, reported by percentile and maximum, and ended past their bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/faultline.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"

#define WINDOW	0x40000000UL

static int forget(void **state)
{
	(void)state;
	detectors_reset();
	return 0;
}

/* The detector's report; the caller frees it. */
static char *report(bool full)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	detector_find("retries")->report(out, full);
	fclose(out);
	return text;
}

static bool loop(unsigned int rounds)
{
	RETRY_LOOP(1000, "a loop of this test");

	while (rounds-- && RETRIED())
		;
	return true;
}

static void loop_in_steps(unsigned int rounds)
{
	RETRY_LOOP(100000, "another loop");

	for (unsigned int i = 0; i < rounds; i++)
		RETRY();
}

static void loops_without_retries_are_reported_in_full_only(void **state)
{
	char *text;

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < 10; i++)
		loop(0);
	text = report(false);
	assert_null(strstr(text, "of this test"));
	free(text);
	text = report(true);
	assert_non_null(strstr(text, "a loop of this test: 10 times, p99.9 0, most 0, of 1000: 10 at 0\n"));
	free(text);
}

static void percentiles_are_of_all_loops(void **state)
{
	char *text;

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < 9980; i++)
		loop_in_steps(0);
	for (unsigned int i = 0; i < 18; i++)
		loop_in_steps(3);
	loop_in_steps(15);
	loop_in_steps(300);
	text = report(false);
	assert_non_null(strstr(text, "another loop: 10000 times, p99.9 3, most 300, of 100000\n"));
	free(text);
	text = report(true);
	assert_non_null(strstr(text, ": 9980 at 0, 18 at 3, 1 at 15, 1 at 511 or less\n"));
	free(text);
}

static void in_a_thread(void *arg, unsigned int index)
{
	(void)arg;
	for (unsigned int i = 0; i < 100; i++)
		loop(index);
}

static void all_cpus_count(void **state)
{
	char *text;

	(void)state;
	needs_checks();
	threads_run(4, in_a_thread, NULL);
	text = report(true);
	assert_non_null(strstr(text, "400 times, p99.9 3, most 3, of 1000: 100 at 0, 100 at 1, 100 at 2, 100 at 3\n"));
	free(text);
}

static void a_thread_that_does_not_end_is_named(void **state)
{
	(void)state;
	needs_checks();
	assert_true(loop(1000));
	assert_dies("retry loop: a loop of this test: more than 1000 rounds", loop(1001));
	assert_string_equal(died_by(), "retries");
}

/* In every build, whatever detectors are on. */
static void patience_with_a_loop_ends(void **state)
{
	(void)state;
	detector_switch("retries", false);
	assert_true(loop(10000));
	assert_dies("retry loop: a loop of this test: more than 10000 rounds", loop(10001));
	assert_string_equal(died_by(), "BUG_ON");
	detector_switch("retries", true);
}

/* As by faults, whose count is in their struct vm_fault. */
static bool loop_in(unsigned int *counter, unsigned int rounds)
{
	RETRY_LOOP_IN(*counter, 1000, "a loop that is counted elsewhere");

	while (rounds-- && RETRIED())
		;
	return true;
}

static void a_loop_may_be_counted_elsewhere(void **state)
{
	unsigned int counter = 0;

	(void)state;
	detector_switch("retries", false);
	assert_true(loop_in(&counter, 10000));
	assert_int_equal(counter, FAULTLINE_PROFILE ? 0 : 10000);
	counter = 0;
	assert_dies("counted elsewhere: more than 10000 rounds", loop_in(&counter, 10001));
	detector_switch("retries", true);
}

static bool loop_profiled(unsigned int rounds)
{
	RETRY_LOOP_PROFILED(10, "a loop that only profiles count");

	while (rounds-- && RETRIED())
		;
	return true;
}

static void a_loop_may_be_without_a_bound_in_other_builds(void **state)
{
	(void)state;
	if (FAULTLINE_PROFILE)
		assert_dies("only profiles count: more than 10 rounds", loop_profiled(11));
	else
		assert_true(loop_profiled(101));
}

/* ---- in the core: a callback that never has enough ---- */

static int again(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)pmdp, (void)addr, (void)next;
	if (walk->private && --*(unsigned int *)walk->private == 0)
		return 0;
	walk->action = ACTION_AGAIN;
	return 0;
}

/* @arg: how often it asks for another round; NULL: always. */
static bool walk_again(void *arg)
{
	const struct mm_walk_ops ops = { .pmd_entry = again, .walk_lock = PGWALK_RDLOCK };
	struct mm_struct *mm;
	int err;

	world_start(4096, 0);
	mm = mm_create(&policy_default()->policy);
	BUG_ON(!mm ||
	       sys_mmap(mm, WINDOW, PMD_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	BUG_ON(do_user_addr_fault(mm, WINDOW, FAULT_FLAG_WRITE));
	mmap_read_lock(mm);
	err = walk_page_range(mm, WINDOW, WINDOW + PMD_SIZE, &ops, arg);
	mmap_read_unlock(mm);
	mm_exit(mm);
	return world_stop() && !err;
}

static void a_walk_that_does_not_end_is_named(void **state)
{
	unsigned int rounds = 1000;
	char said[1024];

	(void)state;
	needs_checks();
	cpu_unregister();
	assert_true(child_ends_well(walk_again, &rounds, said, sizeof(said)));
	assert_false(child_ends_well(walk_again, NULL, said, sizeof(said)));
	assert_non_null(strstr(said, "retry loop: a page walk's PMD entry, re-read: more than 100000 rounds"));
	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(loops_without_retries_are_reported_in_full_only, forget),
		cmocka_unit_test_setup(percentiles_are_of_all_loops, forget),
		cmocka_unit_test_setup(all_cpus_count, forget),
		cmocka_unit_test_setup(a_thread_that_does_not_end_is_named, forget),
		cmocka_unit_test(patience_with_a_loop_ends),
		cmocka_unit_test(a_loop_may_be_counted_elsewhere),
		cmocka_unit_test(a_loop_may_be_without_a_bound_in_other_builds),
		cmocka_unit_test(a_walk_that_does_not_end_is_named),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
