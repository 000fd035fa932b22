/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages mapped by faults: where, what they count, and what a write to one does that others see too. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/fork.h"
#include "core/op/madvise.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/thp_scene.h"

/* One entry for the whole aligned range; zeroed pages, all exclusive by their head's flag. */
/* Rows: A3, L7. */
static void a_first_write_maps_a_huge_page(void **state)
{
	uint64_t faults = events_total(EV_THP_FAULT), mapped = events_total(EV_PAGE_ALLOC);
	struct scene s = thp_scene(THP_POLICY);
	struct folio *folio = huge_folio(s.mm, AREA);

	(void)state;
	assert_int_equal(folio_order(folio), HPAGE_PMD_ORDER);
	assert_ptr_equal(pmd_page(leaf_at(s.mm, AREA)), &folio->page);
	assert_true(pmd_write(leaf_at(s.mm, AREA)) && pmd_dirty(leaf_at(s.mm, AREA)) && pmd_young(leaf_at(s.mm, AREA)));
	assert_int_equal(folio_ref_count(folio), 1);
	assert_int_equal(folio_mapcount(folio), 1);
	assert_int_equal(folio_entire_mapcount(folio), 1);
	assert_int_equal(page_mapcount(folio_page(folio, 5)), 0);
	assert_false(folio_maybe_mapped_shared(folio));
	assert_true(PageAnonExclusive(&folio->page) && !PageAnonExclusive(folio_page(folio, 1)));
	assert_int_equal(folio->page.index, AREA >> PAGE_SHIFT);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), HUGE);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_PTE_TABLES), 1);
	assert_int_equal(events_total(EV_THP_FAULT) - faults, 1);
	assert_int_equal(events_total(EV_PAGE_ALLOC) - mapped, HUGE);
	assert_false(is_huge(s.mm, AREA + PMD_SIZE));
	assert_int_equal(do_write(&s, AREA + PMD_SIZE - 1), 0);
	assert_int_equal(do_read(&s, AREA), 0);
	assert_int_equal(spurious(&s), 2);
	assert_int_equal(do_write(&s, AREA + PMD_SIZE), 0);
	assert_int_equal(events_total(EV_THP_FAULT) - faults, 2);
	assert_int_equal(events_total(EV_FAULT_VMA_LOCK) - s.vma_lock, 4);
	end(&s);
}

/* The huge zero page is shared and not counted; a write replaces it by a private page, and the deposit stays. */
static void a_first_read_maps_zeroes(void **state)
{
	struct scene s = scene_of(THP_POLICY, PROT_READ | PROT_WRITE);
	pmd_t zero;

	(void)state;
	assert_int_equal(do_read(&s, AREA + 9 * PAGE_SIZE), 0);
	if (!THP_POSSIBLE) {
		assert_true(is_zero_pfn(pte_pfn(tree_pte(s.mm, AREA + 9 * PAGE_SIZE))));
		end(&s);
		return;
	}
	zero = leaf_at(s.mm, AREA);
	assert_true(is_huge_zero_pmd(zero) && !pmd_write(zero));
	assert_int_equal(do_read(&s, AREA + PMD_SIZE), 0);
	assert_int_equal(pmd_pfn(leaf_at(s.mm, AREA + PMD_SIZE)), pmd_pfn(zero));
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_PTE_TABLES), 2);
	assert_at_rest(s.mm);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_true(is_huge(s.mm, AREA) && pmd_write(leaf_at(s.mm, AREA)));
	assert_int_equal(pmd_pfn(leaf_at(s.mm, AREA + PMD_SIZE)), pmd_pfn(zero));
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), HUGE);
	end(&s);
}

static bool write_is_huge(const char *policy, int advice)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
	bool huge;

	if (advice)
		assert_int_equal(sys_madvise(s.mm, AREA, LEN, advice), 0);
	assert_int_equal(do_write(&s, AREA), 0);
	huge = is_huge(s.mm, AREA);
	end(&s);
	return huge;
}

static void policy_and_advice_decide(void **state)
{
	(void)state;
	assert_false(write_is_huge("linux-6.15", 0));
	assert_false(write_is_huge("linux-6.15,thp=never", MADV_HUGEPAGE));
	assert_false(write_is_huge("linux-6.15,thp=madvise", 0));
	assert_int_equal(write_is_huge("linux-6.15,thp=madvise", MADV_HUGEPAGE), THP_POSSIBLE);
	assert_false(write_is_huge("linux-6.15,thp=madvise", MADV_NOHUGEPAGE));
	assert_int_equal(write_is_huge(THP_POLICY, 0), THP_POSSIBLE);
	assert_false(write_is_huge(THP_POLICY, MADV_NOHUGEPAGE));
}

