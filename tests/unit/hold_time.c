/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold_time.c - a long hold is detected by the holder's processor time; short ones, and sleeps, are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/cpu.h"
#include "core/lock/rwsem.h"
#include "core/probe/detector.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

#define BOUND_MS	200	/* what another guest of the machine takes in between is less */
#define BOUND_NS	(BOUND_MS * 1000000ull)
#define HOLDS		1100	/* without a bound at least one of them is timed */

static uint64_t used_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static void hold_spinning(uint64_t ns, unsigned int times)
{
	spinlock_t lock;

	spin_lock_init(&lock, SPIN_TTAS, RANK_PTE_PTL);
	while (times--) {
		uint64_t until;

		spin_lock(&lock);
		until = used_ns() + ns;
		while (used_ns() < until)
			;
		spin_unlock(&lock);
	}
}

static void hold_sleeping(unsigned int ms)
{
	unsigned int never = 0;
	struct rwsem sem;

	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	step_within(&never, 1, ms);
	up_write(&sem);
}

/* The report, of all ranks; the caller frees it. */
static char *report(void)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	detector_find("hold-time")->report(out, true);
	fclose(out);
	return text;
}

struct holds {
	uint64_t ns;
	unsigned int times;
};

static bool holds_end_well(void *arg)
{
	const struct holds *holds = arg;

	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	store_relaxed(&detector_find("hold-time")->bound, BOUND_NS);
	hold_spinning(holds->ns, holds->times);
	cpu_unregister();
	return true;
}

static void a_planted_long_hold_is_detected(void **state)
{
	struct holds holds = { BOUND_NS + 1, 1 };
	char said[2048];

	(void)state;
	needs_checks();
	assert_false(child_ends_well(holds_end_well, &holds, said, sizeof(said)));
	assert_non_null(strstr(said, "hold time: PTE-table PTL "));
	assert_non_null(strstr(said, "tests/unit/hold_time.c:"));
}

static void short_holds_are_not(void **state)
{
	struct holds holds = { 1000, HOLDS };
	char said[2048];

	(void)state;
	needs_checks();
	assert_true(child_ends_well(holds_end_well, &holds, said, sizeof(said)));
}

static void a_sleep_is_no_processor_time(void **state)
{
	struct detector *hold_time = detector_find("hold-time");
	char *text;

	(void)state;
	needs_checks();
	detectors_reset();
	store_relaxed(&hold_time->bound, BOUND_NS);
	hold_sleeping(2 * BOUND_MS);
	store_relaxed(&hold_time->bound, (uint64_t)0);
	text = report();
	assert_non_null(strstr(text, "  mm->mmap_lock: "));
	free(text);
}

static void the_longest_holds_are_reported_by_rank(void **state)
{
	char *text;

	(void)state;
	needs_checks();
	detectors_reset();
	hold_spinning(10000, HOLDS);
	text = report();
	assert_non_null(strstr(text, "longest holds in processor time"));
	assert_non_null(strstr(text, "  PTE-table PTL: "));
	assert_non_null(strstr(text, "tests/unit/hold_time.c:"));
	assert_null(strstr(text, "mm->mmap_lock"));
	free(text);
}

static void nothing_fires_without_a_bound(void **state)
{
	(void)state;
	needs_checks();
	assert_int_equal(detector_find("hold-time")->bound, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_fires_without_a_bound),
		cmocka_unit_test(a_planted_long_hold_is_detected),
		cmocka_unit_test(short_holds_are_not),
		cmocka_unit_test_setup_teardown(a_sleep_is_no_processor_time, cpu_setup, cpu_teardown),
		cmocka_unit_test_setup_teardown(the_longest_holds_are_reported_by_rank, cpu_setup, cpu_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
