/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma.c - processes of one family fork and end, while others come from their pages to their anon_vmas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/crew.h"

static const char *const policies[] = {
	"linux-6.15", "linux-6.15,anon_vma=call_rcu", "linux-6.4", "linux-6.4,anon_vma=call_rcu,downgrade=off",
	"linux-2.6.14", "linux-2.6.14,anon_vma=call_rcu,spin=futex",
};

static void churns(const char *policy, unsigned int threads)
{
	struct crew crew = {
		.run = {
			.workload = workload_find("anon_vma_churn"), .policy = world_policy(policy), .threads = threads,
			.seed = test_seed(), .checking = true,
		},
		.ops = test_rounds(200),
	};
	int err;

	world_start(1ul << 17, CACHE_LINE);
	syncpoint_noise(50);
	err = run_workload(&crew);
	syncpoint_noise(0);
	if (!world_stop() || err)
		fail_msg("%s, %u threads: error %d", policy, threads, err);
	for (unsigned int i = 0; i < crew.run.workload->nr_roles; i++)
		if (!crew.items[i])
			fail_msg("%s: nothing done as %s", policy, crew.run.workload->roles[i].name);
}

/* Row: A2. */
static void churn_holds(void **state)
{
	(void)state;
	events_reset();
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		for (unsigned int threads = 3; threads <= 6; threads += 3)
			churns(policies[i], threads);
	/* It did meet what it is for: forks that reuse, readers that wait, and readers that come too late. */
	assert_true(events_total(EV_ANON_VMA_REUSE) > 0);
	assert_true(events_total(EV_ANON_VMA_WAIT) > 0);
	assert_true(events_total(EV_ANON_VMA_UNMAPPED) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(churn_holds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
