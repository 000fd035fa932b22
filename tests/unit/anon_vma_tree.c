/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma_tree: chains found by the ranges of their VMAs, relatives in the order they came; what a check of the tree
 * sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/mm/anon_vma_tree.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"

#define NR	200

/* Chains of VMAs that exist for their ranges only; @in says which are in the tree. */
static struct scene {
	struct vm_area_struct vma[NR];
	struct anon_vma_chain avc[NR];
	bool in[NR];
	struct interval_tree tree;
} scene;

static int setup(void **state)
{
	(void)state;
	scene = (struct scene) { .tree = RB_INITIALIZER(&scene.tree) };
	for (unsigned int i = 0; i < NR; i++)
		scene.avc[i].vma = &scene.vma[i];
	return 0;
}

static void place(unsigned int i, unsigned long first, unsigned long pages)
{
	scene.vma[i].vm_pgoff = first;
	scene.vma[i].vm_start = 0;
	scene.vma[i].vm_end = pages << PAGE_SHIFT;
}

static void put_in(unsigned int i, unsigned long first, unsigned long pages)
{
	place(i, first, pages);
	anon_vma_interval_tree_insert(&scene.avc[i], &scene.tree);
	scene.in[i] = true;
}

static void take_out(unsigned int i)
{
	anon_vma_interval_tree_remove(&scene.avc[i], &scene.tree);
	scene.in[i] = false;
}

static bool meets(unsigned int i, unsigned long first, unsigned long last)
{
	const struct vm_area_struct *vma = &scene.vma[i];

	return scene.in[i] && vma->vm_pgoff <= last && vma->vm_pgoff + vma_pages(vma) - 1 >= first;
}

/* Every chain that meets the range is found once, in order of where it begins, and no other is. */
static void finds_what_the_array_has(unsigned long first, unsigned long last)
{
	bool found[NR] = { false };
	unsigned long before = 0;
	struct anon_vma_chain *avc;

	anon_vma_interval_tree_foreach(avc, &scene.tree, first, last) {
		unsigned int i = (unsigned int)(avc - scene.avc);

		assert_true(meets(i, first, last) && !found[i]);
		assert_true(scene.vma[i].vm_pgoff >= before);
		before = scene.vma[i].vm_pgoff;
		found[i] = true;
	}
	for (unsigned int i = 0; i < NR; i++)
		assert_true(found[i] == meets(i, first, last));
}

static void an_empty_tree_has_nothing(void **state)
{
	(void)state;
	assert_null(anon_vma_interval_tree_iter_first(&scene.tree, 0, ~0ul));
	assert_int_equal(anon_vma_interval_tree_check(&scene.tree), 0);
}

static void ranges_include_both_ends(void **state)
{
	(void)state;
	put_in(0, 10, 5);
	assert_ptr_equal(anon_vma_interval_tree_iter_first(&scene.tree, 14, 14), &scene.avc[0]);
	assert_ptr_equal(anon_vma_interval_tree_iter_first(&scene.tree, 0, 10), &scene.avc[0]);
	assert_ptr_equal(anon_vma_interval_tree_iter_first(&scene.tree, 0, ~0ul), &scene.avc[0]);
	assert_null(anon_vma_interval_tree_iter_next(&scene.avc[0], 0, ~0ul));
	assert_null(anon_vma_interval_tree_iter_first(&scene.tree, 15, ~0ul));
	assert_null(anon_vma_interval_tree_iter_first(&scene.tree, 0, 9));
}

/* As a page's relatives are after many forks: the same range again and again, found in the order they came. */
static void relatives_are_found_in_order(void **state)
{
	struct anon_vma_chain *avc;
	unsigned int i;

	(void)state;
	for (i = 0; i < NR; i++)
		put_in(i, 7, 3);
	assert_int_equal(anon_vma_interval_tree_check(&scene.tree), NR);
	i = 0;
	anon_vma_interval_tree_foreach(avc, &scene.tree, 8, 8)
		assert_ptr_equal(avc, &scene.avc[i++]);
	for (i = 0; i < NR; i += 2)
		take_out(i);
	assert_int_equal(anon_vma_interval_tree_check(&scene.tree), NR / 2);
	i = 1;
	anon_vma_interval_tree_foreach(avc, &scene.tree, 9, 100) {
		assert_ptr_equal(avc, &scene.avc[i]);
		i += 2;
	}
	assert_int_equal(i, NR + 1);
}

static void random_changes_beside_an_array(void **state)
{
	struct rng rng;
	unsigned long nr = 0;

	(void)state;
	rng_init(&rng, test_seed());
	for (unsigned int round = 0; round < test_rounds(20000); round++) {
		unsigned int i = (unsigned int)rng_below(&rng, NR);
		unsigned long first = rng_below(&rng, 400), last = first + rng_below(&rng, 20);

		if (scene.in[i]) {
			take_out(i);
			nr--;
		} else {
			/* A few long ones, over many short ones: what makes subtree_last differ from last. */
			put_in(i, rng_below(&rng, 400), 1 + rng_below(&rng, i % 16 ? 4 : 300));
			nr++;
		}
		if (round % 16)
			continue;
		assert_int_equal(anon_vma_interval_tree_check(&scene.tree), nr);
		finds_what_the_array_has(first, last);
	}
}

/* ---- what the checks are there for ---- */

static void a_range_changed_in_the_tree_is_seen(void **state)
{
	(void)state;
	put_in(0, 10, 5);
	place(0, 10, 6);
	assert_dies("has_its_vmas_range", anon_vma_interval_tree_check(&scene.tree));
	if (FAULTLINE_CHECK)
		assert_dies("has_its_vmas_range", anon_vma_interval_tree_remove(&scene.avc[0], &scene.tree));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_tree_has_nothing, setup),
		cmocka_unit_test_setup(ranges_include_both_ends, setup),
		cmocka_unit_test_setup(relatives_are_found_in_order, setup),
		cmocka_unit_test_setup(random_changes_beside_an_array, setup),
		cmocka_unit_test_setup(a_range_changed_in_the_tree_is_seen, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
