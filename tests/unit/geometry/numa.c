/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa: which entries become NUMA hints, and what a fault on one does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/gup.h"
#include "core/op/ksm.h"
#include "core/op/migrate.h"
#include "core/op/protect.h"
#include "core/phys/hugetlb_pool.h"
#include "core/phys/page_flags.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/numa_scene.h"

#define RW	(PROT_READ | PROT_WRITE)

static void end_of(struct mm_struct *mm)
{
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- the scan ---- */

/* Row: K4. */
static void a_hint_keeps_all_but_access(void **state)
{
	struct mm_struct *mm = mm_with_words(NUMA, 3);
	pte_t before = pte_at(mm, 1);

	(void)state;
	assert_int_equal(numa_scan(mm, ALL), 3);
	assert_true(is_hint(mm, 1) && pte_present(pte_at(mm, 1)) && !pte_write(pte_at(mm, 1)));
	assert_int_equal(pte_at(mm, 1).val, (before.val & ~(ENTRY_PRESENT | ENTRY_WRITE)) | PAGE_NONE);
	assert_true(PageAnonExclusive(pte_page(pte_at(mm, 1))));
	assert_int_equal(numa_scan(mm, ALL), 0);	/* they are */
	end_of(mm);
}

/* Row: K4. */
static void nothing_is_scanned_unless_the_policy_says_so(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	(void)state;
	assert_int_equal(numa_scan(mm, ALL), 0);
	assert_true(pte_accessible(pte_at(mm, 0)));
	mm_exit(mm);
	mm = mm_with_words(NUMA, 1);
	assert_int_equal(numa_scan(mm, 0), 0);
	assert_true(pte_accessible(pte_at(mm, 0)));
	mm_exit(mm);
}

/* The zero page, a pinned page, one that a child has too. Row: K4. */
static void what_cannot_move_is_no_hint(void **state)
{
	struct mm_struct *mm = mm_with_words(NUMA, 2), *child;
	struct page *page;

	(void)state;
	read_at(mm, page_addr(2));
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(numa_scan(mm, ALL), 1);
	assert_true(!is_hint(mm, 0) && is_hint(mm, 1) && !is_hint(mm, 2));
	unpin_user_page(page);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(numa_scan(mm, ALL), 0);
	write_word(child, 0, 9);
	assert_int_equal(numa_scan(mm, ALL), 1);	/* page 0 is not shared any more */
	assert_int_equal(numa_scan(child, ALL), 1);
	assert_true(is_hint(child, 0) && is_hint(child, 1));	/* the copy of a hint */
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Merged pages are on the node of their first user. Row: K4. */
static void merged_pages_are_no_hints(void **state)
{
	struct mm_struct *mm = mm_with_words(NUMA, 2);

	(void)state;
	write_word(mm, 1, 100);
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_MERGEABLE), 0);
	ksm_scan(mm, 64);
	ksm_scan(mm, 64);
	assert_ptr_equal(folio_at(mm, 0), folio_at(mm, 1));
	assert_int_equal(numa_scan(mm, ALL), 0);
	assert_int_equal(sys_madvise(mm, page_addr(1), PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(numa_scan(mm, ALL), 0);	/* mapped once, as others are */
	end_of(mm);
}

/* Row: K4. */
static void vmas_without_access_have_no_hints(void **state)
{
	struct mm_struct *mm = mm_with_words(NUMA, 1);

	(void)state;
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_NONE), 0);
	assert_int_equal(numa_scan(mm, ALL), 0);
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_READ), 0);
	assert_int_equal(numa_scan(mm, ALL), 1);
	end_of(mm);
}

/* Whatever pages they map. Row: K4. */
static void vmas_of_drivers_have_no_hints(void **state)
{
	static const unsigned long kinds[] = { VM_IO, VM_PFNMAP, VM_MIXEDMAP };
	struct mm_struct *mm = mm_with_words(NUMA, 1);
	struct vm_area_struct *vma;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		mmap_read_lock(mm);
		vma = vma_lookup(mm, AREA);
		mmap_read_unlock(mm);
		vma->vm_flags |= kinds[i];
		assert_int_equal(numa_scan(mm, ALL), 0);
		vma->vm_flags &= ~kinds[i];
	}
	assert_int_equal(numa_scan(mm, ALL), 1);
	end_of(mm);
}

