/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - storms on a file: faults, truncation, mappings that change, writing back, under several policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/file_storm.h"
#include "tests/lib/storm.h"
#include "tests/lib/world.h"

static const char *const policies[] = { "linux-2.6.15", "linux-6.4", "linux-6.15", "linux-6.15,tables=shootdown" };

static const unsigned int orders[] = { 0, HPAGE_PMD_ORDER, 2 };

/* What the storms must have met, all of them together. */
static const enum cpu_event shape_events[] = {
	EV_FILE_MAP, EV_FILE_COW, EV_FILE_MKWRITE, EV_FILE_READ, EV_FILE_WRITE, EV_FILE_CLEANED, EV_RMAP_WALK, EV_FORK, EV_MREMAP,
	EV_FAULT_RETRY, EV_VMA_SPLIT, EV_VMA_MERGE, EV_FILE_MAP_HUGE, EV_THP_SPLIT_PMD,
};

static void run(enum file_storm_kind kind, const enum cpu_event *events, unsigned int nr_events)
{
	uint64_t met[NR_CPU_EVENTS] = { 0 };
	char why[256] = "";

	for (unsigned int i = 0; i < test_rounds(16); i++) {
		struct file_storm storm = {
			.policy = world_policy(policies[i % ARRAY_SIZE(policies)]), .threads = 4,
			.order = orders[i % ARRAY_SIZE(orders)], .rounds = kind == FILE_STORM_SHAPES ? 4000 : 2000, .noise = 50, .seed = test_seed() + i, .kind = kind,
		};

		events_reset();
		if (!file_storm_run(&storm, why, sizeof(why)))
			fail_msg("%s, seed %lu: %s", policies[i % ARRAY_SIZE(policies)], (unsigned long)storm.seed, why);
		for (unsigned int e = 0; e < nr_events; e++)
			met[events[e]] += events_total(events[e]);
	}
	for (unsigned int e = 0; e < nr_events; e++)
		if (!met[events[e]])
			fail_msg("no storm met: %s", cpu_event_name(events[e]));
}

static void storms_of_shapes(void **state)
{
	(void)state;
	run(FILE_STORM_SHAPES, shape_events, ARRAY_SIZE(shape_events));
}

static void storms_of_data(void **state)
{
	static const enum cpu_event events[] = { EV_FILE_MKWRITE, EV_FILE_WRITE, EV_FILE_CLEANED, EV_FILE_MAP_HUGE };

	(void)state;
	run(FILE_STORM_DATA, events, ARRAY_SIZE(events));
}

static void storms_of_cuts(void **state)
{
	static const enum cpu_event events[] = {
		EV_FILE_COW, EV_FILE_READ, EV_FILE_MAP_HUGE,
#if FAULTLINE_CHECK
		EV_FILE_GONE,		/* too short a moment where no sync point makes it longer */
#endif
	};

	(void)state;
	run(FILE_STORM_CUTS, events, ARRAY_SIZE(events));
}

/* Rows: M4, L7. All there is, in address spaces that map a file of huge pages, and are mirrored. */
static void storms_of_everything(void **state)
{
	static const char *const everything[] = { "linux-6.15,thp=always", "linux-6.4,reclaim=on", "linux-2.6.14,thp=always" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(everything); i++) {
		struct mm_policy policy = world_policy(everything[i]);
		struct storm storm = storm_default(&policy);
		char why[256] = "";

		storm.seed = test_seed() + i;
		storm.rounds = test_rounds(16000);
		storm.file_order = HPAGE_PMD_ORDER;
		storm.weight[STORM_FILE_MAP] = 12;
		storm.weight[STORM_FILE_CUT] = storm.weight[STORM_FILE_WRITE] = storm.weight[STORM_FILE_RMAP] = 2;
		storm.weight[STORM_MIRROR] = 4;
		events_reset();
		if (!storm_run(&storm, why, sizeof(why)))
			fail_msg("%s: %s", everything[i], why);
		assert_true(events_total(EV_FILE_MAP_HUGE) > 5 && events_total(EV_FILE_CLEANED) > 0 && events_total(EV_FILE_COW) > 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storms_of_shapes),
		cmocka_unit_test(storms_of_data),
		cmocka_unit_test(storms_of_cuts),
		cmocka_unit_test(storms_of_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
