/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree_pack: trees that have become too tall are built anew; and readers beside the writer, packed or not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/vma_array.h"

static struct vma_array array;

/*
 * Each round leaves one VMA behind: nodes that are nearly empty, but not quite, under a tree that would grow and grow.
 */
static void few_survivors_need_no_tall_tree(void **state)
{
	unsigned int tallest = 0;

	(void)state;
	vma_array_init(&array);
	for (unsigned long round = 0; round < 200; round++) {
		for (unsigned long i = 0; i < 200; i++)
			assert_true(vma_array_insert(&array, (round * 1000 + 2 * i + 2) << PAGE_SHIFT));
		while (array.nr > round + 1)
			vma_array_erase(&array, array.nr - 1);
		tallest = max(tallest, array.tree.height);
		vma_array_check(&array);
	}
	assert_in_range(tallest, 3, 6);		/* 400 VMAs at the most fill three levels */
	vma_array_destroy(&array);
}

/* @left of 8000 VMAs, far apart, under the tree of all of them. */
static void thin_out(unsigned int left)
{
	vma_array_init(&array);
	for (unsigned long i = 1; i <= 8000; i++)
		assert_true(vma_array_insert(&array, i << PAGE_SHIFT));
	for (unsigned int rank = array.nr; rank-- > 0;)
		if (rank % (8000 / left))
			vma_array_erase(&array, rank);
}

static void what_is_left_is_found(void **state)
{
	(void)state;
	for (unsigned int left = 1; left <= 1000; left *= 10) {
		unsigned int tall;

		thin_out(left);
		tall = array.tree.height;
		assert_int_equal(vma_tree_reserve(&array.tree, 1), 0);
		assert_true(left < 10 ? array.tree.height < tall : array.tree.height <= tall);
		vma_array_check(&array);
		for (unsigned long i = 0; i <= 8001; i++)
			vma_array_check_find(&array, i << PAGE_SHIFT);
		for (unsigned long i = 1; i <= 8000; i++)
			vma_array_insert(&array, i << PAGE_SHIFT);
		assert_int_equal(array.nr, 8000);
		vma_array_check(&array);
		vma_array_destroy(&array);
	}
}

/* No memory for it: the tree stays as it is, and is packed the next time. */
static void packing_that_fails_changes_nothing(void **state)
{
	unsigned int tall;

	(void)state;
	needs_checks();
	thin_out(8);
	tall = array.tree.height;
	inject_alloc_failure(1);
	assert_int_equal(vma_tree_reserve(&array.tree, 1), -ENOMEM);
	inject_alloc_failure(0);
	assert_int_equal(array.tree.height, tall);
	vma_array_check(&array);
	assert_int_equal(vma_tree_reserve(&array.tree, 1), 0);
	assert_true(array.tree.height < tall);
	vma_array_check(&array);
	vma_array_destroy(&array);
}

/* Readers look for VMAs that stay, while others come and go around them. */
struct audience {
	unsigned int done;
	unsigned long finds[2];
};

#define STAYING		50ul
#define ABOVE		(1ul << 20)	/* pages: where many come and go, and make the tree tall */

static struct vm_area_struct *staying[STAYING + 1];	/* number n ends at 3 * n pages */

/* Without a stable VMA the one found may have been reused: so it is identified by its address alone. */
static bool passes_by(const struct vm_area_struct *vma)
{
	for (unsigned long n = 1; n <= STAYING; n++)
		if (vma == staying[n])
			return false;
	return vma;
}

static void look(void *arg, unsigned int index)
{
	struct audience *audience = arg;
	struct vma_tree *tree = &array.tree;

	while (!load_acquire(&audience->done)) {
		unsigned long n = 2 + rng_below(&this_cpu->rng, STAYING - 1), addr = (3 * n - 1) << PAGE_SHIFT;
		struct vm_area_struct *vma;

		rcu_read_lock();
		vma = vma_tree_find(tree, addr);
		BUG_ON(vma != staying[n]);
		vma = vma_tree_find_prev(tree, addr);
		BUG_ON(vma != staying[n - 1] && !passes_by(vma));
		rcu_read_unlock();
		audience->finds[index]++;
	}
}

static unsigned int rank_below(unsigned long end)
{
	unsigned int rank = 0;

	while (rank < array.nr && array.vma[rank]->vm_end < end)
		rank++;
	return rank;
}

/* A VMA that does not stay comes, or goes if it is there. */
static void come_or_go(unsigned long end)
{
	unsigned int rank = rank_below(end);

	if (rank < array.nr && array.vma[rank]->vm_end == end)
		vma_array_erase(&array, rank);
	else
		vma_array_insert(&array, end);
}

/* All of the VMAs far above, or none. */
static void crowd(void)
{
	if (array.vma[array.nr - 1]->vm_end < ABOVE << PAGE_SHIFT) {
		for (unsigned long i = 0; i < 6000; i++)
			vma_array_insert(&array, (ABOVE + i) << PAGE_SHIFT);
		return;
	}
	while (array.vma[array.nr - 1]->vm_end >= ABOVE << PAGE_SHIFT)
		vma_array_erase(&array, array.nr - 1);
}

/* Row: L5. */
static void readers_always_find_what_stays(void **state)
{
	struct audience audience = { 0 };
	struct test_threads *readers;
	unsigned int packed = 0;
	struct rng rng;

	(void)state;
	vma_array_init(&array);
	rng_init(&rng, test_seed());
	for (unsigned long n = 1; n <= STAYING; n++) {
		vma_array_insert(&array, 3 * n << PAGE_SHIFT);
		staying[n] = array.vma[n - 1];
	}
	readers = threads_start(2, look, &audience);
	for (unsigned int i = 0; i < test_rounds(40000); i++) {
		unsigned long pages = 3 * rng_below(&rng, STAYING) + 1 + rng_below(&rng, 2);

		unsigned int height = array.tree.height;

		come_or_go(pages << PAGE_SHIFT);
		packed += array.tree.height < height;
		if (i % 500 == 0)
			crowd();
	}
	store_release(&audience.done, 1u);
	threads_join(readers);
	assert_true(audience.finds[0] && audience.finds[1] && packed);
	vma_array_check(&array);
	vma_array_destroy(&array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_survivors_need_no_tall_tree),
		cmocka_unit_test(what_is_left_is_found),
		cmocka_unit_test(packing_that_fails_changes_nothing),
		cmocka_unit_test(readers_always_find_what_stays),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
