/* SPDX-License-Identifier: GPL-2.0-or-later */
/* soft_dirty: clear_refs, what is written to afterwards, and what keeps, or sets, the soft-dirty bits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/clear_refs.h"
#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/op/migrate_device.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/pagemap.h"
#include "core/op/pagemap_scan.h"
#include "core/op/protect.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define POLICY	"linux-6.15,soft_dirty=on"
#define RW	(PROT_READ | PROT_WRITE)

/* The soft-dirty bits of the first 8 pages from @addr on, the first in bit 0. */
static unsigned int soft_dirty(struct mm_struct *mm, unsigned long addr)
{
	unsigned int bits = 0;
	uint64_t map[8];

	BUG_ON(sys_pagemap(mm, addr, 8, map));
	for (unsigned int i = 0; i < 8; i++)
		bits |= (map[i] & PM_SOFT_DIRTY ? 1u : 0) << i;
	return bits;
}

static void clear(struct mm_struct *mm)
{
	assert_int_equal(sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY), 0);
}

/* Of 4 pages, 1 was written to since. */
static struct mm_struct *one_of_four(void)
{
	struct mm_struct *mm = mm_with_words(POLICY, 4);

	clear(mm);
	write_word(mm, 1, 7);
	return mm;
}

static void end(struct mm_struct *mm)
{
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: G2. */
static void what_is_written_to_since_is_soft_dirty(void **state)
{
	struct mm_struct *mm = mm_with_words(POLICY, 4);
	struct page_region region;
	struct pm_scan_arg scan = {
		.start = AREA, .end = page_addr(8), .vec = &region, .vec_len = 1,
		.category_mask = PAGE_IS_SOFT_DIRTY, .return_mask = PAGE_IS_SOFT_DIRTY,
	};

	(void)state;
	assert_int_equal(soft_dirty(mm, AREA), 0xff);	/* a new VMA, as a whole */
	clear(mm);
	assert_int_equal(soft_dirty(mm, AREA), 0);
	assert_int_equal(sys_pagemap_scan(mm, &scan), 0);
	read_word(mm, 0);
	write_word(mm, 1, 7);
	write_word(mm, 5, 7);				/* where nothing was */
	assert_int_equal(soft_dirty(mm, AREA), 0x22);
	assert_int_equal(sys_pagemap_scan(mm, &scan), 1);
	assert_true(region.start == page_addr(1) && region.end == page_addr(2));
	assert_at_rest(mm);
	clear(mm);
	assert_int_equal(soft_dirty(mm, AREA), 0);
	end(mm);
}

/* Row: G2. As the running kernel of a machine without CONFIG_MEM_SOFT_DIRTY. */
static void without_the_policy_nothing_is(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 4);

	(void)state;
	clear(mm);
	assert_true(pte_write(pte_at(mm, 0)));
	write_word(mm, 1, 7);
	assert_int_equal(soft_dirty(mm, AREA), 0);
	assert_int_equal(sys_clear_refs(mm, 0), -EINVAL);
	assert_int_equal(sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY + 1), -EINVAL);
	end(mm);
}

/* Row: G2. */
static void accessed_bits_go_by_kind_of_memory(void **state)
{
	struct mm_struct *mm = mm_with_words(POLICY, 1);

	(void)state;
	assert_int_equal(sys_clear_refs(mm, CLEAR_REFS_MAPPED), 0);
	assert_true(pte_young(pte_at(mm, 0)));
	assert_int_equal(sys_clear_refs(mm, CLEAR_REFS_ANON), 0);
	assert_false(pte_young(pte_at(mm, 0)));
	read_word(mm, 0);
	assert_true(pte_young(pte_at(mm, 0)));
	assert_int_equal(sys_clear_refs(mm, CLEAR_REFS_ALL), 0);
	assert_true(!pte_young(pte_at(mm, 0)) && pte_write(pte_at(mm, 0)));
	end(mm);
}

