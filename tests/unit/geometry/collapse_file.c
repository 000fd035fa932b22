/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse_file.c - MADV_COLLAPSE where a file is mapped: a leaf instead of PTEs, and tables taken from all who map it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/collapse.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/leaf_scene.h"

#define AT	SHARED_AT
#define PAGES	HPAGE_PMD_NR

static struct file *huge_file(unsigned long huge_pages)
{
	struct file *file = file_create(huge_pages * PAGES, huge_pages * PAGES, HPAGE_PMD_ORDER, FILE_SEED);

	BUG_ON(!file);
	return file;
}

/* From now on faults map small pages. */
static void by_ptes(struct mm_struct *mm)
{
	BUG_ON(sys_madvise(mm, AT, PMD_SIZE, MADV_NOHUGEPAGE));
}

static struct mm_struct *mm_of(const char *policy, struct file *file, int flags)
{
	struct mm_struct *mm = world_mm(policy);

	map_file_at(mm, AT, PAGES, RW, flags, file, 0);
	by_ptes(mm);
	return mm;
}

static int collapse(struct mm_struct *mm)
{
	BUG_ON(sys_madvise(mm, AT, PMD_SIZE, MADV_HUGEPAGE));
	return sys_madvise(mm, AT, PMD_SIZE, MADV_COLLAPSE);
}

static uint64_t file_word(unsigned long i)
{
	return file_seeded_word(FILE_SEED, i);
}

/* A read as a processor's: by the leaf, where there is one. */
static uint64_t read_at(struct mm_struct *mm, unsigned long i)
{
	unsigned long addr = AT + (i << PAGE_SHIFT);
	pmd_t pmd;

	BUG_ON(do_user_addr_fault(mm, addr, 0));
	pmd = pmd_at(mm, addr);
	return *(uint64_t *)page_payload(pmd_trans_huge(pmd) ? pmd_page(pmd) + i : pte_page(tree_pte(mm, addr)));
}

static void write_at(struct mm_struct *mm, unsigned long i, uint64_t word)
{
	unsigned long addr = AT + (i << PAGE_SHIFT);

	BUG_ON(do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE));
	*(uint64_t *)page_payload(pte_page(tree_pte(mm, addr))) = word;
}

/* Rows: G2, L2 */
static void ptes_of_a_file_become_a_leaf(void **state)
{
	(void)state;
	needs_leaves();
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct file *file = huge_file(1);
		struct mm_struct *mm = mm_of(world_policies[i], file, MAP_SHARED);
		uint64_t retracted = events_total(EV_PTE_TABLE_RETRACT);

		assert_int_equal(read_at(mm, 3), file_word(3));
		write_at(mm, 4, 7);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 2);
		if (!pte_tables_can_go(&mm->pt)) {
			assert_int_equal(collapse(mm), -EINVAL);
			mm_exit(mm);
			file_put(file);
			continue;
		}
		assert_int_equal(collapse(mm), 0);
		assert_true(pmd_trans_huge(pmd_at(mm, AT)) && !pmd_write(pmd_at(mm, AT)));
		assert_int_equal(events_total(EV_PTE_TABLE_RETRACT), retracted + 1);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), PAGES);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_PTE_TABLES), 0);
		assert_at_rest(mm);
		assert_int_equal(read_at(mm, 3), file_word(3));
		assert_int_equal(read_at(mm, 4), 7);
		assert_int_equal(read_at(mm, PAGES - 1), file_word(PAGES - 1));
		assert_int_equal(collapse(mm), 0);	/* it is done */
		by_ptes(mm);
		write_at(mm, 5, 8);			/* the leaf is no more */
		assert_true(pmd_is_table(pmd_at(mm, AT)));
		assert_int_equal(read_at(mm, 4), 7);
		assert_int_equal(collapse(mm), 0);
		assert_int_equal(read_at(mm, 5), 8);
		assert_at_rest(mm);
		mm_exit(mm);
		file_put(file);
	}
}

