/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_move_huge: huge pages, and larger folios, moved to where a userfaultfd waits for them: as a whole, or split. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/userfaultfd.h"
#include "core/pgtable/swapent.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/swap_scene.h"
#include "tests/lib/scene/thp_scene.h"

#define THERE	(AREA + PMD_SIZE)	/* registered, empty */

static struct scene s;
static struct userfaultfd_ctx *uffd;

static void begin_at(const char *policy)
{
	events_reset();
	s = scene_of(policy, PROT_READ | PROT_WRITE);
	uffd = userfaultfd_create(s.mm);
	assert_non_null(uffd);
	assert_int_equal(userfaultfd_register(uffd, THERE, PMD_SIZE, UFFDIO_REGISTER_MODE_MISSING), 0);
}

/* A huge page at AREA, with words. */
static void begin(const char *policy)
{
	begin_at(policy);
	BUG_ON(do_user_addr_fault(s.mm, AREA, FAULT_FLAG_WRITE) || !is_huge(s.mm, AREA));
	*(uint64_t *)page_payload(&huge_folio(s.mm, AREA)->page) = 100;
	*(uint64_t *)page_payload(folio_page(huge_folio(s.mm, AREA), 7)) = 107;
}

static void finish(void)
{
	assert_at_rest(s.mm);
	userfaultfd_release(uffd);
	mm_exit(s.mm);
}

static long move(unsigned long to, unsigned long from, unsigned long len)
{
	return userfaultfd_move(uffd, to, from, len, 0);
}

static uint64_t word_at(unsigned long addr)
{
	return *(uint64_t *)page_payload(pte_page(tree_pte(s.mm, addr)));
}

/* Row: U1. */
static void a_huge_page_moves_with_its_leaf(void **state)
{
	static const char *const policies[] = {
		THP_POLICY, "linux-6.4,thp=always", "linux-2.6.14,thp=always", THP_POLICY ",tables=shootdown",
	};

	(void)state;
	needs_thp();
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct folio *folio;
		long tables;

		begin(policies[p]);
		folio = huge_folio(s.mm, AREA);
		tables = mm_counter_sum(&s.mm->pt, MM_PTE_TABLES);
		assert_int_equal(move(THERE, AREA, PMD_SIZE), PMD_SIZE);
		assert_true(pmd_none(leaf_at(s.mm, AREA)) && is_huge(s.mm, THERE));
		assert_ptr_equal(huge_folio(s.mm, THERE), folio);
		assert_true(folio_mapcount(folio) == 1 && PageAnonExclusive(&folio->page));
		assert_true(pmd_write(leaf_at(s.mm, THERE)) && pmd_dirty(leaf_at(s.mm, THERE)));
		assert_int_equal(folio->page.index, THERE >> PAGE_SHIFT);
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_PTE_TABLES), tables);
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), HUGE);
		assert_int_equal(events_total(EV_UFFD_MOVED_PMD), 1);
		assert_at_rest(s.mm);
		/* What was there is empty; what is there is taken. */
		assert_int_equal(move(THERE, AREA, PMD_SIZE), -EEXIST);
		assert_int_equal(do_user_addr_fault(s.mm, AREA, 0), 0);
		finish();
	}
}

/* Row: U1. With the table that is kept for it: the leaf can be split there. */
static void it_moves_to_another_pmd_table(void **state)
{
	unsigned long far = AREA + PUD_SIZE;

	(void)state;
	needs_thp();
	begin(THP_POLICY);
	map_at(s.mm, far, PMD_SIZE, READ_WRITE);
	assert_int_equal(userfaultfd_register(uffd, far, PMD_SIZE, UFFDIO_REGISTER_MODE_MISSING), 0);
	assert_int_equal(move(far, AREA, PMD_SIZE), PMD_SIZE);
	assert_at_rest(s.mm);
	assert_int_equal(sys_madvise(s.mm, far, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(word_at(far + 7 * PAGE_SIZE), 107);
	finish();
}

/* Row: U1. The leaf is split, and the folio, which stays where the other pages are. */
static void a_part_is_split_off(void **state)
{
	struct folio *folio;

	(void)state;
	needs_thp();
	begin(THP_POLICY);
	folio = huge_folio(s.mm, AREA);
	assert_int_equal(move(THERE + 3 * PAGE_SIZE, AREA + 7 * PAGE_SIZE, PAGE_SIZE), PAGE_SIZE);
	assert_true(!is_huge(s.mm, AREA) && !folio_test_large(folio));
	assert_true(pte_none(tree_pte(s.mm, AREA + 7 * PAGE_SIZE)));
	assert_int_equal(word_at(THERE + 3 * PAGE_SIZE), 107);
	assert_int_equal(word_at(AREA), 100);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), HUGE);
	assert_int_equal(events_total(EV_UFFD_MOVED_PMD), 0);
	finish();
}

