/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of huge pages from the pool: reservations, faults, splits and zaps, and the pool itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/rmap.h"
#include "core/op/gup.h"
#include "core/op/mremap.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define POLICY	"linux-6.15"

/* ---- reservations ---- */

static void a_mapping_reserves_its_huge_pages(void **state)
{
	struct mm_struct *mm = world_mm(POLICY);
	long at;

	(void)state;
	if (!THP_POSSIBLE) {
		assert_int_equal(map_huge(mm, 0, 1, 0), -EOPNOTSUPP);
		mm_exit(mm);
		return;
	}
	assert_int_equal(map_huge(mm, 0, 1, 0), -ENOMEM);
	pool_of(4);
	assert_int_equal(map_huge(mm, AREA + PAGE_SIZE, 1, MAP_FIXED), -EINVAL);
	assert_int_equal(map_huge(mm, AREA, 5, MAP_FIXED), -ENOMEM);
	assert_true(pool_is(4, 0));
	assert_int_equal(sys_mmap(mm, AREA, PMD_SIZE + 1, READ_WRITE, ANON | MAP_HUGETLB | MAP_FIXED, 0), AREA);
	assert_true(pool_is(4, 2));
	assert_int_equal(mm->total_vm, 2 * HUGE);
	assert_int_equal(map_huge(mm, AREA, 1, MAP_FIXED_NOREPLACE), -EEXIST);
	at = map_huge(mm, AREA + PAGE_SIZE, 2, 0);	/* a hint, and it is not free */
	assert_true(at > 0 && IS_ALIGNED((unsigned long)at, PMD_SIZE) && (unsigned long)at != AREA);
	assert_true(pool_is(4, 4));
	assert_int_equal(map_huge(mm, 0, 1, 0), -ENOMEM);
	at = map_huge(mm, 0, 1, MAP_NORESERVE);
	assert_true(at > 0 && IS_ALIGNED((unsigned long)at, PMD_SIZE));
	assert_int_equal(huge_write(mm, (unsigned long)at), VM_FAULT_SIGBUS);	/* all are reserved for others */
	assert_int_equal(hugetlb_pool_resize(HPAGE_PMD_ORDER, 0), 4);
	assert_int_equal(sys_munmap(mm, AREA, 2 * PMD_SIZE), 0);
	assert_true(pool_is(4, 2));
	assert_int_equal(huge_write(mm, (unsigned long)at), 0);
	assert_true(pool_is(3, 2));
	end_of(mm);
}

/* What replaces a mapping goes by the same rules; a failure changes nothing. */
static void it_is_replaced_as_a_whole(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 6, 3);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(map_huge(mm, AREA + PMD_SIZE, 4, MAP_FIXED), -ENOMEM);	/* reserved before the old are freed */
	assert_int_equal(map_huge(mm, AREA + PMD_SIZE, 1, MAP_FIXED), AREA + PMD_SIZE);
	assert_int_equal(mm->map_count, 3);
	assert_true(pool_is(5, 2));
	assert_int_equal(sys_mmap(mm, AREA + PMD_SIZE + PAGE_SIZE, PAGE_SIZE, READ_WRITE, ANON | MAP_FIXED, 0),
			 -EINVAL);
	assert_int_equal(sys_mmap(mm, AREA, PMD_SIZE, READ_WRITE, ANON | MAP_FIXED, 0), AREA);
	assert_true(pool_is(6, 2));
	end_of(mm);
}

/* ---- faults ---- */

