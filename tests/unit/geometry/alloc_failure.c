/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that runs out in the middle of every operation: the error is the right one, nothing is lost, what promises to
 * do all or nothing has done nothing, and the same call works once there is memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/madvise.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/model_pages.h"
#include "tests/lib/model/moves.h"
#include "tests/lib/scene/tree.h"

static struct outcome got, want;
static unsigned long failed[NR_MOVES];

static long no_memory(const struct move *move)
{
	return move->kind == MOVE_TOUCH ? (long)VM_FAULT_OOM : -ENOMEM;
}

/* What it replaces is unmapped before the failure, and so is what it truncates. */
static bool all_or_nothing(const struct move *move)
{
	if (move->kind == MOVE_MREMAP)
		return !(move->flags & MREMAP_FIXED);
	return move->kind == MOVE_MMAP || move->kind == MOVE_MUNMAP || move->kind == MOVE_TOUCH;
}

/* After a move that failed for want of memory. */
static bool left_right(const struct move *move, const struct model *before, struct mm_struct *mm)
{
	failed[move->kind]++;
	return all_or_nothing(move) ? model_check_but_tables(before, mm) : tree_counters_right(mm);
}

/* The same call means something else once the first of several VMAs is gone. */
static bool can_be_repeated(const struct move *move, const struct model *model)
{
	return move->kind != MOVE_MREMAP || !model_page(model, move->start) ||
	       model_vma_end(model, move->start) - move->start >= move->len;
}

/* Advice goes over few pages: it is repeated for each of their allocations. */
static void keep_short(struct move *move)
{
	if (move->kind == MOVE_MADVISE)
		move->len = min(move->len, 6 * PAGE_SIZE);
}

static bool moved_away(const struct move *move)
{
	return move->kind == MOVE_MREMAP && got.ret >= 0 && got.ret != (long)move->start &&
	       !(move->flags & MREMAP_DONTUNMAP);
}

/* A move that succeeds may leave its source mapped, and empty, for want of memory to split it off. */
static void unmap_source(const struct move *move, struct mm_struct *mm)
{
	unsigned long end = move->start + model_page_up(move->len);
	struct vm_area_struct *vma;

	while (moved_away(move) && (vma = vma_tree_find(&mm->tree, move->start)) && vma->vm_start < end) {
		unsigned long start = max(vma->vm_start, move->start);

		BUG_ON(sys_munmap(mm, start, min(vma->vm_end, end) - start));
	}
}

/* mmap() reports no page that it could not populate: the missing ones are there after another try. */
static void finish_populating(const struct move *move, struct mm_struct *mm)
{
	int advice = move->prot & PROT_WRITE ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;

	if (move->kind == MOVE_MMAP && (move->flags & MAP_POPULATE) && got.ret >= 0)
		(void)sys_madvise(mm, (unsigned long)got.ret, model_page_up(move->len), advice);
}

/*
 * Does @move until it works, with less and less of what @make_scarce takes away. Returns false when anything is wrong.
 */
static bool scarce_move(const struct move *move, struct model *model, struct mm_struct *mm,
			void (*make_scarce)(unsigned int have), void (*make_plenty)(void))
{
	struct model before;
	bool right = true, scarce = can_be_repeated(move, model);

	model_copy(&before, model);
	move_model(move, model, &want);
	scarce = scarce && want.ret != no_memory(move);
	/* Where -ENOMEM is the expected result anyway, the two cannot be distinguished. */
	for (unsigned int have = 0; right; have++) {
		if (scarce)
			make_scarce(have);
		move_do(move, mm, &got);
		if (scarce)
			make_plenty();
		if (got.ret == want.ret || got.ret != no_memory(move))
			break;
		right = left_right(move, &before, mm);
	}
	right = right && outcomes_equal(move, &got, &want);
	if (right) {
		unmap_source(move, mm);
		finish_populating(move, mm);
	}
	if (right && !model_check(model, mm)) {
		move_tell(move);
		right = false;
	}
	model_free(&before);
	return right;
}

#if FAULTLINE_CHECK
static unsigned int first_to_fail;

static void fail_one(unsigned int have)
{
	inject_alloc_failure(first_to_fail + have);
}

static void fail_none(void)
{
	inject_alloc_failure(0);
}

/* Every allocation of every move fails once, from some number on. */
static bool one_failure_each(const char *policy, uint64_t seed, unsigned int rounds)
{
	struct mm_struct *mm = world_mm(policy);
	struct model model;
	bool right = true;
	struct rng rng;

	rng_init(&rng, seed);
	model_init(&model, &mm->pt.policy);
	for (unsigned int i = 0; right && i < rounds; i++) {
		struct move move = move_random(&model, &rng);

		keep_short(&move);
		first_to_fail = 1 + (rng_below(&rng, 4) ? 0 : (unsigned int)rng_below(&rng, 8));
		right = scarce_move(&move, &model, mm, fail_one, fail_none);
	}
	if (!right)
		fprintf(stderr, "policy %s, seed %lu, allocation %u on\n", policy, (unsigned long)seed, first_to_fail);
	model_free(&model);
	mm_exit(mm);
	return right;
}

static void each_allocation_fails_once(void **state)
{
	unsigned int right = 0;

	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++)
		right += one_failure_each(world_policies[p], test_seed() * 100 + p, max(test_rounds(400), 400u));
	assert_int_equal(right, nr_world_policies);
	assert_true(failed[MOVE_MMAP] && failed[MOVE_MUNMAP] && failed[MOVE_MPROTECT] && failed[MOVE_MADVISE] &&
		    failed[MOVE_MREMAP] && failed[MOVE_TOUCH]);
}
#endif

static void leave_few(unsigned int have)
{
	world_take_frames(have << TABLE_ORDER);
}

/* What needs page tables: a touch, a populate, a guard region, a move. And what takes them away. */
static struct move table_move(const struct model *model, struct rng *rng)
{
	static const int advices[] = { MADV_GUARD_INSTALL, MADV_POPULATE_READ, MADV_POPULATE_WRITE };
	struct move move = move_random(model, rng);

	while (move.kind == MOVE_MPROTECT || move.kind == MOVE_MINCORE)
		move = move_random(model, rng);
	if (move.kind == MOVE_MADVISE)
		move.advice = advices[rng_below(rng, ARRAY_SIZE(advices))];
	return move;
}

/* Frames for nothing, for one table, for two and so on. */
static void frames_run_out(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct model model;
	bool right = true;
	struct rng rng;

	(void)state;
	for (unsigned int kind = 0; kind < NR_MOVES; kind++)
		failed[kind] = 0;
	rng_init(&rng, test_seed());
	model_init(&model, &mm->pt.policy);
	for (unsigned int i = 0; right && i < max(test_rounds(400), 400u); i++) {
		struct move move = table_move(&model, &rng);

		if (move.kind == MOVE_TOUCH || move.kind == MOVE_MADVISE || move.kind == MOVE_MREMAP) {
			keep_short(&move);
			right = scarce_move(&move, &model, mm, leave_few, world_give_frames);
		} else {
			move_model(&move, &model, &want);
			move_do(&move, mm, &got);
			right = outcomes_equal(&move, &got, &want);
		}
	}
	model_free(&model);
	mm_exit(mm);
	assert_true(right);
	assert_true(failed[MOVE_TOUCH] && failed[MOVE_MADVISE]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if FAULTLINE_CHECK
		cmocka_unit_test(each_allocation_fails_once),
#endif
		cmocka_unit_test(frames_run_out),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
