/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.c - storms on the files of drivers, under several policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/device_storm.h"

static const char *const policies[] = { "linux-6.15", "linux-2.6.15", "linux-6.4", "linux-6.15,tables=shootdown" };

/* Rows: M4, P1, P3. */
static void storms_on_devices(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_VM_INSERT_PAGE, 1), MET(EV_VM_INSERT_PFN, 1), MET(EV_VM_INSERT_BUSY, 1),
		MET(EV_COW_COPY, 1),	   MET(EV_FILE_CLEANED, 1),  MET(EV_FORK, 1),		MET(EV_MREMAP, 1),
		MET(EV_VMA_SPLIT, 1),	   MET(EV_FAULT_RETRY, 1),   MET(EV_GUP_FAST, 1),
	};
	struct storms storms = STORMS(wanted, test_rounds(16));
	char why[256] = "";

	(void)state;
	while (another_storm(&storms)) {
		const char *policy = policies[storms.index % ARRAY_SIZE(policies)];
		struct device_storm storm = {
			.policy = world_policy(policy), .threads = 4, .rounds = 4000, .noise = 50, .seed = storms.seed,
		};

		if (!device_storm_run(&storm, why, sizeof(why)))
			fail_msg("%s, seed %lu: %s", policy, (unsigned long)storm.seed, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storms_on_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
