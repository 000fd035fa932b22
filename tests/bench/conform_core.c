/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conform_core.c - random calls, and the sequences of tests/conform, come to the same on the running kernel and in the
 * core; a broken rule shows.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench/conform/generate.h"
#include "bench/conform/shrink.h"
#include "tests/lib/harness/world.h"

#define OPERATIONS	75	/* of a sequence */

static struct side *live, *core;
static struct engine engine;

static bool sequence_agrees(uint64_t seed, const struct abilities *abilities)
{
	static struct generator generator;
	static struct sequence sequence;
	static struct divergence divergence;

	generator_begin(&generator, seed, NULL, OPERATIONS, abilities);
	sequence.pages = generator.pages;
	sequence.huge = generator.huge;
	if (engine_run(&engine, &sequence, &generator.source, false, &divergence) != DIVERGED ||
	    !divergence_shrink(&engine, &sequence, &divergence))
		return true;
	divergence_print(stderr, &engine, &sequence, &divergence);
	return false;
}

/* Row: G3. */
static void random_sequences_agree(void **state)
{
	struct abilities abilities;

	(void)state;
	if (!live)
		skip();
	abilities_find(&abilities, live, core, NULL);
	for (unsigned int i = 0; i < test_rounds(200); i++)
		assert_true(sequence_agrees(test_seed() + i, &abilities));
	assert_int_not_equal(engine.met[OP_MREMAP][1], 0);
}

static bool kept_sequence_agrees(const char *path)
{
	static struct sequence sequence, ran;
	static struct divergence divergence;
	FILE *in = fopen(path, "r");
	const char *why;

	assert_non_null(in);
	assert_int_equal(sequence_read(in, &sequence, &why), 0);
	fclose(in);
	if (engine_replay(&engine, &sequence, &ran, &divergence) != DIVERGED)
		return true;
	divergence_print(stderr, &engine, &ran, &divergence);
	return false;
}

/* Row: G3. */
static void kept_sequences_agree(void **state)
{
	glob_t paths;

	(void)state;
	if (!live)
		skip();
	assert_int_equal(glob(FAULTLINE_SOURCE_DIR "/tests/conform/*.txt", 0, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++)
		assert_true(kept_sequence_agrees(paths.gl_pathv[i]));
	globfree(&paths);
}

/* The agents are forked before the core starts. */
static int up(void **state)
{
	struct mm_policy policy = world_policy("linux-6.15,thp=madvise");
	const char *why = NULL;

	(void)state;
	live = live_side(&why);
	policy.soft_dirty = live && (live->knows.page_bits & PAGE_SOFT_DIRTY);
	world_start(1ul << 14, CACHE_LINE);
	core = core_side(&policy, live && live->swap);
	if (!live)
		fprintf(stderr, "the running kernel cannot be compared: %s\n", why);
	else if (!engine_begin(&engine, live, core))
		return -1;
	engine.exceptions = exceptions;
	return 0;
}

static int down(void **state)
{
	core->end(core);
	if (live) {
		live->end(live);
		engine_end(&engine);
	}
	return world_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_sequences_agree),
		cmocka_unit_test(random_sequences_agree),
	};

	return cmocka_run_group_tests(tests, up, down);
}
