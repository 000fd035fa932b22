/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tlb.c - storms of accesses through TLBs against all that takes pages away, under each way to flush. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/crew.h"

/* Rows: T2, T3. */
static void no_stale_translation_is_used(void **state)
{
	static const char *const policies[] = {
		"linux-6.15,tlb=ipi", "linux-6.15,tlb=batched,anon=16k", "linux-6.4,tlb=lazy,thp=always",
		"linux-6.15,tlb=broadcast,tables=shootdown",
	};
	uint64_t hits = events_total(EV_TLB_HIT), flushes = events_total(EV_TLB_FLUSH);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct crew crew = {
			.run = { .workload = workload_find("tlb_vs_all"), .policy = world_policy(policies[i]),
				 .threads = 4, .seed = test_seed() + i, .checking = true },
			.ops = test_rounds(300),
		};

		assert_non_null(crew.run.workload);
		if (run_workload(&crew))
			fail_msg("%s failed", policies[i]);
	}
	assert_true(events_total(EV_TLB_HIT) > hits && events_total(EV_TLB_FLUSH) > flushes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_stale_translation_is_used),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
