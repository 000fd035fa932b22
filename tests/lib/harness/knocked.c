/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knocked.c - a disabled knock-out: the named detector fires, and with nothing disabled none fires. */
#include "tests/lib/harness/knocked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/assert.h"
#include "core/base/compiler.h"
#include "core/probe/detector.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/world.h"

#define SAID_SIZE	4096
#define TRY_SECONDS	25u	/* as CHILD_SECONDS, where others follow: what is broken may stand still, or go round */

/* What the child is to do. */
struct run {
	const char *knockout;		/* NULL: nothing is disabled */
	bool unwatched;
	knocked_play *play;
	struct attempt attempt;
};

static bool run(void *arg)
{
	const struct run *run = arg;

	BUG_ON(run->knockout && knockout_enable(run->knockout));
	BUG_ON(run->unwatched && (detector_switch("shadow", false) || detector_switch("ages", false)));
	return run->play(&run->attempt);
}

static bool is_meant(const struct knocked *knocked, const char *said)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(knocked->seen) && knocked->seen[i]; i++)
		if (strstr(said, knocked->seen[i]))
			return true;
	return FAULTLINE_PLAIN_ALLOC &&
	       strstr(said, FAULTLINE_TSAN ? "WARNING: ThreadSanitizer: " : "ERROR: AddressSanitizer: ");
}

bool storms_hold(const struct attempt *attempt, knocked_storm *storm, unsigned int storms, unsigned int clean_storms)
{
	uint64_t seed = test_seed() + attempt->nr * storms;
	char why[256] = "";

	for (unsigned int i = 0; i < (attempt->knocked ? storms : clean_storms); i++)
		if (!storm(attempt, seed + i, why, sizeof(why))) {
			fprintf(stderr, "%s", why);
			return false;
		}
	return true;
}

static bool is_seen(const struct knocked *knocked, bool unwatched, knocked_play *play, const void *scene,
		    unsigned int tries)
{
	char said[SAID_SIZE] = "";

	for (unsigned int i = 0; i < tries; i++) {
		struct run knocked_run = { knocked->knockout, unwatched, play, { scene, true, i } };

		if (child_ends_within(tries > 1 ? TRY_SECONDS : CHILD_SECONDS, run, &knocked_run, said, sizeof(said))) {
			fprintf(stderr, "%s was not seen\n", knocked->knockout);
			return false;
		}
		if (is_meant(knocked, said))
			return true;
	}
	fprintf(stderr, "%s was seen, but by another check: %s\n", knocked->knockout, said);
	return false;
}

bool knocked_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene, unsigned int tries)
{
	return is_seen(knocked, false, play, scene, tries);
}

bool knocked_damage_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene, unsigned int tries)
{
	return is_seen(knocked, true, play, scene, tries);
}

bool clean_is_quiet(knocked_play *play, const void *scene)
{
	struct run clean_run = { NULL, false, play, { scene, false, 0 } };
	char said[SAID_SIZE];

	if (child_ends_well(run, &clean_run, said, sizeof(said)))
		return true;
	fprintf(stderr, "with nothing disabled: %s\n", said);
	return false;
}

bool only_knocked_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene)
{
	return clean_is_quiet(play, scene) && knocked_is_seen(knocked, play, scene, 1);
}

/* Of what is played by steps. */
struct steps {
	bool (*steps)(void);
	int (*up)(void **state);
};

static bool play_steps(const struct attempt *attempt)
{
	const struct steps *steps = attempt->scene;
	bool good;

	BUG_ON(steps->up(NULL));
	good = steps->steps();
	knockout_clear();
	return world_stop() && good;
}

bool only_knocked_steps_are_seen(const struct knocked_steps *knocked, int (*up)(void **state))
{
	const struct steps steps = { knocked->steps, up };

	return only_knocked_is_seen(&knocked->knocked, play_steps, &steps);
}

/* What each test of knocked_steps_main() plays. */
struct knocked_test {
	const struct knocked_steps *steps;
	int (*up)(void **state);
};

static void only_this_one_is_seen(void **state)
{
	const struct knocked_test *test = *state;

	assert_true(only_knocked_steps_are_seen(test->steps, test->up));
}

int knocked_steps_main(const struct knocked_steps *steps, size_t nr, int (*up)(void **state))
{
	struct CMUnitTest tests[32];
	struct knocked_test of[ARRAY_SIZE(tests)];

	BUG_ON(nr > ARRAY_SIZE(tests));
	for (size_t i = 0; i < nr; i++) {
		of[i] = (struct knocked_test){ &steps[i], up };
		tests[i] = (struct CMUnitTest){ .name = steps[i].knocked.knockout, .test_func = only_this_one_is_seen,
						.initial_state = &of[i] };
	}
	return _cmocka_run_group_tests("knocked", tests, nr, NULL, NULL);
}
