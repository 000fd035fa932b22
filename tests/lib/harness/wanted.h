/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wanted.h - storms that go on with further seeds until they have met what they are for. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_WANTED_H
#define FAULTLINE_TESTS_LIB_HARNESS_WANTED_H

#include "core/base/event.h"

/* What has to happen @times times at least, all storms together. */
struct wanted {
	const struct event *event;	/* but if @count is set */
	uint64_t times;
	const uint64_t *count;		/* what the test counts itself */
	const char *name;		/* of that */
};
#define MET(wanted_event, at_least)	{ .event = (wanted_event), .times = (at_least) }
#define COUNTED(variable, at_least)	{ .count = &(variable), .name = #variable, .times = (at_least) }

#define STORMS_PATIENCE	20	/* times as many storms as there are at the least */

struct storms {
	const struct wanted *wanted;
	unsigned int nr_wanted;
	unsigned int least;		/* storms, also if all was met before */
	unsigned int index;		/* of this storm */
	uint64_t seed;			/* its own: test_seed() + @index */
	unsigned int begun;
};

/*
 *	struct storms storms = STORMS(array, 16);
 *
 *	while (another_storm(&storms))
 *		run one, different by storms.index or storms.seed
 *
 * Counts all events from zero. When it runs out of patience, it dies and names what was not met. A storm that dies
 * prints how it is run alone: FAULTLINE_TEST_STORM=N runs storm N of each test, wanted or not;
 * FAULTLINE_TEST_ONLY=PATTERN runs the tests of these names.
 */
#define STORMS(array, storms) storms_begin((array), ARRAY_SIZE(array), (storms))
struct storms storms_begin(const struct wanted *wanted, unsigned int nr_wanted, unsigned int least);
/* True when there shall be another. Locking: no other thread is in core. */
bool another_storm(struct storms *storms);

#endif
