/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm: long random sequences of all operations against the page-by-page model, under every policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/host/rcu.h"
#include "core/op/exit.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/moves.h"

static unsigned long met[NR_MOVES][2];	/* moves that failed, and that did not */

/* Returns how many of @rounds went well: all, unless it says on stderr what did not. */
static unsigned int random_moves(const char *policy, uint64_t seed, unsigned int rounds)
{
	struct mm_struct *mm = world_mm(policy);
	static struct outcome got, want;
	struct model model;
	unsigned int done;
	struct rng rng;

	rng_init(&rng, seed);
	model_init(&model, &mm->pt.policy);
	for (done = 0; done < rounds; done++) {
		struct move move = move_random(&model, &rng);

		move_model(&move, &model, &want);
		move_do(&move, mm, &got);
		if (!outcomes_equal(&move, &got, &want))
			break;
		if (!model_check(&model, mm)) {
			move_tell(&move);
			break;
		}
		met[move.kind][want.ret >= 0 && (move.kind != MOVE_TOUCH || !want.ret)]++;
	}
	if (done < rounds)
		fprintf(stderr, "policy %s, seed %lu, round %u\n", policy, (unsigned long)seed, done);
	model_free(&model);
	mm_exit(mm);
	return done;
}

static void sequences(unsigned int payload, unsigned int rounds)
{
	unsigned int right = 0;

	world_start(16384, payload);
	for (unsigned int p = 0; p < nr_world_policies; p++)
		right += random_moves(world_policies[p], test_seed() * 100 + p, rounds) == rounds;
	assert_true(world_stop());
	assert_int_equal(right, nr_world_policies);
}

static void random_sequences_without_contents(void **state)
{
	(void)state;
	sequences(0, test_rounds(600));
}

static void random_sequences_with_one_line_a_page(void **state)
{
	(void)state;
	sequences(64, test_rounds(600));
}

/* Row: G2. */
static void random_sequences_with_whole_pages(void **state)
{
	(void)state;
	sequences(4096, test_rounds(600));
}

/* A sequence in which some operation never failed, or never worked, shows little. */
static void every_operation_worked_and_failed(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < NR_MOVES; kind++)
		assert_true(met[kind][0] && met[kind][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_without_contents),
		cmocka_unit_test(random_sequences_with_one_line_a_page),
		cmocka_unit_test(random_sequences_with_whole_pages),
		cmocka_unit_test(every_operation_worked_and_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
