/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - storms on a file: faults, truncation, mappings that change, writing back, under several policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/file_storm.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storms_of_shapes),
		cmocka_unit_test(storms_of_data),
		cmocka_unit_test(storms_of_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
