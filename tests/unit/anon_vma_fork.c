/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma, fork: which VMA inherits which, which gets a new one, and when an unused one is reused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/scene/anon_vma_scene.h"

static void a_child_is_found_by_its_parents_pages(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4), *child = fork_of(mm), *grandchild = fork_of(child);
	struct anon_vma *root = anon_vma_at(mm, AREA), *middle = anon_vma_at(child, AREA);
	struct anon_vma *leaf = anon_vma_at(grandchild, AREA);
	struct anon_vma_chain *avc = TAILQ_FIRST(&vma_at(grandchild, AREA)->anon_vma_chain);

	(void)state;
	assert_true(middle != root && leaf != middle && leaf != root);
	assert_true(middle->root == root && leaf->root == root && middle->parent == root && leaf->parent == middle);
	assert_counts(root, 3, 2, 1, 3);
	assert_counts(middle, 1, 1, 1, 2);
	assert_counts(leaf, 1, 0, 1, 1);
	assert_ptr_equal(avc->anon_vma, leaf);		/* newest first */
	avc = TAILQ_NEXT(avc, same_vma);
	assert_ptr_equal(avc->anon_vma, middle);
	assert_ptr_equal(TAILQ_NEXT(avc, same_vma)->anon_vma, root);
	mm_exit(mm);					/* the root outlives the mm that made it */
	assert_counts(root, 3, 2, 0, 2);
	mm_exit(grandchild);
	assert_counts(root, 2, 2, 0, 1);
	assert_counts(middle, 1, 0, 1, 1);
	mm_exit(child);
	assert_nothing_left();
}

static void a_fork_without_pages_has_no_anon_vma(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15"), *child;

	(void)state;
	map_at(mm, AREA, PAGE_SIZE, READ_WRITE);
	child = fork_of(mm);
	assert_null(anon_vma_at(child, AREA));
	assert_int_equal(nr_chains(vma_at(child, AREA)), 0);
	mm_exit(child);
	mm_exit(mm);
}

/* Row: A1. */
static void an_unused_anon_vma_is_used_again(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4), *child = fork_of(mm), *grandchild = fork_of(child), *last;
	struct anon_vma *middle = anon_vma_at(child, AREA);

	(void)state;
	events_reset();
	mm_exit(child);
	assert_counts(middle, 1, 1, 0, 1);
	last = fork_of(grandchild);
	assert_int_equal(events_total(EV_ANON_VMA_REUSE), 1);
	assert_ptr_equal(anon_vma_at(last, AREA), middle);
	assert_int_equal(nr_chains(vma_at(last, AREA)), 3);
	assert_counts(middle, 1, 1, 1, 2);
	rcu_barrier();
	assert_int_equal(nr_anon_vmas(), 3);
	mm_exit(last);
	mm_exit(mm);
	mm_exit(grandchild);
	assert_nothing_left();
}

/* Row: A1. */
static void the_parent_of_two_is_not_used_again(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4), *child = fork_of(mm);
	struct mm_struct *one = fork_of(child), *two = fork_of(child), *last;
	struct anon_vma *middle = anon_vma_at(child, AREA);

	(void)state;
	mm_exit(child);
	assert_counts(middle, 1, 2, 0, 2);
	last = fork_of(one);
	assert_ptr_not_equal(anon_vma_at(last, AREA), middle);
	assert_int_equal(nr_chains(vma_at(last, AREA)), 4);
	mm_exit(two);
	mm_exit(one);
	mm_exit(last);
	mm_exit(mm);
	assert_nothing_left();
}

/* Each forks and exits: without reuse the hundredth would have a hundred chains. */
static void generations_do_not_pile_up(void **state)
{
	(void)state;
	for_each_kind(policy) {
		struct mm_struct *mm = mm_prepared(policy, 4), *child;

		for (unsigned int i = 0; i < 100; i++) {
			child = fork_of(mm);
			mm_exit(mm);
			mm = child;
			assert_in_range(nr_chains(vma_at(mm, AREA)), 2, 3);
		}
		rcu_barrier();
		assert_in_range(nr_anon_vmas(), 2, 3);
		assert_in_range(nr_anon_vma_chains(), 2, 3);
		mm_exit(mm);
		assert_nothing_left();
	}
}

#define GENERATIONS	50u

/*
 * Where all ancestors live, each generation has a chain for each of them, as in Linux: the sum is quadratic, and no
 * more.
 */
static void living_generations_have_a_chain_for_each_ancestor(void **state)
{
	struct mm_struct *mms[GENERATIONS] = { mm_prepared("linux-6.15", 4) };

	(void)state;
	for (unsigned int i = 1; i < GENERATIONS; i++) {
		mms[i] = fork_of(mms[i - 1]);
		assert_int_equal(nr_chains(vma_at(mms[i], AREA)), i + 1);
	}
	assert_int_equal(nr_anon_vmas(), GENERATIONS);
	assert_int_equal(nr_anon_vma_chains(), GENERATIONS * (GENERATIONS + 1) / 2);
	for (unsigned int i = 0; i < GENERATIONS; i++)
		mm_exit(mms[i]);
	assert_nothing_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_found_by_its_parents_pages),
		cmocka_unit_test(a_fork_without_pages_has_no_anon_vma),
		cmocka_unit_test(an_unused_anon_vma_is_used_again),
		cmocka_unit_test(the_parent_of_two_is_not_used_again),
		cmocka_unit_test(generations_do_not_pile_up),
		cmocka_unit_test(living_generations_have_a_chain_for_each_ancestor),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