/* An empty PMD entry will do: the folio is in memory. Row: G2 */
static void a_leaf_comes_where_nothing_is_mapped(void **state)
{
	struct mm_struct *mm, *other;
	struct file *file;

	(void)state;
	needs_leaves();
	file = huge_file(1);
	mm = mm_of("linux-6.15", file, MAP_SHARED);
	other = mm_of("linux-6.15", file, MAP_PRIVATE);
	assert_int_equal(collapse(mm), -EINVAL);	/* not in memory */
	assert_int_equal(read_at(other, 0), file_word(0));
	assert_int_equal(collapse(mm), -EINVAL);	/* no table of tables there */
	assert_int_equal(read_at(mm, 0), file_word(0));
	BUG_ON(sys_madvise(mm, AT, PMD_SIZE, MADV_DONTNEED));
	assert_true(pmd_none(pmd_at(mm, AT)));
	assert_int_equal(collapse(mm), 0);
	assert_true(pmd_trans_huge(pmd_at(mm, AT)));
	assert_at_rest(mm, other);
	mm_exit(mm);
	mm_exit(other);
	file_put(file);
}

/* Rows: L2, W9 */
static void other_mms_that_map_it_lose_their_tables(void **state)
{
	struct mm_struct *mm, *shares, *copied, *keeps;
	struct file *file;

	(void)state;
	needs_leaves();
	file = huge_file(1);
	mm = mm_of("linux-6.15", file, MAP_SHARED);
	shares = mm_of("linux-6.4,pte_ptl=mm", file, MAP_PRIVATE);
	keeps = mm_of("linux-2.6.14", file, MAP_SHARED);
	copied = mm_of("linux-6.15", file, MAP_PRIVATE);
	for (unsigned long i = 0; i < 8; i++) {
		assert_int_equal(read_at(mm, i), file_word(i));
		assert_int_equal(read_at(shares, i), file_word(i));
		assert_int_equal(read_at(keeps, i), file_word(i));
		assert_int_equal(read_at(copied, i), file_word(i));
	}
	write_at(copied, 2, 9);
	assert_int_equal(collapse(mm), 0);
	assert_true(pmd_none(pmd_at(shares, AT)));
	assert_int_equal(mm_counter_sum(&shares->pt, MM_FILEPAGES), 0);
	assert_true(pmd_is_table(pmd_at(keeps, AT)));
	assert_true(pmd_is_table(pmd_at(copied, AT)));	/* a copy is in it, or could be */
	assert_at_rest(mm, shares, copied, keeps);
	assert_int_equal(read_at(shares, 2), file_word(2));
	assert_int_equal(read_at(copied, 2), 9);
	assert_int_equal(collapse(copied), -EINVAL);
	assert_at_rest(mm, shares, copied, keeps);
	mm_exit(mm);
	mm_exit(shares);
	mm_exit(copied);
	mm_exit(keeps);
	file_put(file);
}

