/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.c - storms on the files of drivers with a knock-out: the named detector fires, and none fires without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/device_storm.h"

#define STORMS		200	/* maximum of seeds tried */
#define CLEAN_STORMS	20
#define TRIES		8

static const struct knocked cases[] = {
	{ "vm-insert:none", { "mappings", "counted", "references" } },
	{ "mkclean:raw", { "does not know of" } },
};

static bool storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	struct device_storm storm = {
		.policy = world_policy("linux-6.15"), .threads = 4, .rounds = 1500, .noise = 200, .seed = seed,
	};

	(void)attempt;
	return device_storm_run(&storm, why, why_size);
}

static bool storms(const struct attempt *attempt)
{
	return storms_hold(attempt, storm, STORMS, CLEAN_STORMS);
}

static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(knocked_is_seen(&cases[i], storms, NULL, TRIES));
}

static void nothing_disabled_nothing_detected(void **state)
{
	(void)state;
	assert_true(clean_is_quiet(storms, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_disabled_nothing_detected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