static void a_first_access_takes_one(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 2);
	assert_int_equal(huge_write(mm, AREA + 5 * PAGE_SIZE), 0);
	assert_true(pool_is(1, 1));
	folio = huge_folio_at(mm, AREA);
	assert_true(folio_test_hugetlb(folio) && PageAnonExclusive(&folio->page));
	assert_int_equal(folio_order(folio), HPAGE_PMD_ORDER);
	assert_int_equal(folio_entire_mapcount(folio), 1);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_true(pmd_write(huge_at(mm, AREA)) && pmd_dirty(huge_at(mm, AREA)));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_HUGETLBPAGES), HUGE);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_PTE_TABLES), 0);
	*huge_byte(mm, AREA + 9 * PAGE_SIZE) = 77;
	/*
	 * There is no zero page: a read allocates one too, private to the mm, so that a write only makes it writable.
	 */
	assert_int_equal(huge_read(mm, AREA + PMD_SIZE), 0);
	assert_true(pool_is(0, 0));
	folio = huge_folio_at(mm, AREA + PMD_SIZE);
	assert_false(pmd_write(huge_at(mm, AREA + PMD_SIZE)));
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	assert_ptr_equal(huge_folio_at(mm, AREA + PMD_SIZE), folio);
	assert_true(pmd_write(huge_at(mm, AREA + PMD_SIZE)));
	/* What comes back from the pool is cleared. */
	assert_int_equal(sys_madvise(mm, AREA, 2 * PMD_SIZE, MADV_DONTNEED), 0);
	assert_true(pool_is(2, 2));
	assert_int_equal(huge_read(mm, AREA), 0);
	assert_int_equal(huge_read(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(*huge_byte(mm, AREA + 9 * PAGE_SIZE) | *huge_byte(mm, AREA + PMD_SIZE + 9 * PAGE_SIZE), 0);
	end_of(mm);
}

static void rights_are_those_of_the_vma(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 3, 3);
	for (unsigned long i = 0; i < 3; i++)
		assert_int_equal(huge_write(mm, AREA + i * PMD_SIZE), 0);
	assert_int_equal(sys_mprotect(mm, AREA + PAGE_SIZE, PMD_SIZE, PROT_READ), -EINVAL);
	assert_int_equal(mm->map_count, 1);
	assert_int_equal(sys_mprotect(mm, AREA + PMD_SIZE, PMD_SIZE - PAGE_SIZE, PROT_READ), -EINVAL);
	assert_int_equal(mm->map_count, 2);	/* the start may be split, and was */
	assert_int_equal(sys_mprotect(mm, AREA + PAGE_SIZE, PAGE_SIZE, READ_WRITE), 0);
	assert_int_equal(sys_mprotect(mm, AREA + PMD_SIZE, PMD_SIZE, PROT_READ), 0);
	assert_int_equal(mm->map_count, 3);
	assert_false(pmd_write(huge_at(mm, AREA + PMD_SIZE)));
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
	assert_int_equal(huge_read(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(sys_mprotect(mm, AREA + PMD_SIZE, PMD_SIZE, PROT_NONE), 0);
	assert_true(pmd_protnone(huge_at(mm, AREA + PMD_SIZE)));
	assert_int_equal(sys_mprotect(mm, AREA, 3 * PMD_SIZE, READ_WRITE), 0);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(mm->map_count, 3);	/* never merged again, and all share the reservation */
	assert_int_equal(sys_munmap(mm, AREA + PMD_SIZE, PMD_SIZE), 0);
	assert_true(pool_is(1, 0));
	end_of(mm);
}

static void what_cuts_one_is_refused(void **state)
{
	struct mm_struct *mm;
	struct page *page;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 2);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(sys_munmap(mm, AREA + PAGE_SIZE, PMD_SIZE), -EINVAL);
	assert_int_equal(sys_munmap(mm, AREA, PAGE_SIZE), -EINVAL);
	assert_int_equal(mm->map_count, 1);
	assert_int_equal(sys_madvise(mm, AREA + PAGE_SIZE, PMD_SIZE, MADV_DONTNEED), -EINVAL);
	/* rounded down to nothing */
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE - PAGE_SIZE, MADV_DONTNEED), 0);
	assert_true(pool_is(1, 1));
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_GUARD_INSTALL), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_PAGEOUT), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, 2 * PMD_SIZE, 3 * PMD_SIZE, MREMAP_MAYMOVE, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, 0, 0), -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, 2 * PMD_SIZE, PMD_SIZE + PAGE_SIZE, 0, 0), AREA);
	assert_int_equal(sys_mremap(mm, AREA, PAGE_SIZE, 2 * PAGE_SIZE, 0, 0), AREA);
	assert_int_equal(vma_tree_find(&mm->tree, AREA)->vm_end, AREA + 2 * PMD_SIZE);
	assert_int_equal(sys_mremap(mm, AREA, 2 * PMD_SIZE, PAGE_SIZE, 0, 0), AREA);
	assert_int_equal(vma_tree_find(&mm->tree, AREA)->vm_end, AREA + PMD_SIZE);
	assert_true(pool_is(1, 0));
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_POPULATE_WRITE), 0);
	assert_int_equal(pin_user_pages_fast(mm, AREA + PAGE_SIZE, 1, FOLL_WRITE, &page), 1);
	/* A pinned one returns when the pin is released: until then it cannot be reserved. */
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED), 0);
	assert_true(pool_is(1, 0));
	unpin_user_page(page);
	assert_true(pool_is(2, 0));
	end_of(mm);
}

