/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd.c - faults wait for pages that another thread fills in, while ranges are registered and emptied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/userfaultfd.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/wanted.h"

static const char *const policies[] = {
	"linux-6.15", "linux-6.4", "linux-2.6.14", "linux-6.15,tables=shootdown", "linux-6.15,thp=always",
};

static const struct wanted wanted[] = {
	MET(EV_UFFD_WAIT, 20), MET(EV_UFFD_FILLED, 20), MET(EV_UFFD_MOVED, 5), MET(EV_UFFD_WAIT_WP, 5),
};

/* Rows: U1, U2, M4. */
static void waits_hold(void **state)
{
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		crew_storm(workload_find("uffd_vs_zap"), policies[storms.index % ARRAY_SIZE(policies)],
			   storms.index % 2 ? 2 : 4, storms.seed, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(waits_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
