/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - storms on a file: faults, truncation, mappings that change, writing back, under several policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/access_remote_vm.h"
#include "core/op/try_to_unmap.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/file_storm.h"
#include "tests/lib/storm/storm.h"

static const char *const policies[] = { "linux-2.6.15", "linux-6.4", "linux-6.15", "linux-6.15,tables=shootdown",
					"linux-6.15,around=256k" };

static const unsigned int orders[] = { 0, HPAGE_PMD_ORDER, 2 };

static void run(enum file_storm_kind kind, struct storms storms)
{
	char why[256] = "";

	while (another_storm(&storms)) {
		const char *policy = policies[storms.index % ARRAY_SIZE(policies)];
		struct file_storm storm = {
			.policy = world_policy(policy), .threads = 4,
			.order = orders[storms.index % ARRAY_SIZE(orders)],
			.rounds = kind == FILE_STORM_SHAPES ? 4000 : 2000, .noise = 50, .seed = storms.seed,
			.kind = kind,
		};

		if (!file_storm_run(&storm, why, sizeof(why)))
			fail_msg("%s, seed %lu: %s", policy, (unsigned long)storm.seed, why);
	}
}

static void storms_of_shapes(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_FILE_MAP, 1),	  MET(EV_FILE_COW, 1),	    MET(EV_FILE_MKWRITE, 1), MET(EV_FILE_READ, 1),
		MET(EV_FILE_WRITE, 1),	  MET(EV_FILE_CLEANED, 1),  MET(EV_RMAP_WALK, 1),    MET(EV_FORK, 1),
		MET(EV_MREMAP, 1),	  MET(EV_FAULT_RETRY, 1),   MET(EV_VMA_SPLIT, 1),    MET(EV_VMA_MERGE, 1),
		MET(EV_FILE_MAP_HUGE, 1), MET(EV_THP_SPLIT_PMD, 1), MET(EV_RECLAIM_FILE, 1),   MET(EV_GUP_FAST, 1),
		MET(EV_MIGRATE_FILE, 1),  MET(EV_MIGRATE_KEPT, 1),  MET(EV_MIGRATE_WAIT, 1), MET(EV_MIGRATE_PMD, 1),
		MET(EV_FAULT_AROUND, 100), MET(EV_POISON, 10),
	};

	(void)state;
	run(FILE_STORM_SHAPES, STORMS(wanted, test_rounds(16)));
}

static void storms_of_data(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_FILE_MKWRITE, 1), MET(EV_FILE_WRITE, 1), MET(EV_FILE_CLEANED, 1), MET(EV_FILE_MAP_HUGE, 1),
		MET(EV_RECLAIM_FILE, 1), MET(EV_RECLAIM_KEPT, 1), MET(EV_GUP_FAST, 1), MET(EV_MIGRATE_FILE, 1),
		MET(EV_MIGRATE_WAIT, 1), MET(EV_MIGRATE_PMD, 1),
	};

	(void)state;
	run(FILE_STORM_DATA, STORMS(wanted, test_rounds(16)));
}

static void storms_of_cuts(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_FILE_COW, 1), MET(EV_FILE_READ, 1), MET(EV_FILE_MAP_HUGE, 1), MET(EV_RECLAIM_FILE, 1),
		MET(EV_MIGRATE_FILE, 1), MET(EV_FAULT_AROUND, 100),
#if FAULTLINE_CHECK
		MET(EV_FILE_GONE, 1),	/* too short a moment where no sync point makes it longer */
#endif
	};

	(void)state;
	run(FILE_STORM_CUTS, STORMS(wanted, test_rounds(16)));
}

/* Rows: M4, L7. All there is, in address spaces that map a file of huge pages, and are mirrored. */
static void everything_under(const char *text, uint64_t seed)
{
	struct mm_policy policy = world_policy(text);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = seed;
	storm.rounds = test_rounds(16000);
	storm.file_order = HPAGE_PMD_ORDER;
	storm.weight[STORM_FILE_MAP] = 12;
	storm.weight[STORM_FILE_CUT] = storm.weight[STORM_FILE_WRITE] = storm.weight[STORM_FILE_RMAP] = 2;
	storm.weight[STORM_MIRROR] = 4;
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s, seed %lu: %s", text, (unsigned long)seed, why);
}

static void storms_of_everything(void **state)
{
	static const char *const everything[] = { "linux-6.15,thp=always", "linux-6.4,reclaim=on",
						  "linux-2.6.14,thp=always" };
	static const struct wanted wanted[] = { MET(EV_FILE_MAP_HUGE, 6), MET(EV_FILE_CLEANED, 1),
						MET(EV_FILE_COW, 6) };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(everything); i++) {
		struct storms storms = STORMS(wanted, 1);

		while (another_storm(&storms))
			everything_under(everything[i], storms.seed + i);
	}
}

/* Row: L10. A file keeps its contents, whatever a debugger writes to private mappings of it. */
static void storms_of_forced_writes(void **state)
{
	static const struct wanted wanted[] = { MET(EV_REMOTE_PAGE, 1000), MET(EV_FILE_COW, 20) };
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		crew_storm(workload_find("forced_write_vs_zap"), policies[storms.index % ARRAY_SIZE(policies)], 4,
			   storms.seed, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storms_of_shapes),
		cmocka_unit_test(storms_of_data),
		cmocka_unit_test(storms_of_cuts),
		cmocka_unit_test(storms_of_everything),
		cmocka_unit_test(storms_of_forced_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
