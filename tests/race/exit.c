/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit.c - processes are killed and exit, while others release, read and walk their memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/oom_kill.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/wanted.h"

static const char *const policies[] = {
	"linux-6.15", "linux-6.4", "linux-2.6.14", "linux-6.15,tables=shootdown", "linux-6.15,thp=always",
};

static const struct wanted wanted[] = { MET(EV_OOM_REAP, 5), MET(EV_OOM_SKIP, 1) };

/* Rows: L9, M4. */
static void exits_hold(void **state)
{
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		crew_storm(workload_find("exit_vs_reaper"), policies[storms.index % ARRAY_SIZE(policies)],
			   storms.index % 2 ? 2 : 4, storms.seed, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(exits_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
