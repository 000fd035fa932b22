/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree: long random sequences against a sorted array; what was reserved; readers beside the writer. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/base/syncpoint.h"
#include "core/mm/mm_types.h"
#include "tests/lib/dies.h"
#include "tests/lib/threads.h"
#include "tests/lib/world.h"

#define MAX_VMAS	8192
#define MAX_HEIGHT	8	/* 8 to the power of 8 is far above MAX_VMAS; a tree that high has gone wrong */

/* VMAs in order of their ends, and spare ones. */
struct model {
	struct vma_tree tree;
	unsigned int nr, nr_spare;
	struct vm_area_struct *vma[MAX_VMAS], *spare[MAX_VMAS];
};

static struct vm_area_struct vmas[MAX_VMAS];
static struct model model;

static unsigned long end_of(const struct vm_area_struct *vma)
{
	return vma->vm_end;
}

static void model_reset(struct model *m)
{
	memset(m, 0, sizeof(*m));
	for (unsigned int i = 0; i < MAX_VMAS; i++)
		m->spare[m->nr_spare++] = &vmas[i];
}

/* How many VMAs end at or below @addr. */
static unsigned int rank_of(const struct model *m, unsigned long addr)
{
	unsigned int low = 0, high = m->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (m->vma[mid]->vm_end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void check_find(struct model *m, unsigned long addr)
{
	unsigned int rank = rank_of(m, addr);

	assert_ptr_equal(vma_tree_find(&m->tree, addr), rank < m->nr ? m->vma[rank] : NULL);
	assert_ptr_equal(vma_tree_find_prev(&m->tree, addr), rank ? m->vma[rank - 1] : NULL);
}

/* False when a VMA ends there already. */
static bool insert(struct model *m, unsigned long end)
{
	unsigned int rank = rank_of(m, end);
	struct vm_area_struct *vma;

	if (!m->nr_spare || (rank && m->vma[rank - 1]->vm_end == end))
		return false;
	assert_int_equal(vma_tree_reserve(&m->tree, 1), 0);
	vma = m->spare[--m->nr_spare];
	vma->vm_end = end;
	vma_tree_insert(&m->tree, vma, end);
	memmove(&m->vma[rank + 1], &m->vma[rank], (m->nr - rank) * sizeof(m->vma[0]));
	m->vma[rank] = vma;
	m->nr++;
	return true;
}

static void erase(struct model *m, unsigned int rank)
{
	struct vm_area_struct *vma = m->vma[rank];

	vma_tree_erase(&m->tree, vma, vma->vm_end);
	m->spare[m->nr_spare++] = vma;
	m->nr--;
	memmove(&m->vma[rank], &m->vma[rank + 1], (m->nr - rank) * sizeof(m->vma[0]));
}

static void erase_all(struct model *m)
{
	while (m->nr)
		erase(m, m->nr - 1);
	assert_null(m->tree.root);
	assert_int_equal(m->tree.height, 0);
	assert_null(vma_tree_find(&m->tree, 0));
	assert_null(vma_tree_find_prev(&m->tree, ULONG_MAX));
	vma_tree_destroy(&m->tree);
}

/* Ends all over the address space, or in a few places close together. */
static unsigned long random_end(struct rng *rng, bool clustered)
{
	if (clustered)
		return ((rng_below(rng, 5) << 40) + rng_below(rng, 3000) + 1) << PAGE_SHIFT;
	return (rng_below(rng, 1ul << 35) + 1) << PAGE_SHIFT;
}

static void check_all(struct model *m)
{
	assert_int_equal(vma_tree_check(&m->tree, end_of), m->nr);
	assert_true(m->tree.height <= MAX_HEIGHT);
}

/* Grows to some number, shrinks to some other, again and again. */
static void random_sequence(uint64_t seed, bool clustered, unsigned int most, unsigned int rounds)
{
	bool grows = true;
	struct rng rng;

	model_reset(&model);
	rng_init(&rng, seed);
	for (unsigned int i = 0; i < rounds; i++) {
		if (model.nr < most / 10 || model.nr >= most || rng_below(&rng, most) == 0)
			grows = model.nr < most / 2;
		if (rng_below(&rng, 3) ? grows : !grows)
			insert(&model, random_end(&rng, clustered));
		else if (model.nr)
			erase(&model, (unsigned int)rng_below(&rng, model.nr));
		check_find(&model, random_end(&rng, clustered));
		if (model.nr)
			check_find(&model, model.vma[rng_below(&rng, model.nr)]->vm_end - rng_below(&rng, 2));
		if (i % 1024 == 0)
			check_all(&model);
	}
	check_all(&model);
	erase_all(&model);
}

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
		model_reset(&model);
		for (unsigned long i = 1; i <= 3000; i++) {
			insert(&model, (how & 1 ? i : 10000 - i) << PAGE_SHIFT);
			if (i > 1000)
				erase(&model, how & 2 ? 0 : model.nr - 1);
			check_find(&model, i << PAGE_SHIFT);
		}
		check_all(&model);
		erase_all(&model);
	}
}

