/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_device: pages in the memory of a device, what others do to their entries there, and how they come back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/mm/rmap.h"
#include "core/op/folio_referenced.h"
#include "core/op/gup.h"
#include "core/op/memory_failure.h"
#include "core/op/migrate.h"
#include "core/op/migrate_device.h"
#include "core/op/mincore.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/op/reclaim.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/mirror_scene.h"

#define THERE	(HMM_PFN_DEVICE | HMM_PFN_UNADDRESSABLE)

static bool on_device(struct mm_struct *mm, unsigned long i)
{
	return pte_is_device_private(pte_at(mm, i));
}

/* An mm whose first @pages pages hold their numbers from 100 on, and are on a device. */
static struct mm_struct *mm_on_device(unsigned long pages)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", pages);

	assert_int_equal(sys_migrate_to_device(mm, AREA, pages * PAGE_SIZE), (long)pages);
	for (unsigned long i = 0; i < pages; i++)
		assert_true(on_device(mm, i));
	return mm;
}

/* Rows: H2, A9. */
static void there_and_back(void **state)
{
	struct mm_struct *mm = mm_on_device(3);
	struct folio *folio = folio_at(mm, 1);
	uint64_t back = events_total(EV_DEVICE_BACK);
	unsigned char vec;

	(void)state;
	assert_true(folio_is_device_private(folio) && folio_test_anon(folio));
	assert_int_equal(folio_mapcount(folio), 1);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_true(PageAnonExclusive(&folio->page));
	assert_int_equal(pfn_of_page(mm, 1), hmm_pfn_from_pfn(folio_pfn(folio)) | HMM_PFN_READ | HMM_PFN_WRITE | THERE);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 3);
	assert_int_equal(sys_mincore(mm, page_addr(1), PAGE_SIZE, &vec), 0);
	assert_int_equal(vec, 1);
	assert_at_rest(mm);
	assert_int_equal(read_word(mm, 1), 101);
	assert_true(pte_write(pte_at(mm, 1)));
	assert_int_equal(page_type(&folio_at(mm, 1)->page), PAGE_ANON);
	assert_int_equal(events_total(EV_DEVICE_BACK), back + 1);
	assert_true(on_device(mm, 0) && on_device(mm, 2));
	write_word(mm, 2, 7);
	assert_int_equal(read_word(mm, 2), 7);
	assert_int_equal(read_word(mm, 0), 100);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void what_does_not_go(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct page *pinned;

	(void)state;
	assert_int_equal(sys_migrate_to_device(mm, AREA + 1, PAGE_SIZE), -EINVAL);
	assert_int_equal(sys_migrate_to_device(mm, AREA, -PAGE_SIZE), -EINVAL);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &pinned), 1);
	assert_int_equal(do_user_addr_fault(mm, page_addr(3), 0), 0);
	page_out(mm, 1);
	assert_int_equal(sys_migrate_to_device(mm, AREA, LEN), 0);
	unpin_user_page(pinned);
	assert_int_equal(sys_migrate_to_device(mm, AREA, LEN), 1);
	assert_int_equal(sys_migrate_to_device(mm, AREA, LEN), 0);
	mm_exit(mm);
}

/* Rows: A5, A6. */
static void a_child_shares_it(void **state)
{
	struct mm_struct *mm = mm_on_device(1), *child;
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	/*
	 * As if pages of this mm had been pinned, and this one by the look of it: on a device there is no such thing.
	 */
	store_relaxed(&mm->has_pinned, 1u);
	folio_ref_add(folio, GUP_PIN_COUNTING_BIAS);
	assert_int_equal(sys_fork(mm, &child), 0);
	folio_put_refs(folio, GUP_PIN_COUNTING_BIAS);
	assert_int_equal(folio_mapcount(folio), 2);
	assert_false(PageAnonExclusive(&folio->page));
	assert_false(device_private_pte_write(pte_at(mm, 0)));
	assert_true(pte_same(pte_at(mm, 0), pte_at(child, 0)));
	assert_int_equal(pfn_of_page(mm, 0), hmm_pfn_from_pfn(folio_pfn(folio)) | HMM_PFN_READ | THERE);
	assert_at_rest(mm, child);
	/* It comes back for both, and is then copied by who writes. */
	write_word(child, 0, 200);
	assert_false(on_device(mm, 0));
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(read_word(child, 0), 200);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Row: A6. */
static void it_is_shared_without_a_look_at_pins(void **state)
{
	struct mm_struct *mm = mm_on_device(1);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	folio_ref_add(folio, GUP_PIN_COUNTING_BIAS);
	assert_int_equal(folio_try_share_anon_rmap_pte(folio, &folio->page), 0);
	assert_false(PageAnonExclusive(&folio->page));
	folio_put_refs(folio, GUP_PIN_COUNTING_BIAS);
	SetPageAnonExclusive(&folio->page);
	mm_exit(mm);
}

static void entries_go_where_others_go(void **state)
{
	struct mm_struct *mm = mm_on_device(3);
	const unsigned long away = 8 * LEN;

	(void)state;
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_true(pte_none(pte_at(mm, 0)));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 2);
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_READ), 0);
	assert_true(on_device(mm, 1));
	assert_false(device_private_pte_write(pte_at(mm, 1)));
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(sys_mremap(mm, AREA, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, AREA + away),
			 (long)(AREA + away));
	assert_true(pte_is_device_private(tree_pte(mm, page_addr(1) + away)));
	assert_at_rest(mm);
	assert_int_equal(do_user_addr_fault(mm, page_addr(1) + away, FAULT_FLAG_WRITE), 0);
	assert_true(pte_write(tree_pte(mm, page_addr(1) + away)));
	assert_int_equal(*(uint64_t *)page_payload(pte_page(tree_pte(mm, page_addr(1) + away))), 101);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Only a fault brings it back, and no operation takes it for ordinary memory. */