/* ---- memory runs out ---- */

#if FAULTLINE_CHECK
static long with_failure(struct mm_struct *mm, struct mm_struct **child, unsigned int nth, unsigned int what)
{
	long ret;

	inject_alloc_failure(nth);
	switch (what) {
	case 0:
		ret = map_huge(mm, AREA + 8 * PMD_SIZE, 2, MAP_FIXED);
		break;
	case 1:
		ret = huge_write(mm, AREA + 8 * PMD_SIZE);
		break;
	case 2:		/* both huge pages, the second only reserved, to where there are no tables */
		ret = sys_mremap(mm, AREA, 2 * PMD_SIZE, 2 * PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				 AREA + PGDIR_SIZE);
		break;
	default:
		ret = sys_fork(mm, child);
	}
	inject_alloc_failure(0);
	return ret;
}

static void what_fails_has_changed_nothing(void **state)
{
	struct mm_struct *mm, *child = NULL;
	unsigned int failed[4] = { 0 };

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 6, 2);
	assert_int_equal(huge_write(mm, AREA), 0);
	for (unsigned int what = 0; what < ARRAY_SIZE(failed); what++) {
		struct hugetlb_counts before = hugetlb_pool_counts(HPAGE_PMD_ORDER);
		long good = what == 0 ? (long)(AREA + 8 * PMD_SIZE) : what == 2 ? (long)(AREA + PGDIR_SIZE) : 0;

		for (unsigned int nth = 1; with_failure(mm, &child, nth, what) != good; nth++) {
			assert_true(pool_is(before.free, before.reserved));
			failed[what]++;
			assert_at_rest(mm);
		}
	}
	assert_true(failed[0] >= 2 && failed[1] >= 2 && failed[2] >= 2 && failed[3] >= 2);
	assert_true(pool_is(4, 2));
	end_of(mm, child);
}
#endif

/* ---- the pool, and the oracle ---- */

static void the_pool_shrinks_to_its_reservations(void **state)
{
	struct mm_struct *mm;
	unsigned long all;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 5, 2);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(hugetlb_pool_resize(HPAGE_PMD_ORDER, 1), 2);
	assert_true(pool_is(1, 1));
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	all = hugetlb_pool_resize(HPAGE_PMD_ORDER, 1000000);	/* what the machine has */
	assert_true(all > 20 && all < 40 && all == hugetlb_pool_counts(HPAGE_PMD_ORDER).nr);
	end_of(mm);
}

/* The first complaint begins with @words. */
static void complains(struct mm_struct *mm, const char *words)
{
	struct mm_struct *mms[] = { mm };
	char why[256] = "";

	assert_false(oracle_at_rest(mms, 1, why, sizeof(why)));
	if (!strstr(why, words))
		fail_msg("'%s', not '%s'", why, words);
}