/* Row: U1. One page is there: those before it are moved one by one. */
static void where_a_table_is_pages_move(void **state)
{
	(void)state;
	needs_thp();
	begin(THP_POLICY);
	assert_int_equal(userfaultfd_zeropage(uffd, THERE + 9 * PAGE_SIZE, PAGE_SIZE, 0), PAGE_SIZE);
	assert_int_equal(move(THERE, AREA, PMD_SIZE), 9 * PAGE_SIZE);
	assert_int_equal(word_at(THERE), 100);
	assert_int_equal(word_at(THERE + 7 * PAGE_SIZE), 107);
	assert_int_equal(events_total(EV_UFFD_MOVED_PMD), 0);
	finish();
}

/* Row: U1. */
static void what_is_shared_or_pinned_stays(void **state)
{
	struct mm_struct *child;
	struct page *page;

	(void)state;
	needs_thp();
	begin(THP_POLICY);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(move(THERE, AREA, PMD_SIZE), -EBUSY);
	assert_true(is_huge(s.mm, AREA) && PageAnonExclusive(page) && pmd_write(leaf_at(s.mm, AREA)));
	unpin_user_page(page);
	assert_int_equal(sys_fork(s.mm, &child), 0);
	assert_int_equal(move(THERE, AREA, PMD_SIZE), -EBUSY);
	assert_int_equal(move(THERE, AREA, PAGE_SIZE), -EBUSY);
	assert_true(is_huge(s.mm, AREA));
	mm_exit(child);
	finish();
}

static void pin_first(void *unused)
{
	struct page *page;

	(void)unused;
	BUG_ON(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, &page) != 1);
}

static void split_leaf(void *unused)
{
	(void)unused;
	BUG_ON(sys_madvise(s.mm, AREA + 20 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED));
}

/* Row: U1. What changed since it was first read: it is pinned; its leaf is split, and the pages move by themselves. */
static void all_is_read_again_under_the_locks(void **state)
{
	static const char *const points[] = { "uffd_move.before_ptls", "uffd_move.checked" };

	(void)state;
	needs_thp();
	if (!FAULTLINE_CHECK)
		skip();
	begin(THP_POLICY);
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		meanwhile(points[i], pin_first, NULL);
		assert_int_equal(move(THERE, AREA, PMD_SIZE), -EBUSY);
		assert_int_equal(meanwhile_ran(), 1);
		assert_true(is_huge(s.mm, AREA) && pmd_write(leaf_at(s.mm, AREA)));
		unpin_user_page(pmd_page(leaf_at(s.mm, AREA)));
		assert_at_rest(s.mm);
	}
	meanwhile("uffd_move.before_ptls", split_leaf, NULL);
	assert_int_equal(move(THERE, AREA, PMD_SIZE), 20 * PAGE_SIZE);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(word_at(THERE + 7 * PAGE_SIZE), 107);
	assert_int_equal(events_total(EV_UFFD_MOVED_PMD), 0);
	finish();
}

/* Row: U1. Sixteen pages, mapped by entries: in all geometries. */
static void a_larger_folio_is_split(void **state)
{
	struct folio *folio;

	(void)state;
	begin_at("linux-6.15,anon=64k");
	for (unsigned long i = 0; i < 16; i++)
		write_word(s.mm, i, 100 + i);
	folio = folio_at(s.mm, 0);
	assert_true(folio_test_large(folio));
	assert_int_equal(move(THERE + PAGE_SIZE, AREA + 4 * PAGE_SIZE, 2 * PAGE_SIZE), 2 * PAGE_SIZE);
	assert_false(folio_test_large(folio));
	assert_int_equal(word_at(THERE + PAGE_SIZE), 104);
	assert_int_equal(word_at(THERE + 2 * PAGE_SIZE), 105);
	assert_int_equal(word_at(AREA + 6 * PAGE_SIZE), 106);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_huge_page_moves_with_its_leaf),
		cmocka_unit_test(it_moves_to_another_pmd_table),
		cmocka_unit_test(a_part_is_split_off),
		cmocka_unit_test(where_a_table_is_pages_move),
		cmocka_unit_test(what_is_shared_or_pinned_stays),
		cmocka_unit_test(all_is_read_again_under_the_locks),
		cmocka_unit_test(a_larger_folio_is_split),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