/* Row: K4. */
static void huge_pages_of_the_pool_are_no_hints(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_thp();
	mm = world_mm(NUMA);
	assert_int_equal(hugetlb_pool_resize(HPAGE_PMD_ORDER, 1), 1);
	assert_int_equal(sys_mmap(mm, AREA, PMD_SIZE, RW, ANON | MAP_HUGETLB | MAP_FIXED, 0), AREA);
	write_at(mm, AREA);
	assert_int_equal(numa_scan(mm, ALL), 0);
	assert_true(pmd_accessible(leaf_at(mm, AREA)));
	end_of(mm);
	assert_int_equal(hugetlb_pool_resize(HPAGE_PMD_ORDER, 0), 0);
}

/* Two pages are scanned, up to the end of their table's range; then what comes next. Row: K4. */
static void a_scan_goes_on_where_the_last_one_ended(void **state)
{
	struct mm_struct *mm = mm_with_words(NUMA, 1);

	(void)state;
	write_at(mm, AREA + PMD_SIZE);
	assert_int_equal(numa_scan(mm, 2), 1);
	assert_int_equal(mm->numa_scan_offset, AREA + PMD_SIZE);
	assert_true(is_hint(mm, 0));
	assert_true(pte_accessible(tree_pte(mm, AREA + PMD_SIZE)));
	assert_int_equal(numa_scan(mm, 2), 1);
	assert_true(pte_protnone(tree_pte(mm, AREA + PMD_SIZE)));
	assert_int_equal(numa_scan(mm, 2), 0);		/* past the last VMA: from the first on, and all are hints */
	assert_int_equal(access_by(mm, 0, 0, 0), 0);
	assert_int_equal(numa_scan(mm, ALL), 0);		/* the rest */
	assert_int_equal(mm->numa_scan_offset, 0);
	assert_int_equal(numa_scan(mm, ALL), 1);
	assert_int_equal(sys_munmap(mm, AREA, LEN), 0);
	assert_int_equal(numa_scan(mm, 2), 0);
	assert_int_equal(mm->numa_scan_offset, 0);
	end_of(mm);
}

/* What has nothing to make hints of counts an eighth. Row: K4. */
static void what_is_empty_is_passed_over_faster(void **state)
{
	struct mm_struct *mm = world_mm(NUMA);

	(void)state;
	map_at(mm, AREA, 12 * PMD_SIZE, RW);
	write_at(mm, AREA + 7 * PMD_SIZE);
	write_at(mm, AREA + 8 * PMD_SIZE);
	assert_int_equal(numa_scan(mm, PTRS_PER_PTE), 1);
	assert_int_equal(mm->numa_scan_offset, AREA + 8 * PMD_SIZE);
	assert_int_equal(numa_scan(mm, PTRS_PER_PTE), 1);
	assert_int_equal(mm->numa_scan_offset, AREA + 9 * PMD_SIZE);
	end_of(mm);
}

struct scan {
	struct mm_struct *mm;
	unsigned long hints;
};

static void scan(void *arg)
{
	struct scan *scan = arg;

	scan->hints = numa_scan(scan->mm, ALL);
}

