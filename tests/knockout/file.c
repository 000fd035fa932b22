/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - storms on a file with a knock-out: the named detector fires, and none fires without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/file_storm.h"

#define STORMS		200	/* maximum of seeds tried */
#define CLEAN_STORMS	20
#define TRIES		8

static const struct {
	struct knocked knocked;
	enum file_storm_kind kind;
} cases[] = {
	{ { "file:truncated-recheck", { "folio_mapping(folio) != NULL", "is still in use" } }, FILE_STORM_CUTS },
	{ { "file:size-recheck", { "i_size_read" } }, FILE_STORM_SHAPES },
	{ { "file:mkwrite-dirty", { "folio_test_dirty", "without a dirty folio" } }, FILE_STORM_SHAPES },
	{ { "unmap-mapping:lock",
	    { "counted", "beyond the end", "points_to_table", "Segmentation fault",
	      "one of the page tables, is accessed after the unlink" } },
	  FILE_STORM_SHAPES },
	{ { "truncate:unmap-locked", { "folio_mapped" } }, FILE_STORM_SHAPES },
	{ { "truncate:unmap-again", { "beyond the end" } }, FILE_STORM_CUTS },
	{ { "migrate-file:lock",
	    { "folio_mapping(folio) != NULL", "is still in use", "beyond the end", "folio_test_dirty" } },
	  FILE_STORM_CUTS },
	{ { "writeback:mkclean", { "has lost the last", "without a dirty folio", "folio_test_dirty" } },
	  FILE_STORM_DATA },
};

static bool storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	struct file_storm storm = {
		.policy = world_policy("linux-6.15,around=4k"),
		.threads = 4, .rounds = 1500, .noise = 200, .seed = seed,
		.kind = *(const enum file_storm_kind *)attempt->scene,
	};

	return file_storm_run(&storm, why, why_size);
}

static bool storms(const struct attempt *attempt)
{
	return storms_hold(attempt, storm, STORMS, CLEAN_STORMS);
}

static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(knocked_is_seen(&cases[i].knocked, storms, &cases[i].kind, TRIES));
}

static void nothing_disabled_nothing_detected(void **state)
{
	static const enum file_storm_kind kinds[] = { FILE_STORM_SHAPES, FILE_STORM_DATA, FILE_STORM_CUTS };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_true(clean_is_quiet(storms, &kinds[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_disabled_nothing_detected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
