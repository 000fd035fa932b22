/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma: which VMA gets which, by first touch, split and merge; its counts; failures for lack of memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/anon_vma_scene.h"

/* ---- first touch ---- */

/* Row: A1. */
static void the_first_page_brings_a_root(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct anon_vma *anon_vma;

	(void)state;
	map_at(mm, AREA, 4 * PAGE_SIZE, READ_WRITE);
	assert_null(anon_vma_at(mm, AREA));
	assert_int_equal(prepare_at(mm, AREA), 0);
	anon_vma = anon_vma_at(mm, AREA);
	assert_ptr_equal(anon_vma->root, anon_vma);
	assert_ptr_equal(anon_vma->parent, anon_vma);
	assert_counts(anon_vma, 1, 1, 1, 1);
	assert_ptr_equal(TAILQ_FIRST(&vma_at(mm, AREA)->anon_vma_chain)->vma, vma_at(mm, AREA));
	inject_alloc_failure(0);
	assert_int_equal(prepare_at(mm, AREA), 0);
	assert_int_equal(inject_alloc_count(), 0);
	assert_ptr_equal(anon_vma_at(mm, AREA), anon_vma);
	mm_exit(mm);
	assert_nothing_left();
}

static void preparing_needs_mmap_lock(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	needs_checks();
	map_at(mm, AREA, PAGE_SIZE, READ_WRITE);
	assert_dies("should be held", assert_int_equal(anon_vma_prepare(vma_at(mm, AREA)), 0));
	mm_exit(mm);
}

/* @near is mapped beside a prepared VMA over pages 4 to 7; does it get the same anon_vma? */
static bool shares(unsigned long near, unsigned long pages, int prot, uint32_t name, int reserve)
{
	const int flags = ANON | MAP_FIXED | reserve;
	struct mm_struct *mm = world_mm("linux-6.15");
	bool same;

	BUG_ON(sys_mmap(mm, PAGE(4), 4 * PAGE_SIZE, READ_WRITE, flags, 0) != (long)PAGE(4));
	BUG_ON(prepare_at(mm, PAGE(4)));
	BUG_ON(sys_mmap(mm, near, pages * PAGE_SIZE, prot, flags, name) != (long)near);
	BUG_ON(prepare_at(mm, near));
	same = anon_vma_at(mm, near) == anon_vma_at(mm, PAGE(4));
	assert_int_equal(anon_vma_at(mm, near)->num_active_vmas, same ? 2 : 1);
	mm_exit(mm);
	return same;
}

static void neighbours_that_may_become_one_share(void **state)
{
	(void)state;
	events_reset();
	assert_true(shares(PAGE(8), 2, PROT_READ, 0, MAP_NORESERVE));
	assert_true(shares(PAGE(2), 2, PROT_READ, 0, MAP_NORESERVE));
	assert_int_equal(events_total(EV_ANON_VMA_SHARE), 2);
	assert_false(shares(PAGE(9), 2, PROT_READ, 0, MAP_NORESERVE));	/* apart */
	assert_false(shares(PAGE(8), 2, READ_WRITE, 1, 0));	/* of another name */
	assert_false(shares(PAGE(8), 2, PROT_READ, 0, 0));	/* not accounted */
	assert_nothing_left();
}

static void a_forked_neighbour_does_not_share(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4), *child = fork_of(mm);

	(void)state;
	map_at(child, PAGE(4), PAGE_SIZE, PROT_READ);
	assert_int_equal(prepare_at(child, PAGE(4)), 0);
	assert_ptr_not_equal(anon_vma_at(child, PAGE(4)), anon_vma_at(child, AREA));
	assert_int_equal(nr_chains(vma_at(child, PAGE(4))), 1);
	mm_exit(child);
	mm_exit(mm);
	assert_nothing_left();
}

/* Pages whose numbers do not go on where the neighbour's end, as after mremap(). */
static void renumber(struct mm_struct *mm, unsigned long addr, unsigned long by)
{
	struct vm_area_struct *vma;

	mmap_write_lock(mm);
	vma = vma_lookup(mm, addr);
	vma_start_write(vma);
	anon_vma_tree_pre_update(vma);
	vma->vm_pgoff += by;
	anon_vma_tree_post_update(vma);
	mmap_write_unlock(mm);
}

static void a_neighbour_of_other_numbers_stays_apart(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4);

	(void)state;
	renumber(mm, AREA, 100);
	assert_int_equal(nr_linked(anon_vma_at(mm, AREA)), 1);
	map_at(mm, PAGE(4), PAGE_SIZE, PROT_READ);
	assert_int_equal(prepare_at(mm, PAGE(4)), 0);
	assert_ptr_not_equal(anon_vma_at(mm, PAGE(4)), anon_vma_at(mm, AREA));
	map_at(mm, PAGE(5), PAGE_SIZE, READ_WRITE);
	assert_int_equal(sys_mprotect(mm, PAGE(4), PAGE_SIZE, READ_WRITE), 0);
	assert_int_equal(mm->map_count, 2);
	assert_true(vma_at(mm, PAGE(4))->vm_end == PAGE(6));
	map_at(mm, AREA - PAGE_SIZE, PAGE_SIZE, READ_WRITE);
	assert_int_equal(mm->map_count, 3);
	mm_exit(mm);
	assert_nothing_left();
}