/* Each advice takes the other back, and VMAs of different advice stay apart. */
static void advice_splits_and_merges(void **state)
{
	struct scene s = scene_of("linux-6.15,thp=madvise", PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(sys_madvise(s.mm, AREA, PMD_SIZE, MADV_HUGEPAGE), 0);
	assert_int_equal(s.mm->map_count, 2);
	assert_int_equal(sys_madvise(s.mm, AREA + PMD_SIZE, PMD_SIZE, MADV_NOHUGEPAGE), 0);
	assert_int_equal(sys_madvise(s.mm, AREA, LEN, MADV_HUGEPAGE), 0);
	assert_int_equal(s.mm->map_count, 1);
	assert_int_equal(sys_madvise(s.mm, AREA, LEN + PAGE_SIZE, MADV_NOHUGEPAGE), -ENOMEM);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_false(is_huge(s.mm, AREA));
	end(&s);
}

/* The VMA begins or ends in the range, or a table is there. */
static void no_larger_than_the_vma(void **state)
{
	struct mm_struct *mm = world_mm(THP_POLICY);
	const unsigned long start = AREA - PAGE_SIZE, len = PMD_SIZE + 2 * PAGE_SIZE;

	(void)state;
	BUG_ON(sys_mmap(mm, start, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	assert_int_equal(do_user_addr_fault(mm, start, FAULT_FLAG_WRITE), 0);
	assert_int_equal(do_user_addr_fault(mm, AREA + PMD_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 2);
	assert_int_equal(sys_munmap(mm, AREA + PMD_SIZE, PAGE_SIZE), 0);
	assert_int_equal(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE), 0);
	assert_int_equal(is_huge(mm, AREA), THP_POSSIBLE);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* No block that large is free, or there is no memory for the table: a small page will do, or nothing. */
static void no_huge_page_to_be_had(void **state)
{
	uint64_t fallback = events_total(EV_THP_FALLBACK);
	struct scene s;

	(void)state;
	needs_thp();
	assert_non_null(get_huge_zero_folio());
	s = scene_of(THP_POLICY, PROT_READ | PROT_WRITE);
	world_take_frames(200);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_int_equal(do_read(&s, AREA + PMD_SIZE), 0);
	world_give_frames();
	assert_true(!is_huge(s.mm, AREA) && is_huge_zero_pmd(leaf_at(s.mm, AREA + PMD_SIZE)));
	assert_int_equal(events_total(EV_THP_FALLBACK) - fallback, 1);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 1);
	end(&s);
	s = scene_of(THP_POLICY, PROT_READ | PROT_WRITE);
	assert_int_equal(do_read(&s, AREA), 0);
	assert_true(is_huge(s.mm, AREA));
	world_take_frames(200);
	assert_int_equal(do_write(&s, AREA + 3 * PAGE_SIZE), 0);	/* over the huge zero page, which is split */
	world_give_frames();
	assert_true(!is_huge(s.mm, AREA) && pte_write(tree_pte(s.mm, AREA + 3 * PAGE_SIZE)));
	assert_true(is_zero_pfn(pte_pfn(tree_pte(s.mm, AREA + 2 * PAGE_SIZE))));
	end(&s);
}

#if FAULTLINE_CHECK
/* Each allocation fails once: it works nevertheless, or says so, and nothing is lost. */
static void allocations_that_fail(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int write = 0; write < 2; write++)
		for (unsigned int nth = 1; nth < 8; nth++) {
			struct scene s = scene_of(THP_POLICY, PROT_READ | PROT_WRITE);
			vm_fault_t ret;

			inject_alloc_failure(nth);
			ret = do_user_addr_fault(s.mm, AREA, write ? FAULT_FLAG_WRITE : 0);
			inject_alloc_failure(0);
			assert_true(ret == 0 || ret == VM_FAULT_OOM);
			assert_int_equal(do_user_addr_fault(s.mm, AREA, write ? FAULT_FLAG_WRITE : 0), 0);
			end(&s);
		}
}
#endif

/* ---- copy on write ---- */

/* Of two who share a huge page a writer copies a small one, from then on by PTEs; the other keeps the leaf. */
/* Rows: A5, L7. */
static void a_write_to_a_shared_one_splits(void **state)
{
	struct scene s = thp_scene(THP_POLICY);
	struct folio *folio = huge_folio(s.mm, AREA);
	struct mm_struct *child;

	(void)state;
	assert_int_equal(sys_fork(s.mm, &child), 0);
	assert_true(is_huge(child, AREA) && !pmd_write(leaf_at(child, AREA)) && !pmd_write(leaf_at(s.mm, AREA)));
	assert_false(PageAnonExclusive(&folio->page));
	assert_int_equal(folio_ref_count(folio), 2);
	assert_int_equal(folio_entire_mapcount(folio), 2);
	assert_true(folio_maybe_mapped_shared(folio));
	assert_at_rest(s.mm, child);
	assert_int_equal(do_write(&s, AREA + 7 * PAGE_SIZE), 0);
	assert_true(!is_huge(s.mm, AREA) && is_huge(child, AREA));
	assert_int_equal(folio_ref_count(folio), HUGE);		/* 511 PTEs and the child's leaf */
	assert_int_equal(folio_mapcount(folio), HUGE);
	assert_int_equal(folio_entire_mapcount(folio), 1);
	assert_ptr_not_equal(page_folio(page_at(&s, AREA + 7 * PAGE_SIZE)), folio);
	assert_ptr_equal(page_at(&s, AREA + 8 * PAGE_SIZE), folio_page(folio, 8));
	assert_at_rest(s.mm, child);
	mm_exit(child);
	assert_int_equal(folio_mapcount(folio), HUGE - 1);
	assert_int_equal(do_write(&s, AREA + 8 * PAGE_SIZE), 0);
	assert_ptr_equal(page_at(&s, AREA + 8 * PAGE_SIZE), folio_page(folio, 8));
	end(&s);
}

static void get(void *arg)
{
	folio_get(arg);
}

/* The last mm of a huge page reuses it, unless another reference exists, old or new. */
static void a_sole_owner_reuses(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int reference = 0; reference < 2 + FAULTLINE_CHECK; reference++) {
		struct scene s = thp_scene(THP_POLICY);
		struct folio *folio = huge_folio(s.mm, AREA);
		struct mm_struct *child;

		assert_int_equal(sys_fork(s.mm, &child), 0);
		mm_exit(child);
		if (reference == 1)
			folio_get(folio);
		if (reference == 2)
			meanwhile("cow.small_alone", get, folio);
		assert_int_equal(do_write(&s, AREA), 0);
		assert_int_equal(is_huge(s.mm, AREA), !reference);
		assert_int_equal(PageAnonExclusive(&folio->page), !reference);
		if (reference) {
			assert_ptr_not_equal(page_at(&s, AREA), &folio->page);
			folio_put(folio);
		}
		end(&s);
	}
}

/* A fault that only unshares makes it exclusive, and no more. */
static void unsharing_leaves_it_read_only(void **state)
{
	struct scene s = thp_scene(THP_POLICY);
	struct mm_struct *child;

	(void)state;
	assert_int_equal(sys_fork(s.mm, &child), 0);
	mm_exit(child);
	assert_int_equal(do_user_addr_fault(s.mm, AREA, FAULT_FLAG_UNSHARE), 0);
	assert_true(is_huge(s.mm, AREA) && !pmd_write(leaf_at(s.mm, AREA)) &&
		    PageAnonExclusive(pmd_page(leaf_at(s.mm, AREA))));
	end(&s);
}

/* ---- who came first ---- */

static void write_huge(void *arg)
{
	BUG_ON(do_user_addr_fault(arg, AREA + PAGE_SIZE, FAULT_FLAG_WRITE));
}

static void read_huge(void *arg)
{
	BUG_ON(do_user_addr_fault(arg, AREA + PAGE_SIZE, 0));
}

static void drop(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, LEN, MADV_DONTNEED));
}

