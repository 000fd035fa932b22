/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa.c - NUMA hints, and faults on them, beside everything that uses and changes the pages that they name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/numa_fault.h"
#include "core/op/numa_scan.h"
#include "core/op/prot_numa.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/wanted.h"

static const char *const policies[] = {
	"linux-6.15", "linux-6.15,thp=always", "linux-6.4,thp=always", "linux-2.6.14", "linux-6.15,anon=32k",
	"linux-6.19,tlb=batched", "linux-6.15,thp=always,tlb=ipi", "linux-6.15,tables=shootdown",
};

static const struct wanted wanted[] = {
	MET(EV_NUMA_PTES, 100), MET(EV_NUMA_LEAVES, 5), MET(EV_NUMA_MIGRATED, 50), MET(EV_NUMA_HINT_LOCAL, 50),
	MET(EV_NUMA_KEPT, 1), MET(EV_NUMA_SCAN_BUSY, 1),
};

/* Row: K4. */
static void hints_hold_among_others(void **state)
{
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		crew_storm_nodes(workload_find("numa_vs_all"), 2, policies[storms.index % ARRAY_SIZE(policies)],
				 storms.index % 2 ? 2 : 4, storms.seed, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hints_hold_among_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