static void prepare_meanwhile(void *arg)
{
	BUG_ON(prepare_at(arg, AREA));
}

static void two_that_prepare_agree(void **state)
{
	(void)state;
	needs_checks();
	for_each_kind(policy) {
		struct mm_struct *mm = world_mm(policy);

		map_at(mm, AREA, PAGE_SIZE, READ_WRITE);
		meanwhile("anon_vma.prepare", prepare_meanwhile, mm);
		assert_int_equal(prepare_at(mm, AREA), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_counts(anon_vma_at(mm, AREA), 1, 1, 1, 1);
		rcu_barrier();
		assert_int_equal(nr_anon_vmas(), 1);
		assert_int_equal(nr_anon_vma_chains(), 1);
		mm_exit(mm);
		assert_nothing_left();
	}
}

/* ---- split and merge ---- */

/* Row: A1. */
static void both_parts_of_a_split_are_linked(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 8);
	struct anon_vma *anon_vma = anon_vma_at(mm, AREA);

	(void)state;
	assert_int_equal(sys_mprotect(mm, PAGE(2), 2 * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(mm->map_count, 3);
	for (unsigned int i = 0; i < 8; i += 2) {
		assert_ptr_equal(anon_vma_at(mm, PAGE(i)), anon_vma);
		assert_int_equal(vma_at(mm, PAGE(i))->vm_pgoff, vma_at(mm, PAGE(i))->vm_start >> PAGE_SHIFT);
	}
	assert_counts(anon_vma, 1, 1, 3, 3);
	assert_int_equal(sys_mprotect(mm, PAGE(2), 2 * PAGE_SIZE, READ_WRITE), 0);
	assert_int_equal(mm->map_count, 1);
	assert_counts(anon_vma, 1, 1, 1, 1);
	assert_int_equal(nr_anon_vma_chains(), 1);
	assert_int_equal(sys_munmap(mm, PAGE(3), PAGE_SIZE), 0);
	assert_counts(anon_vma, 1, 1, 2, 2);
	mm_exit(mm);
	assert_nothing_left();
}

/* Two neighbours, of which only the one at @prepared has an anon_vma, become one. */
static void merge_with_one_prepared(unsigned long prepared)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct anon_vma *anon_vma;

	map_at(mm, AREA, 4 * PAGE_SIZE, READ_WRITE);
	map_at(mm, PAGE(4), 4 * PAGE_SIZE, PROT_READ);
	assert_int_equal(prepare_at(mm, prepared), 0);
	anon_vma = anon_vma_at(mm, prepared);
	assert_int_equal(sys_mprotect(mm, PAGE(4), 4 * PAGE_SIZE, READ_WRITE), 0);
	assert_int_equal(mm->map_count, 1);
	assert_ptr_equal(anon_vma_at(mm, AREA), anon_vma);
	assert_ptr_equal(TAILQ_FIRST(&vma_at(mm, AREA)->anon_vma_chain)->vma, vma_at(mm, AREA));
	assert_counts(anon_vma, 1, 1, 1, 1);
	mm_exit(mm);
	assert_nothing_left();
}

/* Row: A1. */
static void a_merge_keeps_the_anon_vma_of_either(void **state)
{
	(void)state;
	merge_with_one_prepared(AREA);
	merge_with_one_prepared(PAGE(4));
}

/* Pages 0 to 3 and 6 to 9, each with an anon_vma of its own. */
static struct mm_struct *mm_of_two(void)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4);

	map_at(mm, PAGE(6), 4 * PAGE_SIZE, READ_WRITE);
	BUG_ON(prepare_at(mm, PAGE(6)));
	return mm;
}

