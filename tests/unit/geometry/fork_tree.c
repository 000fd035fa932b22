/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork_tree: families of address spaces, up to five forks deep, in which every member does everything; each against a
 * model that copied its parent's at once.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/model/moves.h"
#include "tests/lib/scene/family.h"

#define MEMBERS		6
#define MAX_DEPTH	5	/* forks from the first one */
#define CHECK_ALL	64	/* moves between two looks at the whole family */

struct member {
	struct mm_struct *mm;		/* NULL: none */
	unsigned int depth;
	struct model model;
};

struct family {
	struct member member[MEMBERS];
	struct rng rng;
	const char *policy;
};

/* What all families met. */
static unsigned long forks, failed_forks, moves, met_depth[MAX_DEPTH + 1];

static struct member *any_member(struct family *family, bool alive)
{
	for (;;) {
		struct member *member = &family->member[rng_below(&family->rng, MEMBERS)];

		if (!member->mm == !alive)
			return member;
	}
}

static unsigned int alive(const struct family *family)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < MEMBERS; i++)
		nr += !!family->member[i].mm;
	return nr;
}

static void member_exit(struct member *member)
{
	model_free(&member->model);
	mm_exit(member->mm);
	member->mm = NULL;
}

/* At times it fails first, which the parent must survive as it was, but for rights to write. */
static bool member_fork(struct family *family)
{
	struct member *parent = any_member(family, true), *child = any_member(family, false);
	int err;

	if (parent->depth == MAX_DEPTH)
		return true;
	if (FAULTLINE_CHECK && rng_below(&family->rng, 3) == 0)
		inject_alloc_failure(1 + rng_below(&family->rng, 40));
	err = sys_fork(parent->mm, &child->mm);
	inject_alloc_failure(0);
	failed_forks += err == -ENOMEM;
	if (err == -ENOMEM)
		err = sys_fork(parent->mm, &child->mm);
	if (err)
		return false;
	model_fork(&child->model, &parent->model);
	child->depth = parent->depth + 1;
	met_depth[child->depth]++;
	forks++;
	return model_check(&child->model, child->mm) && model_check(&parent->model, parent->mm);
}

static bool member_move(struct family *family)
{
	static struct outcome got, want;
	struct member *member = any_member(family, true);
	struct move move = move_random(&member->model, &family->rng);

	moves++;
	move_model(&move, &member->model, &want);
	move_do(&move, member->mm, &got);
	if (outcomes_equal(&move, &got, &want) && model_check(&member->model, member->mm))
		return true;
	move_tell(&move);
	return false;
}

/* No mm's moves change another one, and the oracle holds. */
static bool family_right(struct family *family)
{
	struct mm_struct *mms[MEMBERS];
	unsigned int nr = 0;

	for (unsigned int i = 0; i < MEMBERS; i++) {
		struct member *member = &family->member[i];

		if (!member->mm)
			continue;
		if (!model_check(&member->model, member->mm))
			return false;
		mms[nr++] = member->mm;
	}
	return rests(mms, nr);
}

static bool step(struct family *family, unsigned int round)
{
	unsigned long dice = rng_below(&family->rng, 24);

	if (dice == 0 && alive(family) < MEMBERS)
		return member_fork(family);
	if (dice == 1 && alive(family) > 1 && (round & 1 || alive(family) == MEMBERS)) {
		member_exit(any_member(family, true));
		return true;
	}
	return member_move(family) && (round % CHECK_ALL || family_right(family));
}

/* Returns true when all went well, else says on stderr what did not. */
static bool family_lives(const char *policy, uint64_t seed, unsigned int rounds)
{
	static struct family family;
	bool right = true;

	family = (struct family){ .policy = policy };
	rng_init(&family.rng, seed);
	family.member[0].mm = world_mm(policy);
	model_init(&family.member[0].model, &family.member[0].mm->pt.policy);
	for (unsigned int round = 0; right && round < rounds; round++) {
		right = step(&family, round);
		if (!right)
			fprintf(stderr, "policy %s, seed %lu, round %u\n", policy, (unsigned long)seed, round);
	}
	right = right && family_right(&family);
	for (unsigned int i = 0; i < MEMBERS; i++)
		if (family.member[i].mm)
			member_exit(&family.member[i]);
	return right;
}

/* Sanitizers get every third policy: families need to live long, and grace periods take time. */
static void families(unsigned int payload, unsigned int rounds)
{
	bool right = true;

	world_start(16384, payload);
	for (unsigned int p = 0; right && p < nr_world_policies; p += FAULTLINE_PLAIN_ALLOC ? 3 : 1)
		right = family_lives(world_policies[p], test_seed() * 100 + p, rounds);
	right = right && family_lives("linux-6.15,anon_vma=call_rcu", test_seed(), rounds);
	assert_true(world_stop());
	assert_true(right);
}

/* Row: L8. */
static void families_with_contents(void **state)
{
	(void)state;
	families(64, max(test_rounds(1200), 300u));
}

static void families_with_whole_pages(void **state)
{
	(void)state;
	families(4096, max(test_rounds(400), 100u));
}

#if FAULTLINE_CHECK
static bool with_knockout(void *arg)
{
	bool right;

	world_start(16384, 64);
	if (knockout_enable(arg))
		return true;
	right = family_lives("linux-6.15", 1, 2000);
	if (!right)
		fprintf(stderr, "not as the model says");
	return right;
}

/* Writes stay with their writer: a parent whose entries stay writable after fork is detected. */
static void a_wrong_fork_is_seen(void **state)
{
	char knockout[] = "fork:wrprotect", said[1024];

	(void)state;
	assert_false(child_ends_well(with_knockout, knockout, said, sizeof(said)));
	assert_non_null(strstr(said, "not as the model says"));
}
#endif

static void every_depth_was_met(void **state)
{
	(void)state;
	for (unsigned int depth = 1; depth <= MAX_DEPTH; depth++)
		assert_true(met_depth[depth] > 0);
	assert_true(forks > 40 && moves > 10 * forks);
	if (FAULTLINE_CHECK)
		assert_true(failed_forks > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if FAULTLINE_CHECK
		/* first: its process has no RCU thread yet that a child would lack */
		cmocka_unit_test(a_wrong_fork_is_seen),
#endif
		cmocka_unit_test(families_with_contents),
		cmocka_unit_test(families_with_whole_pages),
		cmocka_unit_test(every_depth_was_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