/* The upper half goes, the lower one is split up meanwhile, and then the upper half comes back. */
static void an_emptied_end_is_filled_again(void **state)
{
	(void)state;
	model_reset(&model);
	for (unsigned long i = 1; i <= 2000; i++)
		insert(&model, 2 * i << PAGE_SHIFT);
	while (model.nr > 1000)
		erase(&model, model.nr - 1);
	for (unsigned long i = 1; i <= 1000; i++)
		insert(&model, (2 * i - 1) << PAGE_SHIFT);
	check_all(&model);
	for (unsigned long i = 2000; i > 1000; i--) {
		insert(&model, 2 * i << PAGE_SHIFT);
		check_find(&model, (2 * i - 1) << PAGE_SHIFT);
	}
	check_all(&model);
	erase_all(&model);
}

static void an_empty_tree_finds_nothing(void **state)
{
	struct vma_tree tree = { 0 };

	(void)state;
	assert_null(vma_tree_find(&tree, 0));
	assert_null(vma_tree_find(&tree, ULONG_MAX));
	assert_null(vma_tree_find_prev(&tree, 0));
	assert_null(vma_tree_find_prev(&tree, ULONG_MAX));
	assert_int_equal(vma_tree_check(&tree, end_of), 0);
	vma_tree_destroy(&tree);
}

static void the_ends_of_the_address_space(void **state)
{
	(void)state;
	model_reset(&model);
	insert(&model, ULONG_MAX);
	insert(&model, 1);
	assert_ptr_equal(vma_tree_find(&model.tree, 0), model.vma[0]);
	assert_ptr_equal(vma_tree_find(&model.tree, 1), model.vma[1]);
	assert_ptr_equal(vma_tree_find(&model.tree, ULONG_MAX - 1), model.vma[1]);
	assert_null(vma_tree_find(&model.tree, ULONG_MAX));
	assert_null(vma_tree_find_prev(&model.tree, 0));
	assert_ptr_equal(vma_tree_find_prev(&model.tree, ULONG_MAX), model.vma[1]);
	erase_all(&model);
}

/* What was reserved suffices for that many insertions, wherever they go: they allocate nothing. */
static void reserved_insertions_need_no_memory(void **state)
{
	unsigned int inserts, nr = 0;
	struct rng rng;

	(void)state;
	needs_checks();
	model_reset(&model);
	rng_init(&rng, test_seed());
	while (model.nr < MAX_VMAS - 8) {
		inserts = 1 + (unsigned int)rng_below(&rng, 6);
		assert_int_equal(vma_tree_reserve(&model.tree, inserts), 0);
		inject_alloc_failure(1);
		for (unsigned int i = 0; i < inserts; i++) {
			struct vm_area_struct *vma = model.spare[--model.nr_spare];
			unsigned int rank;

			do {
				vma->vm_end = random_end(&rng, nr & 1);
				rank = rank_of(&model, vma->vm_end);
			} while (rank && model.vma[rank - 1]->vm_end == vma->vm_end);
			vma_tree_insert(&model.tree, vma, vma->vm_end);
			memmove(&model.vma[rank + 1], &model.vma[rank], (model.nr - rank) * sizeof(model.vma[0]));
			model.vma[rank] = vma;
			model.nr++;
			nr++;
		}
		assert_int_equal(inject_alloc_count(), 0);
		inject_alloc_failure(0);
	}
	check_all(&model);
	erase_all(&model);
}

/* Each allocation of a reservation fails once: nothing is lost, and it can be made again. */
static void a_reservation_that_fails_changes_nothing(void **state)
{
	unsigned int failures = 0;

	(void)state;
	needs_checks();
	model_reset(&model);
	for (unsigned long i = 1; i <= 100; i++)
		insert(&model, i << PAGE_SHIFT);
	for (unsigned int nth = 1;; nth++) {
		inject_alloc_failure(nth);
		if (!vma_tree_reserve(&model.tree, 4))
			break;
		failures++;
		assert_int_equal(vma_tree_reserve(&model.tree, 0), 0);
		check_all(&model);
		check_find(&model, 50 << PAGE_SHIFT);
	}
	inject_alloc_failure(0);
	assert_true(failures);
	/* A reservation is not added to what there is, but made up to what is wanted. */
	inject_alloc_failure(1);
	assert_int_equal(vma_tree_reserve(&model.tree, 4), 0);
	assert_int_equal(inject_alloc_count(), 0);
	inject_alloc_failure(0);
	erase_all(&model);
}

static unsigned long wrong_end_of(const struct vm_area_struct *vma)
{
	return vma->vm_end + 1;
}