static void different_anon_vmas_are_not_joined(void **state)
{
	struct mm_struct *mm = mm_of_two();

	(void)state;
	map_at(mm, PAGE(4), 2 * PAGE_SIZE, READ_WRITE);
	assert_int_equal(mm->map_count, 2);
	assert_true(vma_at(mm, AREA)->vm_end == PAGE(6));
	assert_int_equal(nr_linked(anon_vma_at(mm, AREA)), 1);
	assert_int_equal(sys_mprotect(mm, AREA, 10 * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(mm->map_count, 2);
	mm_exit(mm);
	assert_nothing_left();
}

/* Row: A1. */
static void what_was_inherited_is_not_joined_with_what_was_not(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4), *child = fork_of(mm);

	(void)state;
	map_at(child, PAGE(4), PAGE_SIZE, PROT_READ);
	assert_int_equal(sys_mprotect(child, PAGE(4), PAGE_SIZE, READ_WRITE), 0);
	assert_int_equal(child->map_count, 2);
	assert_null(anon_vma_at(child, PAGE(4)));
	map_at(child, AREA - PAGE_SIZE, PAGE_SIZE, READ_WRITE);
	assert_int_equal(child->map_count, 3);
	assert_null(anon_vma_at(child, AREA - PAGE_SIZE));
	assert_int_equal(nr_linked(anon_vma_at(child, AREA)), 1);
	mm_exit(mm);
	mm_exit(child);
	assert_nothing_left();
}

/* ---- without memory ---- */

/*
 * Fails the first allocation of @op, then the second, … and the last; each failure leaves counts as they were. Some
 * that fail do no harm (page tables wait for pending frees and try again), but at least @least do.
 */
static void fails_cleanly(int (*op)(struct mm_struct *mm), struct mm_struct *mm, unsigned int least)
{
	struct anon_vma *anon_vma = anon_vma_at(mm, AREA);
	unsigned int active = anon_vma ? anon_vma->num_active_vmas : 0, failures = 0;
	unsigned long anon_vmas, chains, seen, nth = 0;
	int err;

	rcu_barrier();
	anon_vmas = nr_anon_vmas();
	chains = nr_anon_vma_chains();
	do {
		inject_alloc_failure(++nth);
		err = op(mm);
		seen = inject_alloc_count();
		inject_alloc_failure(0);
		if (!err)
			continue;
		failures++;
		assert_int_equal(err, -ENOMEM);
		rcu_barrier();
		assert_int_equal(nr_anon_vmas(), anon_vmas);
		assert_int_equal(nr_anon_vma_chains(), chains);
		assert_ptr_equal(anon_vma_at(mm, AREA), anon_vma);
		assert_true(!anon_vma || anon_vma->num_active_vmas == active);
	} while (nth <= seen);
	assert_in_range(failures, least, 99);
}

static int op_prepare(struct mm_struct *mm)
{
	return prepare_at(mm, AREA);
}

static int op_split(struct mm_struct *mm)
{
	return sys_mprotect(mm, PAGE(2), 2 * PAGE_SIZE, PROT_READ);
}

static int op_fork(struct mm_struct *mm)
{
	struct mm_struct *child;
	int err = sys_fork(mm, &child);

	if (!err)
		mm_exit(child);
	return err;
}

static void what_fails_changes_nothing(void **state)
{
	(void)state;
	needs_checks();
	for_each_kind(policy) {
		struct mm_struct *mm = world_mm(policy), *child;

		map_at(mm, AREA, 4 * PAGE_SIZE, READ_WRITE);
		fails_cleanly(op_prepare, mm, 2);
		fails_cleanly(op_fork, mm, 3);
		child = fork_of(mm);
		fails_cleanly(op_fork, child, 4);
		fails_cleanly(op_split, child, 3);
		mm_exit(mm);
		mm_exit(child);
		assert_nothing_left();
	}
}

/* ---- what must not be ---- */

static void a_linked_vma_is_not_freed(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4);

	(void)state;
	assert_dies("anon_vma", vma_free(mm, vma_at(mm, AREA)));
	mm_exit(mm);
}

static void counts_do_not_go_below_zero(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 4);
	struct anon_vma *anon_vma = anon_vma_at(mm, AREA);

	(void)state;
	assert_dies("RB_EMPTY", put_anon_vma(anon_vma));	/* the VMA's reference is not the caller's */
	assert_dies("!old", get_anon_vma(anon_vma));
	store_relaxed(&anon_vma->refcount, 0);
	assert_dies("!old", put_anon_vma(anon_vma));
	store_relaxed(&anon_vma->refcount, 1);
	mm_exit(mm);
	assert_nothing_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_page_brings_a_root),
		cmocka_unit_test(preparing_needs_mmap_lock),
		cmocka_unit_test(neighbours_that_may_become_one_share),
		cmocka_unit_test(a_forked_neighbour_does_not_share),
		cmocka_unit_test(a_neighbour_of_other_numbers_stays_apart),
		cmocka_unit_test(two_that_prepare_agree),
		cmocka_unit_test(both_parts_of_a_split_are_linked),
		cmocka_unit_test(a_merge_keeps_the_anon_vma_of_either),
		cmocka_unit_test(different_anon_vmas_are_not_joined),
		cmocka_unit_test(what_was_inherited_is_not_joined_with_what_was_not),
		cmocka_unit_test(what_fails_changes_nothing),
		cmocka_unit_test(a_linked_vma_is_not_freed),
		cmocka_unit_test(counts_do_not_go_below_zero),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
