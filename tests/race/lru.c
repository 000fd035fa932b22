/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lru.c - reclaim of the oldest folios beside everything that uses, moves and frees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/migrate.h"
#include "core/op/reclaim.h"
#include "core/op/shrink_lruvec.h"
#include "core/phys/lru.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/wanted.h"

static const char *const policies[] = {
	"linux-6.15", "linux-6.15,anon=32k", "linux-6.19", "linux-2.6.14", "linux-6.15,thp=always",
	"linux-6.4,tlb=batched",
};

static const struct wanted wanted[] = {
	MET(EV_RECLAIM, 200), MET(EV_LRU_ACTIVATE, 20), MET(EV_LRU_DEACTIVATE, 20), MET(EV_LRU_BUSY, 1),
	MET(EV_MIGRATE, 100), MET(EV_RECLAIM_KEPT, 10),
};

/* Row: K5. */
static void lists_hold_among_others(void **state)
{
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		crew_storm_nodes(workload_find("lru_vs_all"), 2, policies[storms.index % ARRAY_SIZE(policies)],
				 storms.index % 2 ? 2 : 4, storms.seed, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_hold_among_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