/* Row: K4. */
static void a_busy_mm_is_not_waited_for(void **state)
{
	struct scan other = { mm_with_words(NUMA, 1), 1 };
	uint64_t busy = events_total(EV_NUMA_SCAN_BUSY);
	struct mm_struct *child;

	(void)state;
	needs_checks();
	meanwhile("fork.vma_linked", scan, &other);	/* under mmap_lock for write */
	assert_int_equal(sys_fork(other.mm, &child), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(other.hints, 0);
	assert_int_equal(events_total(EV_NUMA_SCAN_BUSY), busy + 1);
	mm_exit(child);
	end_of(other.mm);
}

/* ---- faults ---- */

/* A read makes it writable again at once: it is exclusive. Row: K4. */
static void a_page_on_the_node_stays(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 2);
	uint64_t local = events_total(EV_NUMA_HINT_LOCAL);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	assert_int_equal(access_by(mm, 0, 0, 0), 0);
	assert_ptr_equal(folio_at(mm, 0), folio);
	assert_true(pte_accessible(pte_at(mm, 0)) && pte_write(pte_at(mm, 0)) && !pte_protnone(pte_at(mm, 0)));
	assert_true(is_hint(mm, 1));
	assert_int_equal(events_total(EV_NUMA_HINT_LOCAL), local + 1);
	end_of(mm);
}

/* Row: K4. */
static void a_page_follows_its_processor(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 2);
	uint64_t moved = events_total(EV_NUMA_MIGRATED);

	(void)state;
	assert_int_equal(access_by(mm, 0, 1, 0), 0);
	assert_int_equal(access_by(mm, 1, 1, FAULT_FLAG_WRITE), 0);
	assert_int_equal(node_of(pte_page(pte_at(mm, 0))), 1);
	assert_int_equal(node_of(pte_page(pte_at(mm, 1))), 1);
	assert_true(pte_write(pte_at(mm, 1)) && pte_accessible(pte_at(mm, 0)));
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(read_word(mm, 1), 101);
	assert_int_equal(events_total(EV_NUMA_MIGRATED), moved + 2);
	end_of(mm);
}

/* It was pinned once it was a hint. The next write makes it writable. Row: K4. */
static void a_pinned_page_stays(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1);
	uint64_t kept = events_total(EV_NUMA_KEPT);
	struct page *page;

	(void)state;
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, 0, &page), 1);
	assert_true(is_hint(mm, 0));
	assert_int_equal(access_by(mm, 0, 1, 0), 0);
	assert_ptr_equal(pte_page(pte_at(mm, 0)), page);
	assert_true(pte_accessible(pte_at(mm, 0)));
	assert_int_equal(events_total(EV_NUMA_KEPT), kept + 1);
	assert_int_equal(access_by(mm, 0, 1, FAULT_FLAG_WRITE), 0);
	assert_ptr_equal(pte_page(pte_at(mm, 0)), page);
	unpin_user_page(page);
	end_of(mm);
}

/* No memory there: it stays. Row: K4. */
static void a_page_stays_if_the_node_is_full(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	inject_alloc_failure(1);
	assert_int_equal(access_by(mm, 0, 1, 0), 0);
	inject_alloc_failure(0);
	assert_ptr_equal(folio_at(mm, 0), folio);
	assert_true(pte_accessible(pte_at(mm, 0)));
	end_of(mm);
}

/* One fault for all hints of a folio that stays; one move for all of one that does not. Row: K4. */
static void a_large_folio_is_handled_at_once(void **state)
{
	struct mm_struct *mm;
	struct page *page;

	(void)state;
	for (unsigned int pinned = 0; pinned < 2; pinned++) {
		uint64_t faults = events_total(EV_NUMA_HINT_FAULT);

		mm = mm_with_area(NUMA ",anon=32k");
		write_word(mm, 3, 103);
		assert_int_equal(folio_nr_pages(folio_at(mm, 0)), 8);
		assert_int_equal(numa_scan(mm, ALL), 8);
		if (pinned)
			assert_int_equal(pin_user_pages_fast(mm, page_addr(3), 1, 0, &page), 1);
		assert_int_equal(access_by(mm, 5, 1, 0), 0);
		for (unsigned long i = 0; i < 8; i++) {
			assert_true(pte_accessible(pte_at(mm, i)));
			assert_int_equal(node_of(pte_page(pte_at(mm, i))), !pinned);
		}
		assert_int_equal(events_total(EV_NUMA_HINT_FAULT), faults + 1);
		assert_int_equal(read_word(mm, 3), 103);
		if (pinned)
			unpin_user_page(page);
		end_of(mm);
	}
}

