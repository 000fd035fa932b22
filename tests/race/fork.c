/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.c - address spaces forked while they are written to and changed, under every policy. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/fork_storm.h"

static void storms_under(const char *text, unsigned int from)
{
	struct mm_policy policy = world_policy(text);
	struct fork_storm storm = fork_storm_default(&policy);
	struct fork_storm_met met, all = { 0 };
	bool vma_lock = policy.vma_lock != VMA_LOCK_NONE;
	unsigned long forks = test_rounds(400);
	const struct wanted wanted[] = {
		COUNTED(all.grandchildren, forks / 4 + 1),
		COUNTED(all.amid, 1),
		COUNTED(all.walks, forks / 4 + 1),
		COUNTED(all.shared, 1),
		MET(EV_FAULT, storm.forkers * forks + 1),
		MET(EV_MPROTECT, 1),
		MET(EV_MUNMAP, 1),
		MET(EV_FAULT_VMA_LOCK, vma_lock),
		MET(EV_VMA_LOCK_MISS, vma_lock),
	};
	struct storms storms = STORMS(wanted, 1);
	char why[256] = "";

	storm.forks = forks;
	while (another_storm(&storms)) {
		storm.seed = storms.seed + from;
		if (!fork_storm_run(&storm, &met, why, sizeof(why)))
			fail_msg("%s, seed %lu: %s", text, (unsigned long)storm.seed, why);
		assert_int_equal(met.forks, storm.forkers * forks);
		all.grandchildren += met.grandchildren;
		all.amid += met.amid;
		all.walks += met.walks;
		all.shared += met.shared;
	}
}

static void storms_hold(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++)
		storms_under(world_policies[i], i);
}

static void storms_with_large_folios_hold(void **state)
{
	(void)state;
	storms_under("linux-6.15,anon=16k", 0);
	storms_under("linux-6.4,anon=64k,anon_vma=call_rcu", 1);
	storms_under("linux-6.15,thp=always", 2);
	storms_under("linux-2.6.15,thp=always", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storms_hold),
		cmocka_unit_test(storms_with_large_folios_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
