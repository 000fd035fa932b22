/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - storms on a file with one thing left out: the check that should see it does. Clean ones are tests/race/file.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/child.h"
#include "tests/lib/file_storm.h"
#include "tests/lib/world.h"

#define STORMS	200
#define TRIES	8

struct knocked {
	const char *knockout;
	enum file_storm_kind kind;
	const char *seen[4];		/* words of the checks that may see it */
};

struct attempt {
	const struct knocked *knocked;
	uint64_t first_seed;
};

static const struct knocked cases[] = {
	{ "file:truncated-recheck", FILE_STORM_CUTS, { "folio_mapping(folio) != NULL", "in none, and still in use" } },
	{ "file:size-recheck", FILE_STORM_SHAPES, { "i_size_read" } },
	{ "file:mkwrite-dirty", FILE_STORM_SHAPES, { "folio_test_dirty", "nobody would know" } },
	{ "unmap-mapping:lock", FILE_STORM_SHAPES, { "counted", "beyond the end", "points_to_table", "Segmentation fault" } },
	{ "truncate:unmap-locked", FILE_STORM_SHAPES, { "folio_mapped" } },
	{ "truncate:unmap-again", FILE_STORM_CUTS, { "beyond the end" } },
	{ "writeback:mkclean", FILE_STORM_DATA, { "has lost the last", "nobody would know" } },
};

static bool storms(void *arg)
{
	const struct attempt *attempt = arg;
	struct file_storm storm = {
		.policy = world_policy("linux-6.15"), .threads = 4, .rounds = 1500, .noise = 200, .kind = attempt->knocked->kind,
	};
	char why[256] = "";

	BUG_ON(knockout_enable(attempt->knocked->knockout));
	for (unsigned int i = 0; i < STORMS; i++) {
		storm.seed = attempt->first_seed + i;
		if (file_storm_run(&storm, why, sizeof(why)))
			continue;
		fprintf(stderr, "%s", why);
		return false;
	}
	return true;
}

static bool seen(const struct knocked *knocked, const char *said)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(knocked->seen) && knocked->seen[i]; i++)
		if (strstr(said, knocked->seen[i]))
			return true;
	return FAULTLINE_PLAIN_ALLOC && strstr(said, "Sanitizer");
}

/* What is broken may crash before the check that is meant gets to see it: then other storms are tried. */
static void is_seen(const struct knocked *knocked)
{
	char said[2048];

	for (unsigned int i = 0; i < TRIES; i++) {
		struct attempt attempt = { knocked, 1 + i * STORMS };

		if (child_ends_well(storms, &attempt, said, sizeof(said)))
			fail_msg("%s was not seen in %d storms", knocked->knockout, STORMS);
		if (seen(knocked, said))
			return;
	}
	fail_msg("%s was seen, but by another check: %s", knocked->knockout, said);
}

static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		is_seen(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