/* Row: G2. A VMA that is merged with a new one counts as written as a whole. */
static void splits_keep_it_and_merges_with_new_memory_do_not(void **state)
{
	struct mm_struct *mm = one_of_four();

	(void)state;
	BUG_ON(sys_mprotect(mm, page_addr(2), PAGE_SIZE, PROT_READ));
	assert_int_equal(soft_dirty(mm, AREA), 0x2);
	BUG_ON(sys_mprotect(mm, page_addr(2), PAGE_SIZE, RW));
	assert_int_equal(soft_dirty(mm, AREA), 0x2);
	BUG_ON(sys_munmap(mm, page_addr(6), PAGE_SIZE));
	assert_int_equal(soft_dirty(mm, AREA), 0x2);
	BUG_ON(sys_mmap(mm, page_addr(6), PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	assert_int_equal(soft_dirty(mm, AREA), 0xff);
	end(mm);
}

/* Row: G2. A write that needs no other fault needs one. */
static void mprotect_leaves_it_to_the_write(void **state)
{
	struct mm_struct *mm = one_of_four();

	(void)state;
	BUG_ON(sys_mprotect(mm, AREA, 4 * PAGE_SIZE, PROT_READ));
	BUG_ON(sys_mprotect(mm, AREA, 4 * PAGE_SIZE, RW));
	assert_true(!pte_write(pte_at(mm, 0)) && pte_write(pte_at(mm, 1)));
	write_word(mm, 0, 8);
	assert_int_equal(soft_dirty(mm, AREA), 0x3);
	end(mm);
}

/* Row: G2. */
static void swap_and_migration_keep_it(void **state)
{
	struct mm_struct *mm = one_of_four();

	(void)state;
	page_out(mm, 0);
	page_out(mm, 1);
	assert_true(swapped(mm, 0) && swapped(mm, 1));
	assert_int_equal(soft_dirty(mm, AREA), 0x2);
	read_word(mm, 0);
	read_word(mm, 1);
	assert_int_equal(soft_dirty(mm, AREA), 0x2);
	assert_int_equal(sys_migrate_range(mm, AREA, 2 * PAGE_SIZE, 1), 2);
	assert_int_equal(soft_dirty(mm, AREA), 0x2);
	write_word(mm, 1, 8);
	assert_int_equal(sys_migrate_to_device(mm, AREA, 2 * PAGE_SIZE), 2);
	assert_int_equal(soft_dirty(mm, AREA), 0x2);
	assert_at_rest(mm);
	clear(mm);
	assert_int_equal(soft_dirty(mm, AREA), 0);
	read_word(mm, 1);
	assert_false(pte_write(pte_at(mm, 1)));
	write_word(mm, 0, 9);
	assert_int_equal(soft_dirty(mm, AREA), 0x1);
	page_out(mm, 0);
	clear(mm);
	read_word(mm, 0);
	assert_int_equal(soft_dirty(mm, AREA), 0);
	end(mm);
}

/* Row: G2. Page by page, and by a whole table. */
static void a_move_sets_it(void **state)
{
	struct mm_struct *mm = one_of_four();
	unsigned long to = AREA + 16 * PMD_SIZE, addr = AREA + PMD_SIZE;

	(void)state;
	page_out(mm, 0);
	BUG_ON(sys_mremap(mm, AREA, 3 * PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != (long)to);
	assert_int_equal(soft_dirty(mm, to), 0x7);
	BUG_ON(do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE));
	clear(mm);
	to += 2 * PMD_SIZE;
	BUG_ON(sys_mremap(mm, addr, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != (long)to);
	assert_int_equal(soft_dirty(mm, to), 0x1);
	end(mm);
}

/* Row: G2. Its owner may write at any time. */
static void a_pinned_page_counts_as_written(void **state)
{
	struct mm_struct *mm = mm_with_words(POLICY, 4);
	struct page *page;

	(void)state;
	BUG_ON(pin_user_pages_fast(mm, page_addr(2), 1, FOLL_WRITE, &page) != 1);
	clear(mm);
	assert_int_equal(soft_dirty(mm, AREA), 0x4);
	assert_true(pte_write(pte_at(mm, 2)));
	unpin_user_page(page);
	clear(mm);
	assert_int_equal(soft_dirty(mm, AREA), 0);
	end(mm);
}

/* Row: G2. */
static void a_child_has_its_parent_s(void **state)
{
	struct mm_struct *mm = one_of_four(), *child;
	struct page *page;

	(void)state;
	BUG_ON(sys_fork(mm, &child));
	assert_int_equal(soft_dirty(child, AREA), 0x2);
	write_word(child, 0, 9);
	assert_int_equal(soft_dirty(child, AREA), 0x3);
	/* A copy without a write. */
	BUG_ON(pin_user_pages_fast(mm, page_addr(2), 1, FOLL_LONGTERM, &page) != 1);
	assert_int_equal(soft_dirty(mm, AREA), 0x2);
	unpin_user_page(page);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Rows: G2, W11. A leaf is not split to be cleared; the write marks all of it. */
static void a_leaf_has_one_bit(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_words(POLICY, 0);
	put_leaf(mm, AREA);
	clear(mm);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));
	assert_int_equal(soft_dirty(mm, AREA), 0);
	assert_at_rest(mm);
	split_leaf(mm, AREA);
	assert_int_equal(soft_dirty(mm, AREA), 0);
	mm_exit(mm);
	mm = mm_with_words(POLICY, 0);
	put_leaf(mm, AREA);
	clear(mm);
	BUG_ON(do_user_addr_fault(mm, page_addr(3), FAULT_FLAG_WRITE));
	assert_int_equal(soft_dirty(mm, AREA), 0xff);
	assert_int_equal(sys_migrate_range(mm, AREA, PMD_SIZE, 1), HPAGE_PMD_NR);
	assert_int_equal(soft_dirty(mm, AREA), 0xff);
	split_leaf(mm, AREA);
	assert_int_equal(soft_dirty(mm, AREA), 0xff);
	end(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_to_since_is_soft_dirty),
		cmocka_unit_test(without_the_policy_nothing_is),
		cmocka_unit_test(accessed_bits_go_by_kind_of_memory),
		cmocka_unit_test(splits_keep_it_and_merges_with_new_memory_do_not),
		cmocka_unit_test(mprotect_leaves_it_to_the_write),
		cmocka_unit_test(swap_and_migration_keep_it),
		cmocka_unit_test(a_move_sets_it),
		cmocka_unit_test(a_pinned_page_counts_as_written),
		cmocka_unit_test(a_child_has_its_parent_s),
		cmocka_unit_test(a_leaf_has_one_bit),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