static void what_is_wrong_dies(void **state)
{
	struct vm_area_struct stranger = { .vm_end = 7 << PAGE_SHIFT };

	(void)state;
	model_reset(&model);
	for (unsigned long i = 1; i <= 40; i++)
		insert(&model, i << PAGE_SHIFT);
	assert_dies("end_of(", vma_tree_check(&model.tree, wrong_end_of));
	assert_dies("slot != vma", vma_tree_erase(&model.tree, &stranger, stranger.vm_end));
	assert_dies("tree->root", vma_tree_destroy(&model.tree));
	erase_all(&model);
	assert_dies("!root", vma_tree_erase(&model.tree, &stranger, stranger.vm_end));
	assert_dies("!node", vma_tree_insert(&model.tree, &stranger, stranger.vm_end));
}

/* Readers look for VMAs that stay, while others come and go around them. */
struct audience {
	struct vma_tree *tree;
	unsigned int done;
	unsigned long finds[2];
};

#define STAYING		200ul

/* One in three stays: its end is 3 * n pages. What is found for an address in between is it, or one of the two below. */
static void look(void *arg, unsigned int index)
{
	struct audience *audience = arg;
	unsigned long finds = 0;

	while (!load_acquire(&audience->done)) {
		unsigned long n = 1 + rng_below(&this_cpu->rng, STAYING - 1), addr = (3 * n - 1) << PAGE_SHIFT;
		struct vm_area_struct *vma;

		rcu_read_lock();
		vma = vma_tree_find(audience->tree, addr);
		BUG_ON(vma != &vmas[3 * n]);
		vma = vma_tree_find_prev(audience->tree, addr);
		BUG_ON(!vma || vma > &vmas[3 * n - 1] || vma < &vmas[3 * (n - 1)]);
		rcu_read_unlock();
		finds++;
	}
	audience->finds[index] = finds;
}

static void readers_always_find_what_stays(void **state)
{
	struct audience audience = { .tree = &model.tree };
	struct test_threads *readers;
	bool in[3 * STAYING] = { false };
	struct rng rng;

	(void)state;
	model_reset(&model);
	rng_init(&rng, test_seed());
	for (unsigned long i = 0; i < 3 * STAYING; i++) {
		vmas[i].vm_end = i << PAGE_SHIFT;
		if (i % 3 == 0) {
			assert_int_equal(vma_tree_reserve(&model.tree, 1), 0);
			vma_tree_insert(&model.tree, &vmas[i], vmas[i].vm_end);
		}
	}
	readers = threads_start(2, look, &audience);
	for (unsigned int i = 0; i < test_rounds(200000); i++) {
		unsigned long n = rng_below(&rng, 3 * STAYING);

		if (n % 3 == 0)
			continue;
		BUG_ON(vma_tree_reserve(&model.tree, 1));
		if (in[n])
			vma_tree_erase(&model.tree, &vmas[n], vmas[n].vm_end);
		else
			vma_tree_insert(&model.tree, &vmas[n], vmas[n].vm_end);
		in[n] = !in[n];
	}
	store_release(&audience.done, 1u);
	threads_join(readers);
	assert_true(audience.finds[0] && audience.finds[1]);
	for (unsigned long i = 0; i < 3 * STAYING; i++)
		if (i % 3 == 0 || in[i])
			vma_tree_erase(&model.tree, &vmas[i], vmas[i].vm_end);
	vma_tree_destroy(&model.tree);
}

/* Each round leaves one VMA behind: nodes that are nearly empty, but not quite, under a tree that would grow and grow. */
static void few_survivors_need_no_tall_tree(void **state)
{
	unsigned int tallest = 0;

	(void)state;
	model_reset(&model);
	for (unsigned long round = 0; round < 200; round++) {
		for (unsigned long i = 0; i < 200; i++)
			assert_true(insert(&model, (round * 1000 + 2 * i + 2) << PAGE_SHIFT));
		while (model.nr > round + 1)
			erase(&model, model.nr - 1);
		tallest = max(tallest, model.tree.height);
		check_all(&model);
	}
	assert_in_range(tallest, 3, 6);		/* 400 VMAs at the most fill three levels */
	erase_all(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_survivors_need_no_tall_tree),
		cmocka_unit_test(random_sequences_against_a_sorted_array),
		cmocka_unit_test(runs_up_and_down),
		cmocka_unit_test(an_emptied_end_is_filled_again),
		cmocka_unit_test(an_empty_tree_finds_nothing),
		cmocka_unit_test(the_ends_of_the_address_space),
		cmocka_unit_test(reserved_insertions_need_no_memory),
		cmocka_unit_test(a_reservation_that_fails_changes_nothing),
		cmocka_unit_test(what_is_wrong_dies),
		cmocka_unit_test(readers_always_find_what_stays),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