/* ---- leaves ---- */

/* Row: K4. */
static void a_leaf_is_one_hint(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_thp();
	mm = mm_with_huge_hint(NUMA_THP);
	folio = huge_folio(mm, AREA);
	assert_true(!pmd_accessible(leaf_at(mm, AREA)) && !pmd_write(leaf_at(mm, AREA)));
	assert_int_equal(numa_scan(mm, ALL), 0);
	assert_at_rest(mm);
	assert_int_equal(access_by(mm, 7, 0, 0), 0);
	assert_ptr_equal(huge_folio(mm, AREA), folio);
	assert_true(pmd_accessible(leaf_at(mm, AREA)) && pmd_write(leaf_at(mm, AREA)));
	assert_false(pmd_protnone(leaf_at(mm, AREA)));
	end_of(mm);
}

/* Row: K4. */
static void a_huge_page_follows_its_processor_as_a_whole(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_thp();
	mm = mm_with_huge_hint(NUMA_THP);
	assert_int_equal(access_by(mm, 7, 1, FAULT_FLAG_WRITE), 0);
	assert_true(is_huge(mm, AREA) && pmd_write(leaf_at(mm, AREA)));
	assert_int_equal(node_of(&huge_folio(mm, AREA)->page), 1);
	assert_int_equal(*(uint64_t *)page_payload(&huge_folio(mm, AREA)->page), 100);
	end_of(mm);
}

/* Row: K4. */
static void a_pinned_huge_page_stays(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;
	struct page *page;

	(void)state;
	needs_thp();
	mm = mm_with_area(NUMA_THP);
	write_at(mm, AREA);
	folio = huge_folio(mm, AREA);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(numa_scan(mm, ALL), 0);
	unpin_user_page(page);
	assert_int_equal(numa_scan(mm, ALL), HPAGE_PMD_NR);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, 0, &page), 1);
	assert_int_equal(access_by(mm, 7, 1, FAULT_FLAG_WRITE), 0);
	assert_ptr_equal(huge_folio(mm, AREA), folio);
	assert_true(pmd_write(leaf_at(mm, AREA)));
	unpin_user_page(page);
	end_of(mm);
}

/* The huge zero page has no node to be on. Row: K4. */
static void the_huge_zero_page_is_no_hint(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_thp();
	mm = mm_with_area(NUMA_THP);
	read_at(mm, AREA);
	assert_true(pmd_special(leaf_at(mm, AREA)));
	assert_int_equal(numa_scan(mm, ALL), 0);
	end_of(mm);
}

#define IN_WORLD(test)	cmocka_unit_test_setup_teardown(test, two_nodes_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_hint_keeps_all_but_access),
		IN_WORLD(nothing_is_scanned_unless_the_policy_says_so),
		IN_WORLD(what_cannot_move_is_no_hint),
		IN_WORLD(merged_pages_are_no_hints),
		IN_WORLD(vmas_without_access_have_no_hints),
		IN_WORLD(vmas_of_drivers_have_no_hints),
		IN_WORLD(huge_pages_of_the_pool_are_no_hints),
		IN_WORLD(a_scan_goes_on_where_the_last_one_ended),
		IN_WORLD(what_is_empty_is_passed_over_faster),
		IN_WORLD(a_busy_mm_is_not_waited_for),
		IN_WORLD(a_page_on_the_node_stays),
		IN_WORLD(a_page_follows_its_processor),
		IN_WORLD(a_pinned_page_stays),
		IN_WORLD(a_page_stays_if_the_node_is_full),
		IN_WORLD(a_large_folio_is_handled_at_once),
		IN_WORLD(a_leaf_is_one_hint),
		IN_WORLD(a_huge_page_follows_its_processor_as_a_whole),
		IN_WORLD(a_pinned_huge_page_stays),
		IN_WORLD(the_huge_zero_page_is_no_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
