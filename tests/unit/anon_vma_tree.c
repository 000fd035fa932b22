/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_tree: chains found by range, beside a plain array; what a check of the tree sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/mm/anon_vma_tree.h"
#include "tests/lib/dies.h"
#include "tests/lib/world.h"

#define NR	200

/* Chains of VMAs that exist for their ranges only; @in says which are in the tree. */
static struct scene {
	struct vm_area_struct vma[NR];
	struct anon_vma_chain avc[NR];
	bool in[NR];
	struct anon_vma_tree tree;
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

/* As a page's relatives are after many forks: the same range again and again. */
static void equal_ranges_are_all_found(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NR; i++)
		put_in(i, 7, 3);
	assert_int_equal(anon_vma_interval_tree_check(&scene.tree), NR);
	finds_what_the_array_has(8, 8);
	for (unsigned int i = 0; i < NR; i += 2)
		take_out(i);
	assert_int_equal(anon_vma_interval_tree_check(&scene.tree), NR / 2);
	finds_what_the_array_has(9, 100);
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
	assert_dies("vma_last_pgoff", anon_vma_interval_tree_check(&scene.tree));
	if (FAULTLINE_CHECK)
		assert_dies("vma_last_pgoff", anon_vma_interval_tree_remove(&scene.avc[0], &scene.tree));
}

static void a_stale_subtree_last_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 7; i++)
		put_in(i, 10 * i, 5);
	RB_ROOT(&scene.tree)->subtree_last++;
	assert_dies("subtree_last", anon_vma_interval_tree_check(&scene.tree));
}

static void a_broken_order_is_seen(void **state)
{
	struct anon_vma_chain *top, *left;

	(void)state;
	for (unsigned int i = 0; i < 7; i++)
		put_in(i, 10 * i, 5);
	top = RB_ROOT(&scene.tree);
	left = RB_LEFT(top, rb);
	RB_LEFT(top, rb) = RB_RIGHT(top, rb);
	RB_RIGHT(top, rb) = left;
	assert_dies("first", anon_vma_interval_tree_check(&scene.tree));
}

static void a_broken_balance_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 7; i++)
		put_in(i, 10 * i, 5);
	RB_COLOR(RB_LEFT(RB_ROOT(&scene.tree), rb), rb) ^= RB_RED;
	assert_dies("left != right", anon_vma_interval_tree_check(&scene.tree));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_tree_has_nothing, setup),
		cmocka_unit_test_setup(ranges_include_both_ends, setup),
		cmocka_unit_test_setup(equal_ranges_are_all_found, setup),
		cmocka_unit_test_setup(random_changes_beside_an_array, setup),
		cmocka_unit_test_setup(a_range_changed_in_the_tree_is_seen, setup),
		cmocka_unit_test_setup(a_stale_subtree_last_is_seen, setup),
		cmocka_unit_test_setup(a_broken_order_is_seen, setup),
		cmocka_unit_test_setup(a_broken_balance_is_seen, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
