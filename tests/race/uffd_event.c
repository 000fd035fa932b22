/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_event.c - forks, moves and removals wait until a thread has read them, which fills in pages meanwhile. */
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
	MET(EV_UFFD_EVENT, 20), MET(EV_UFFD_WAIT, 20), MET(EV_UFFD_WAIT_WP, 5),
};

/* Rows: U4, M4. */
static void events_are_read(void **state)
{
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		crew_storm(workload_find("uffd_events"), policies[storms.index % ARRAY_SIZE(policies)],
			   storms.index % 2 ? 2 : 4, storms.seed, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(events_are_read) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
