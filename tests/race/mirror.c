/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirror.c - storms of everything against devices that mirror the address spaces, and work on them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/storm.h"

static const char *const policies[] = {
	"linux-2.6.14",
	"linux-3.13",
	"linux-6.4",
	"linux-6.15",
	"linux-6.15,tables=shootdown,spin=ticket",
	"linux-6.15,anon=16k",
	"linux-6.15,thp=always",
};

static void storm_under(const char *text, bool with_file, uint64_t seed)
{
	struct mm_policy policy = world_policy(text);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = seed;
	storm.rounds = 10000;
	storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = 10;
	storm.weight[STORM_MIRROR] = 40;
	storm.weight[STORM_DEVICE] = 10;
	if (with_file) {
		storm.weight[STORM_FILE_MAP] = storm.weight[STORM_FILE_WRITE] = 10;
		storm.weight[STORM_FILE_CUT] = storm.weight[STORM_FILE_RMAP] = 5;
	}
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s, seed %lu: %s", text, (unsigned long)seed, why);
}

static void run(bool with_file)
{
	const struct wanted wanted[] = {
		MET(EV_HMM_COMPARED, 1001), MET(EV_NOTIFIER_CALL, 501), MET(EV_HMM_STALE, 6), MET(EV_NOTIFIER_WAIT, 6),
		MET(EV_DEVICE_IN, 6), MET(EV_DEVICE_BACK, 6), MET(EV_FORK, 3), MET(EV_MIGRATE, 6), MET(EV_RECLAIM, 6),
		MET(EV_FILE_MAP, with_file ? 6 : 0), MET(EV_FILE_CLEANED, with_file ? 1 : 0),
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct storms storms = STORMS(wanted, 1);

		while (another_storm(&storms))
			storm_under(policies[i], with_file, storms.seed + i);
	}
}

/* Rows: H3, H4. */
static void mirrors_of_memory_hold(void **state)
{
	(void)state;
	run(false);
}

/* Rows: H3, H4. */
static void mirrors_of_files_hold(void **state)
{
	(void)state;
	run(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mirrors_of_memory_hold),
		cmocka_unit_test(mirrors_of_files_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
