/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree: long random sequences against a sorted array; what was reserved; what is wrong. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/vma_array.h"

static struct vma_array array;

/* Grows to some number, shrinks to some other, again and again. */
static void random_sequence(uint64_t seed, bool clustered, unsigned int most, unsigned int rounds)
{
	bool grows = true;
	struct rng rng;

	vma_array_init(&array);
	rng_init(&rng, seed);
	for (unsigned int i = 0; i < rounds; i++) {
		if (array.nr < most / 10 || array.nr >= most || rng_below(&rng, most) == 0)
			grows = array.nr < most / 2;
		if (rng_below(&rng, 3) ? grows : !grows)
			vma_array_insert(&array, random_end(&rng, clustered));
		else if (array.nr)
			vma_array_erase(&array, (unsigned int)rng_below(&rng, array.nr));
		vma_array_check_find(&array, random_end(&rng, clustered));
		if (array.nr)
			vma_array_check_find(&array, array.vma[rng_below(&rng, array.nr)]->vm_end - rng_below(&rng, 2));
		if (i % 1024 == 0)
			vma_array_check(&array);
	}
	vma_array_check(&array);
	vma_array_destroy(&array);
}

/* Row: L5. */
static void random_sequences_against_a_sorted_array(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		random_sequence(test_seed() + i, i, 10, test_rounds(20000));
		random_sequence(test_seed() + i, i, 300, test_rounds(50000));
		random_sequence(test_seed() + i, i, 7000, test_rounds(100000));
	}
}

/* As mmap and munmap do: downwards or upwards, and away at one end or the other. */
static void runs_up_and_down(void **state)
{
	(void)state;
	for (unsigned int how = 0; how < 4; how++) {
		vma_array_init(&array);
		for (unsigned long i = 1; i <= 3000; i++) {
			assert_true(vma_array_insert(&array, (how & 1 ? i : 10000 - i) << PAGE_SHIFT));
			if (i > 1000)
				vma_array_erase(&array, how & 2 ? 0 : array.nr - 1);
			vma_array_check_find(&array, i << PAGE_SHIFT);
		}
		vma_array_check(&array);
		vma_array_destroy(&array);
	}
}

/* The upper half goes, the lower one is split up meanwhile, and then the upper half comes back. */
static void an_emptied_end_is_filled_again(void **state)
{
	(void)state;
	vma_array_init(&array);
	for (unsigned long i = 1; i <= 2000; i++)
		assert_true(vma_array_insert(&array, 2 * i << PAGE_SHIFT));
	while (array.nr > 1000)
		vma_array_erase(&array, array.nr - 1);
	for (unsigned long i = 1; i <= 1000; i++)
		assert_true(vma_array_insert(&array, (2 * i - 1) << PAGE_SHIFT));
	vma_array_check(&array);
	for (unsigned long i = 2000; i > 1000; i--) {
		assert_true(vma_array_insert(&array, 2 * i << PAGE_SHIFT));
		vma_array_check_find(&array, (2 * i - 1) << PAGE_SHIFT);
	}
	vma_array_check(&array);
	vma_array_destroy(&array);
}

static void an_empty_tree_finds_nothing(void **state)
{
	struct vma_tree tree = { 0 };

	(void)state;
	assert_null(vma_tree_find(&tree, 0));
	assert_null(vma_tree_find(&tree, ULONG_MAX));
	assert_null(vma_tree_find_prev(&tree, 0));
	assert_null(vma_tree_find_prev(&tree, ULONG_MAX));
	assert_int_equal(vma_tree_check(&tree, vma_end_of), 0);
	vma_tree_destroy(&tree);
}

static void the_ends_of_the_address_space(void **state)
{
	(void)state;
	vma_array_init(&array);
	assert_true(vma_array_insert(&array, ULONG_MAX));
	assert_true(vma_array_insert(&array, 1));
	assert_ptr_equal(vma_tree_find(&array.tree, 0), array.vma[0]);
	assert_ptr_equal(vma_tree_find(&array.tree, 1), array.vma[1]);
	assert_ptr_equal(vma_tree_find(&array.tree, ULONG_MAX - 1), array.vma[1]);
	assert_null(vma_tree_find(&array.tree, ULONG_MAX));
	assert_null(vma_tree_find_prev(&array.tree, 0));
	assert_ptr_equal(vma_tree_find_prev(&array.tree, ULONG_MAX), array.vma[1]);
	vma_array_destroy(&array);
}

/* What was reserved suffices for that many insertions, wherever they go: they allocate nothing. */
static void reserved_insertions_need_no_memory(void **state)
{
	struct rng rng;

	(void)state;
	needs_checks();
	vma_array_init(&array);
	rng_init(&rng, test_seed());
	while (array.nr < MAX_VMAS - 8) {
		unsigned int inserts = 1 + (unsigned int)rng_below(&rng, 6);

		assert_int_equal(vma_tree_reserve(&array.tree, inserts), 0);
		inject_alloc_failure(1);
		while (inserts)
			inserts -= vma_array_insert_reserved(&array, random_end(&rng, inserts & 1));
		assert_int_equal(inject_alloc_count(), 0);
		inject_alloc_failure(0);
	}
	vma_array_check(&array);
	vma_array_destroy(&array);
}

/* Each allocation of a reservation fails once: nothing is lost, and it can be made again. */
static void a_reservation_that_fails_changes_nothing(void **state)
{
	unsigned int failures = 0;

	(void)state;
	needs_checks();
	vma_array_init(&array);
	for (unsigned long i = 1; i <= 100; i++)
		vma_array_insert(&array, i << PAGE_SHIFT);
	for (unsigned int nth = 1;; nth++) {
		int err;

		inject_alloc_failure(nth);
		err = vma_tree_reserve(&array.tree, 4);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		failures++;
		vma_array_check(&array);
		vma_array_check_find(&array, 50 << PAGE_SHIFT);
	}
	assert_true(failures);
	/* A reservation is not added to what there is, but made up to what is wanted. */
	inject_alloc_failure(1);
	assert_int_equal(vma_tree_reserve(&array.tree, 4), 0);
	assert_int_equal(inject_alloc_count(), 0);
	inject_alloc_failure(0);
	vma_array_destroy(&array);
}

static unsigned long wrong_end_of(const struct vm_area_struct *vma)
{
	return vma->vm_end + 1;
}

static void what_is_wrong_dies(void **state)
{
	struct vm_area_struct stranger = { .vm_end = 7 << PAGE_SHIFT };

	(void)state;
	vma_array_init(&array);
	for (unsigned long i = 1; i <= 40; i++)
		vma_array_insert(&array, i << PAGE_SHIFT);
	assert_dies("end_of(", vma_tree_check(&array.tree, wrong_end_of));
	assert_dies("slot != vma", vma_tree_erase(&array.tree, &stranger, stranger.vm_end));
	assert_dies("tree->root", vma_tree_destroy(&array.tree));
	vma_array_destroy(&array);
	assert_dies("!root", vma_tree_erase(&array.tree, &stranger, stranger.vm_end));
	assert_dies("!node", vma_tree_insert(&array.tree, &stranger, stranger.vm_end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_against_a_sorted_array),
		cmocka_unit_test(runs_up_and_down),
		cmocka_unit_test(an_emptied_end_is_filled_again),
		cmocka_unit_test(an_empty_tree_finds_nothing),
		cmocka_unit_test(the_ends_of_the_address_space),
		cmocka_unit_test(reserved_insertions_need_no_memory),
		cmocka_unit_test(a_reservation_that_fails_changes_nothing),
		cmocka_unit_test(what_is_wrong_dies),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
