/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma.c - processes of one family fork and end, while others come from their pages to their anon_vmas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/wanted.h"

static const char *const policies[] = {
	"linux-6.15", "linux-6.15,anon_vma=call_rcu", "linux-6.4", "linux-6.4,anon_vma=call_rcu,downgrade=off",
	"linux-2.6.14", "linux-2.6.14,anon_vma=call_rcu,spin=futex",
};

/* Forks that reuse, readers that wait, and readers that come too late. */
static const struct wanted wanted[] = { MET(EV_ANON_VMA_REUSE, 1), MET(EV_ANON_VMA_WAIT, 1),
					MET(EV_ANON_VMA_UNMAPPED, 1) };

/* Row: A2. */
static void churn_holds(void **state)
{
	struct storms storms = STORMS(wanted, 2 * ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		crew_storm(workload_find("anon_vma_churn"), policies[storms.index / 2 % ARRAY_SIZE(policies)],
			   storms.index % 2 ? 6 : 3, storms.seed, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(churn_holds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