/* Row: G2 */
static void what_is_not_one_huge_page_is_refused(void **state)
{
	struct file *file, *small;
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	file = huge_file(2);
	small = file_create(PAGES, PAGES, 0, FILE_SEED);
	mm = world_mm("linux-6.15");
	map_file_at(mm, AT, PAGES, RW, MAP_SHARED, small, 0);
	assert_int_equal(read_at(mm, 0), file_word(0));
	assert_int_equal(collapse(mm), -EINVAL);	/* its folios are small */
	map_file_at(mm, AT, PAGES, RW, MAP_SHARED, file, PAGES / 2);
	assert_int_equal(read_at(mm, 0), file_word(PAGES / 2));
	assert_int_equal(collapse(mm), -EINVAL);	/* two halves */
	map_file_at(mm, AT, PAGES, RW, MAP_SHARED, file, PAGES);
	assert_int_equal(read_at(mm, 0), file_word(PAGES));
	assert_int_equal(sys_madvise(mm, AT, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(collapse(mm), -EINVAL);	/* a guard */
	assert_int_equal(sys_madvise(mm, AT, PAGE_SIZE, MADV_GUARD_REMOVE), 0);
	assert_int_equal(collapse(mm), 0);
	BUG_ON(sys_ftruncate(file, PAGES));
	assert_true(pmd_none(pmd_at(mm, AT)));
	assert_int_equal(do_user_addr_fault(mm, AT, 0), VM_FAULT_SIGBUS);
	assert_int_equal(collapse(mm), -EINVAL);	/* beyond its end */
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
	file_put(small);
}

/* Row: L6 */
static void pages_under_a_leaf_of_a_file_are_got(void **state)
{
	struct page *pages[8], *before;
	struct mm_struct *mm;
	struct file *file;

	(void)state;
	needs_leaves();
	file = huge_file(1);
	mm = mm_of("linux-6.15", file, MAP_SHARED);
	assert_int_equal(pin_user_pages_fast(mm, AT, 1, 0, &before), 1);
	assert_int_equal(collapse(mm), 0);		/* a page that is pinned stays where it is */
	assert_int_equal(pin_user_pages_fast(mm, AT, 8, FOLL_FAST_ONLY, pages), 8);
	assert_ptr_equal(pages[0], before);
	unpin_user_pages(pages, 8);
	unpin_user_page(before);
	assert_int_equal(pin_user_pages_fast(mm, AT, 8, FOLL_WRITE, pages), 8);
	assert_ptr_equal(pages[7], before + 7);
	unpin_user_pages(pages, 8);
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

/* Its pages lie at other places in the huge pages of the file. */
static void a_misaligned_mapping_is_refused(void **state)
{
	struct file *file = huge_file(2);
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	map_file_at(mm, AT, PAGES, RW, MAP_PRIVATE, file, 1);
	assert_int_equal(sys_madvise(mm, AT, PMD_SIZE, MADV_COLLAPSE), -EINVAL);
	assert_int_equal(sys_madvise(mm, AT, PAGE_SIZE, MADV_COLLAPSE), -EINVAL);
	mm_exit(mm);
	file_put(file);
}

/* ---- step by step: the table goes while a guard is on its way into it ---- */

static void collapse_it(void *mm)
{
	assert_int_equal(sys_madvise(mm, AT, PMD_SIZE, MADV_COLLAPSE), 0);
}

/* What a touch of the guard does. */
static vm_fault_t guard_across_collapse(const char *knockout)
{
	struct file *file = huge_file(1);
	struct mm_struct *mm = mm_of("linux-6.15", file, MAP_SHARED);
	vm_fault_t ret;

	BUG_ON(read_at(mm, 0) != file_word(0));
	BUG_ON(sys_madvise(mm, AT, PMD_SIZE, MADV_HUGEPAGE));
	if (knockout)
		assert_int_equal(knockout_enable(knockout), 0);
	meanwhile("ptl.map.read_pmd", collapse_it, mm);
	assert_int_equal(sys_madvise(mm, AT + 5 * PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(meanwhile_ran(), 1);
	knockout_clear();
	ret = do_user_addr_fault(mm, AT + 5 * PAGE_SIZE, 0);
	assert_at_rest(mm);
	mm_exit(mm);
	rcu_barrier();
	file_put(file);
	return ret;
}

/* Rows: L1, L2, G1 */
static void a_guard_is_not_put_into_a_table_that_is_gone(void **state)
{
	(void)state;
	needs_checks();
	needs_leaves();
	assert_int_equal(guard_across_collapse(NULL) & VM_FAULT_SIGSEGV, VM_FAULT_SIGSEGV);
	assert_int_equal(guard_across_collapse("pte-map:recheck"), 0);	/* it is nowhere */
}

/* Another mm's collapse takes the table while mremap is about to move what is in it to @to. */
static void move_across_collapse(unsigned long to)
{
	struct file *file = huge_file(1);
	struct mm_struct *mm = mm_of("linux-6.15", file, MAP_SHARED), *other = mm_of("linux-6.15", file, MAP_SHARED);
	uint64_t retracted = events_total(EV_PTE_TABLE_RETRACT);

	BUG_ON(read_at(mm, 1) != file_word(1) || read_at(other, 0) != file_word(0));
	BUG_ON(sys_madvise(other, AT, PMD_SIZE, MADV_HUGEPAGE));
	meanwhile("mremap.before_rmap_locks", collapse_it, other);
	assert_int_equal(sys_mremap(mm, AT, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(events_total(EV_PTE_TABLE_RETRACT), retracted + 2);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 0);
	assert_int_equal(do_user_addr_fault(mm, to + PAGE_SIZE, 0), 0);
	assert_int_equal(*(uint64_t *)page_payload(pte_page(tree_pte(mm, to + PAGE_SIZE))), file_word(1));
	assert_at_rest(mm, other);
	mm_exit(mm);
	mm_exit(other);
	file_put(file);
}

/* A table as a whole, and its entries into two. Rows: L2, G2 */
static void what_a_collapse_takes_is_not_moved(void **state)
{
	(void)state;
	needs_checks();
	needs_leaves();
	move_across_collapse(AT + 4 * PMD_SIZE);
	move_across_collapse(AT + 4 * PMD_SIZE + 3 * PAGE_SIZE);
}

/*
 * Another mm's collapse retracts the child's table, still empty, between its allocation and its lock; the parent's has
 * a guard and stays. What a touch of the guard does in the child.
 */
static vm_fault_t fork_across_collapse(const char *knockout)
{
	struct file *file = huge_file(1);
	struct mm_struct *mm = mm_of("linux-6.15", file, MAP_SHARED), *other = mm_of("linux-6.15", file, MAP_SHARED),
			 *child;
	uint64_t retracted = events_total(EV_PTE_TABLE_RETRACT);
	vm_fault_t ret;

	BUG_ON(read_at(mm, 0) != file_word(0) || read_at(other, 0) != file_word(0));
	assert_int_equal(sys_madvise(mm, AT + 5 * PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	BUG_ON(sys_madvise(other, AT, PMD_SIZE, MADV_HUGEPAGE));
	if (knockout)
		assert_int_equal(knockout_enable(knockout), 0);
	meanwhile("ptl.map.read_pmd", collapse_it, other);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(meanwhile_ran(), 1);
	knockout_clear();
	assert_int_equal(events_total(EV_PTE_TABLE_RETRACT), retracted + 2);	/* the other's own, and the child's */
	assert_true(pmd_is_table(pmd_at(mm, AT)));
	assert_int_equal(read_at(child, 0), file_word(0));
	ret = do_user_addr_fault(child, AT + 5 * PAGE_SIZE, 0);
	assert_at_rest(mm, other, child);
	mm_exit(child);
	mm_exit(mm);
	mm_exit(other);
	rcu_barrier();
	file_put(file);
	return ret;
}

/* Rows: L2, L8 */
static void a_table_that_goes_during_fork_is_allocated_again(void **state)
{
	(void)state;
	needs_checks();
	needs_leaves();
	assert_int_equal(fork_across_collapse(NULL) & VM_FAULT_SIGSEGV, VM_FAULT_SIGSEGV);
	assert_int_equal(fork_across_collapse("fork:table-again"), 0);	/* the child has no guard */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_misaligned_mapping_is_refused),
		cmocka_unit_test(ptes_of_a_file_become_a_leaf),
		cmocka_unit_test(a_leaf_comes_where_nothing_is_mapped),
		cmocka_unit_test(other_mms_that_map_it_lose_their_tables),
		cmocka_unit_test(what_is_not_one_huge_page_is_refused),
		cmocka_unit_test(pages_under_a_leaf_of_a_file_are_got),
		cmocka_unit_test(a_guard_is_not_put_into_a_table_that_is_gone),
		cmocka_unit_test(what_a_collapse_takes_is_not_moved),
		cmocka_unit_test(a_table_that_goes_during_fork_is_allocated_again),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
