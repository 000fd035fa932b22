/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.c - address spaces forked while they are written to and changed, under every policy. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/fork_storm.h"
#include "tests/lib/world.h"

static void storm(const char *text, uint64_t seed)
{
	struct mm_policy policy = world_policy(text);
	struct fork_storm storm = fork_storm_default(&policy);
	struct fork_storm_met met;
	char why[256] = "";

	storm.seed = seed;
	storm.forks = test_rounds(400);
	events_reset();
	if (!fork_storm_run(&storm, &met, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	/* It did meet what it is for. */
	assert_int_equal(met.forks, storm.forkers * storm.forks);
	assert_true(met.grandchildren > storm.forks / 4);
	assert_true(met.amid > 0);
	assert_true(met.walks > storm.forks / 4 && met.shared > 0);
	assert_true(events_total(EV_FAULT) > met.forks);
	assert_true(events_total(EV_MPROTECT) > 0 && events_total(EV_MUNMAP) > 0);
	if (policy.vma_lock != VMA_LOCK_NONE)
		assert_true(events_total(EV_FAULT_VMA_LOCK) > 0 && events_total(EV_VMA_LOCK_MISS) > 0);
}

static void storms_hold(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++)
		storm(world_policies[i], test_seed() + i);
}

static void storms_with_large_folios_hold(void **state)
{
	(void)state;
	storm("linux-6.15,anon=16k", test_seed());
	storm("linux-6.4,anon=64k,anon_vma=call_rcu", test_seed() + 1);
	storm("linux-6.15,thp=always", test_seed() + 2);
	storm("linux-2.6.15,thp=always", test_seed() + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storms_hold),
		cmocka_unit_test(storms_with_large_folios_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