static void others_leave_it(void **state)
{
	struct mm_struct *mm = mm_on_device(1);
	struct folio *folio = folio_at(mm, 0);
	unsigned long flags;
	struct page *page;

	(void)state;
	folio_get(folio);
	assert_int_equal(reclaim_folio(folio), -EBUSY);
	folio_get(folio);
	assert_int_equal(migrate_folio(folio, 0), -EBUSY);
	folio_get(folio);
	assert_int_equal(memory_failure(folio), -EBUSY);
	assert_int_equal(folio_referenced(folio, false, &flags), 0);
	folio_put(folio);
	page_out(mm, 0);
	assert_true(on_device(mm, 0));
	assert_int_equal(get_user_pages_fast(mm, AREA, 1, FOLL_FAST_ONLY, &page), 0);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(*(uint64_t *)page_payload(page), 100);
	unpin_user_page(page);
	mm_exit(mm);
}

static void touch_it(void *mm)
{
	BUG_ON(read_word(mm, 0) != 100);
}

static void drop_it(void *mm)
{
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
}

/* Of two faults one brings it back; of a fault and a zap either comes first. */
static void meanwhile_another(void **state)
{
	struct mm_struct *mm;

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();
	mm = mm_on_device(1);
	meanwhile("fault.before_ptl", touch_it, mm);
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(sys_migrate_to_device(mm, AREA, PAGE_SIZE), 1);
	meanwhile("device.before_back", drop_it, mm);
	assert_int_equal(read_word(mm, 0), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void no_memory(void **state)
{
	struct mm_struct *mm = mm_on_device(1);

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();
	inject_alloc_failure(1);
	assert_int_equal(do_user_addr_fault(mm, AREA, 0), VM_FAULT_OOM);
	assert_true(on_device(mm, 0));
	assert_int_equal(read_word(mm, 0), 100);
	inject_alloc_failure(1);
	assert_int_equal(sys_migrate_to_device(mm, AREA, PAGE_SIZE), 0);
	inject_alloc_failure(0);
	mm_exit(mm);
}

/* The device works on the page where it is. */
static void add_one(struct page *page, void *arg)
{
	*(bool *)arg = page_type(page) == PAGE_DEVICE;
	++*(uint64_t *)page_payload(page);
}

/* Row: H4. */
static void a_mirror_goes_along(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct hmm_mirror mirror;
	bool there;

	(void)state;
	assert_int_equal(hmm_mirror_create(&mirror, mm, AREA, AREA + LEN), 0);
	assert_int_equal(hmm_mirror_use(&mirror, AREA, true, add_one, &there), 0);
	assert_false(there);
	hmm_mirror_fill(&mirror, AREA, AREA + LEN);
	assert_int_equal(mirrored(&mirror, 4), 2);
	assert_int_equal(sys_migrate_to_device(mm, AREA, LEN), 2);
	assert_int_equal(mirrored(&mirror, 4), 0);
	assert_int_equal(hmm_mirror_use(&mirror, AREA, true, add_one, &there), 0);
	assert_true(there);
	assert_int_equal(mirrored(&mirror, 4), 1);
	assert_int_equal(read_word(mm, 0), 102);
	assert_int_equal(mirrored(&mirror, 4), 0);
	hmm_mirror_destroy(&mirror);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_does_not_go),
		cmocka_unit_test(a_child_shares_it),
		cmocka_unit_test(it_is_shared_without_a_look_at_pins),
		cmocka_unit_test(entries_go_where_others_go),
		cmocka_unit_test(others_leave_it),
		cmocka_unit_test(meanwhile_another),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(a_mirror_goes_along),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