static void the_oracle_complains(void **state)
{
	struct vm_area_struct *vma;
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	rcu_barrier();		/* the tables of tests before are free */
	mm = hugetlb_mm(POLICY, 3, 3);
	assert_int_equal(huge_write(mm, AREA), 0);
	vma = vma_tree_find(&mm->tree, AREA);
	vma->vm_resv->taken[0] ^= 2;
	complains(mm, "huge pages are reserved");
	vma->vm_resv->taken[0] ^= 2;
	mm_count(&mm->pt, MM_HUGETLBPAGES, 1);
	complains(mm, "pages of the pool mapped");
	mm_count(&mm->pt, MM_HUGETLBPAGES, -1);
	vma->vm_flags ^= VM_HUGETLB;
	complains(mm, "is of the pool, or its VMA");
	vma->vm_flags ^= VM_HUGETLB;
	huge_folio_at(mm, AREA)->page.flags ^= PG_HUGETLB;
	complains(mm, "deposits");
	huge_folio_at(mm, AREA)->page.flags ^= PG_HUGETLB;
	down_read(&vma->vm_resv->lock);
	complains(mm, "hugetlb VMA lock");
	up_read(&vma->vm_resv->lock);
	end_of(mm);
}

/* ---- populating, and ranges used before ---- */

/* Row: G2. */
static void one_fault_populates_a_huge_page(void **state)
{
	struct mm_struct *mm;
	uint64_t spurious;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 3, 3);
	spurious = events_total(EV_FAULT_SPURIOUS);
	assert_int_equal(sys_madvise(mm, AREA + PAGE_SIZE, PMD_SIZE, MADV_POPULATE_WRITE), 0);
	assert_true(pmd_write(huge_at(mm, AREA)) && pmd_write(huge_at(mm, AREA + PMD_SIZE)));
	assert_true(pmd_none(huge_at(mm, AREA + 2 * PMD_SIZE)) && pool_is(1, 1));
	assert_int_equal(events_total(EV_FAULT_SPURIOUS), spurious);
	end_of(mm);
}

/* A huge page of 1 GiB needs a range without PMD table: none is left of what was mapped there. Rows: L1, L8. */
static void no_table_is_in_its_place(void **state)
{
	unsigned long end = AREA + PUD_SIZE;
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 1, 1);
	map_at(mm, AREA + 9 * PMD_SIZE, PMD_SIZE, READ_WRITE);
	map_at(mm, end - PAGE_SIZE, 2 * PAGE_SIZE, READ_WRITE);
	write_at(mm, AREA + 9 * PMD_SIZE);
	write_at(mm, end - PAGE_SIZE);
	write_at(mm, end);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(sys_munmap(mm, AREA + 9 * PMD_SIZE, PMD_SIZE), 0);
	assert_int_equal(map_gigantic(mm, AREA, 1, MAP_FIXED_NOREPLACE | MAP_NORESERVE), -EEXIST);
	assert_int_equal(map_gigantic(mm, AREA, 1, MAP_FIXED | MAP_NORESERVE), AREA);
	assert_int_equal(huge_write(mm, AREA), VM_FAULT_SIGBUS);	/* the pool is empty */
	assert_true(gigantic_pool_is(0, 0) && pool_is(1, 0));
	assert_int_equal(map_huge(mm, AREA, 1, MAP_FIXED), -EINVAL);	/* of a part of it */
	assert_int_equal(sys_munmap(mm, AREA, PUD_SIZE), 0);
	assert_int_equal(map_huge(mm, AREA, 1, MAP_FIXED), AREA);
	assert_int_equal(huge_write(mm, AREA), 0);
	end_of(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapping_reserves_its_huge_pages),
		cmocka_unit_test(it_is_replaced_as_a_whole),
		cmocka_unit_test(a_first_access_takes_one),
		cmocka_unit_test(rights_are_those_of_the_vma),
		cmocka_unit_test(what_cuts_one_is_refused),
#if FAULTLINE_CHECK
		cmocka_unit_test(what_fails_has_changed_nothing),
#endif
		cmocka_unit_test(the_pool_shrinks_to_its_reservations),
		cmocka_unit_test(the_oracle_complains),
		cmocka_unit_test(one_fault_populates_a_huge_page),
		cmocka_unit_test(no_table_is_in_its_place),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