/* The entry changes between the fault's first read and its update: the fault re-reads it. */
static void what_came_first_stays(void **state)
{
	static void (*const first[])(void *) = { write_huge, read_huge, drop };

	(void)state;
	needs_checks();
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(first); i++)
		for (unsigned int zero = 0; zero < 2; zero++) {
			struct scene s = scene_of(THP_POLICY, PROT_READ | PROT_WRITE);

			if (zero)
				assert_int_equal(do_read(&s, AREA), 0);
			meanwhile("fault.before_pmd_lock", first[i], s.mm);
			assert_int_equal(do_write(&s, AREA), 0);
			assert_int_equal(meanwhile_ran(), 1);
			assert_true(is_huge(s.mm, AREA) && pmd_write(leaf_at(s.mm, AREA)));
			assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), HUGE);
			end(&s);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_write_maps_a_huge_page),
		cmocka_unit_test(a_first_read_maps_zeroes),
		cmocka_unit_test(policy_and_advice_decide),
		cmocka_unit_test(advice_splits_and_merges),
		cmocka_unit_test(no_larger_than_the_vma),
		cmocka_unit_test(no_huge_page_to_be_had),
#if FAULTLINE_CHECK
		cmocka_unit_test(allocations_that_fail),
#endif
		cmocka_unit_test(a_write_to_a_shared_one_splits),
		cmocka_unit_test(a_sole_owner_reuses),
		cmocka_unit_test(unsharing_leaves_it_read_only),
		cmocka_unit_test(what_came_first_stays),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
