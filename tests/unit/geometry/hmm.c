/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hmm: what a snapshot says of each kind of entry; ranges validated and locked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/mm/hugetlb.h"
#include "core/op/guard.h"
#include "core/op/memory_failure.h"
#include "core/op/migrate.h"
#include "core/op/munmap.h"
#include "core/op/pfnmap.h"
#include "core/op/protect.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/mirror_scene.h"
#include "tests/lib/scene/thp_scene.h"

#define RW	(HMM_PFN_READ | HMM_PFN_WRITE)

/* Row: H1. */
static void the_words(void **state)
{
	const hmm_pfn_t flags[] = { HMM_PFN_VALID, HMM_PFN_READ,   HMM_PFN_WRITE,   HMM_PFN_ERROR,
				    HMM_PFN_EMPTY, HMM_PFN_DEVICE, HMM_PFN_SPECIAL, HMM_PFN_UNADDRESSABLE };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
		assert_int_equal(flags[i], 1ul << i);
	assert_int_equal(HMM_PFN_SHIFT, 8);
	assert_int_equal(hmm_pfn_to_pfn(hmm_pfn_from_pfn(77) | RW), 77);
	assert_int_equal(hmm_pfn_from_pfn(77), 77 << 8 | HMM_PFN_VALID);
	assert_ptr_equal(hmm_pfn_to_page(hmm_pfn_from_pfn(77)), pfn_to_page(77));
	assert_null(hmm_pfn_to_page(HMM_PFN_EMPTY));
}

/* Row: H2. */
static void kinds_of_entries(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 3), *child;
	struct folio *poisoned = folio_at(mm, 2);

	(void)state;
	assert_int_equal(pfn_of_page(mm, 0), mapped_as(mm, 0, RW));
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(pfn_of_page(mm, 0), mapped_as(mm, 0, HMM_PFN_READ));
	mm_exit(child);
	assert_int_equal(pfn_of_page(mm, 3), HMM_PFN_EMPTY);
	assert_int_equal(pfn_of_page(mm, LEN / PAGE_SIZE - 1), HMM_PFN_EMPTY);	/* no table */
	assert_int_equal(do_user_addr_fault(mm, page_addr(3), 0), 0);
	assert_int_equal(pfn_of_page(mm, 3), hmm_pfn_from_pfn(page_to_pfn(zero_page)) | HMM_PFN_READ);
	page_out(mm, 1);
	assert_true(swapped(mm, 1));
	assert_int_equal(pfn_of_page(mm, 1), 0);
	folio_get(poisoned);
	assert_int_equal(memory_failure(poisoned), 0);
	assert_int_equal(pfn_of_page(mm, 2), HMM_PFN_ERROR);
	folio_put(poisoned);
	assert_int_equal(sys_madvise(mm, page_addr(5), PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(pfn_of_page(mm, 5), HMM_PFN_ERROR);
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(pfn_of_page(mm, 0), mapped_as(mm, 0, 0));
	mm_exit(mm);
}

static void snapshot_first_page(void *arg)
{
	hmm_pfn_t *pfn = arg;

	*pfn = pfn_of_page((struct mm_struct *)*pfn, 0);
}

/* Row: H2. */
static void an_entry_on_its_way(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	hmm_pfn_t pfn = (hmm_pfn_t)mm;

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();
	meanwhile("migrate.unmapped", snapshot_first_page, &pfn);
	assert_int_equal(sys_migrate_range(mm, AREA, PAGE_SIZE, 1), 1);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(pfn, 0);
	assert_int_equal(pfn_of_page(mm, 0), mapped_as(mm, 0, RW));
	mm_exit(mm);
}

/* Row: H2. */
static void many_tables(void **state)
{
	static hmm_pfn_t pfns[LEN / PAGE_SIZE];
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	const unsigned long last = LEN / PAGE_SIZE - 1, second = PMD_SIZE / PAGE_SIZE;

	(void)state;
	write_word(mm, second, 1);
	assert_int_equal(get_pfns(mm, AREA, LEN / PAGE_SIZE, pfns), 0);
	for (unsigned long i = 0; i <= last; i++)
		assert_int_equal(pfns[i], i < 2 || i == second ? mapped_as(mm, i, RW) : HMM_PFN_EMPTY);
	assert_int_equal(get_pfns(mm, page_addr(1), second, pfns), 0);
	assert_int_equal(pfns[0], mapped_as(mm, 1, RW));
	assert_int_equal(pfns[second - 1], mapped_as(mm, second, RW));
	mm_exit(mm);
}

/* Rows: H2, H4. */
static void huge_leaves(void **state)
{
	static hmm_pfn_t pfns[LEN / PAGE_SIZE];
	struct hmm_mirror mirror;
	unsigned long first;
	struct scene s;

	(void)state;
	s = thp_scene(THP_POLICY);
	first = folio_pfn(huge_folio(s.mm, AREA));
	assert_int_equal(get_pfns(s.mm, AREA, LEN / PAGE_SIZE, pfns), 0);
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		assert_int_equal(pfns[i], hmm_pfn_from_pfn(first + i) | RW | hmm_pfn_flags_order(HPAGE_PMD_ORDER));
	assert_int_equal(pfns[HPAGE_PMD_NR], HMM_PFN_EMPTY);
	assert_int_equal(get_pfns(s.mm, page_addr(3), 2, pfns), 0);
	assert_int_equal(pfns[1], hmm_pfn_from_pfn(first + 4) | RW | hmm_pfn_flags_order(HPAGE_PMD_ORDER));
	assert_true(is_huge(s.mm, AREA));
	assert_int_equal(hmm_mirror_create(&mirror, s.mm, AREA, AREA + LEN), 0);
	hmm_mirror_fill(&mirror, AREA, AREA + LEN);
	assert_int_equal(mirrored(&mirror, HPAGE_PMD_NR), HPAGE_PMD_NR);
	/* Split: the same pages, but a mirror is notified. */
	assert_int_equal(sys_madvise(s.mm, AREA, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_false(is_huge(s.mm, AREA));
	assert_int_equal(mirrored(&mirror, HPAGE_PMD_NR), 0);
	hmm_mirror_fill(&mirror, AREA, AREA + LEN);
	assert_int_equal(mirrored(&mirror, HPAGE_PMD_NR), HPAGE_PMD_NR - 1);
	hmm_mirror_destroy(&mirror);
	end(&s);
}

/* Row: H2. */
static void a_huge_leaf_that_may_not_be_used(void **state)
{
	struct scene s;

	(void)state;
	s = thp_scene(THP_POLICY);
	assert_int_equal(sys_mprotect(s.mm, AREA, PMD_SIZE, PROT_NONE), 0);
	assert_true(is_huge(s.mm, AREA));
	assert_int_equal(pfn_of_page(s.mm, 0), 0);
	assert_int_equal(pfn_of_page(s.mm, HPAGE_PMD_NR - 1), 0);
	end(&s);
}

static void never_used(struct page *page, void *arg)
{
	(void)arg;
	BUG("page %p is used", (void *)page);
}

/* A device is refused [@at, +1 page): the mirror never gets an entry of it, though a fault there may succeed. */
static void device_is_refused(struct mm_struct *mm, unsigned long at)
{
	struct hmm_mirror mirror;

	assert_int_equal(hmm_mirror_create(&mirror, mm, at, at + PAGE_SIZE), 0);
	assert_int_equal(hmm_mirror_use(&mirror, at, false, never_used, NULL), -EFAULT);
	assert_int_equal(hmm_mirror_use(&mirror, at, true, never_used, NULL), -EFAULT);
	hmm_mirror_fill(&mirror, at, at + PAGE_SIZE);
	assert_false(*hmm_mirror_entry(&mirror, at) & HMM_PFN_READ);
	hmm_mirror_destroy(&mirror);
}

/* Rows: H2, H4. */
static void memory_that_may_only_be_written(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	(void)state;
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_WRITE), 0);
	assert_int_equal(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE), 0);
	device_is_refused(mm, AREA);
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_NONE), 0);
	device_is_refused(mm, AREA);
	mm_exit(mm);
}

/* Row: H2. */
static void what_is_refused(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct page *raw = alloc_raw_frames(1);
	hmm_pfn_t pfns[4] = { 0 };
	struct vm_area_struct *vma;
	const unsigned long at = AREA + 4 * LEN;

	(void)state;
	assert_non_null(raw);
	assert_int_equal(sys_mmap_pfn(mm, at, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, page_to_pfn(raw)),
			 (long)at);
	assert_int_equal(get_pfns(mm, at, 2, pfns), -EINVAL);
	assert_int_equal(pfns[0], HMM_PFN_SPECIAL);
	assert_int_equal(pfns[1], HMM_PFN_SPECIAL);
	assert_int_equal(pfns[2], 0);
	device_is_refused(mm, at);
	mmap_read_lock(mm);
	vma = vma_lookup(mm, AREA);
	assert_int_equal(hmm_vma_get_pfns(vma, AREA - PAGE_SIZE, AREA + PAGE_SIZE, pfns), -EINVAL);
	assert_int_equal(hmm_vma_get_pfns(vma, AREA + LEN - PAGE_SIZE, AREA + LEN + PAGE_SIZE, pfns), -EINVAL);
	assert_int_equal(hmm_vma_get_pfns(vma, AREA + LEN, AREA + LEN + PAGE_SIZE, pfns), -EINVAL);
	assert_int_equal(hmm_vma_get_pfns(vma, AREA + PAGE_SIZE, AREA, pfns), -EINVAL);
	mmap_read_unlock(mm);
	mm_exit(mm);
	free_raw_frames(raw, 1);
}

/* Row: H2. */
static void huge_pages_of_the_pool(void **state)
{
	const unsigned long at = AREA + 4 * LEN;
	struct hmm_mirror mirror;
	struct mm_struct *mm;
	hmm_pfn_t pfns[2];

	(void)state;
	needs_thp();
	mm = world_mm("linux-6.15");
	assert_int_equal(hugetlb_pool_resize(HPAGE_PMD_ORDER, 1), 1);
	assert_int_equal(sys_mmap(mm, at, PMD_SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, 0),
			 (long)at);
	assert_int_equal(do_user_addr_fault(mm, at, FAULT_FLAG_WRITE), 0);
	assert_int_equal(get_pfns(mm, at, 2, pfns), -EINVAL);
	assert_int_equal(pfns[0], HMM_PFN_SPECIAL);
	assert_int_equal(pfns[1], HMM_PFN_SPECIAL);
	assert_int_equal(hmm_mirror_create(&mirror, mm, at, at + PMD_SIZE), 0);
	hmm_mirror_fill(&mirror, at, at + PMD_SIZE);
	assert_int_equal(*hmm_mirror_entry(&mirror, at), 0);
	hmm_mirror_destroy(&mirror);
	device_is_refused(mm, at);
	mm_exit(mm);
	assert_int_equal(hugetlb_pool_resize(HPAGE_PMD_ORDER, 0), 0);
}

/* Does @fn between start and end of a watch on page 0. Returns whether the snapshot is said to be valid. */
static bool watch_while(struct mm_struct *mm, void (*fn)(void *arg, unsigned int index))
{
	struct hmm_range range;

	mmap_read_lock(mm);
	assert_true(hmm_vma_range_monitor_start(&range, vma_lookup(mm, AREA), AREA, AREA + PAGE_SIZE));
	if (fn)
		threads_run(1, fn, mm);
	mmap_read_unlock(mm);
	return hmm_vma_range_monitor_end(&range);
}

static void drop_first(void *mm, unsigned int index)
{
	(void)index;
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
	frame_drain_cpu();
}

static void drop_second(void *mm, unsigned int index)
{
	(void)index;
	BUG_ON(sys_madvise(mm, page_addr(1), PAGE_SIZE, MADV_DONTNEED));
	frame_drain_cpu();
}

/* Row: H3. */
static void a_range_watched(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct hmm_range range;

	(void)state;
	mmap_read_lock(mm);
	assert_false(hmm_vma_range_monitor_start(&range, vma_lookup(mm, AREA), AREA, AREA + PAGE_SIZE));
	assert_int_equal(hmm_vma_range_lock(&range, vma_lookup(mm, AREA), AREA, AREA + PAGE_SIZE), -ENOENT);
	mmap_read_unlock(mm);
	assert_int_equal(mmu_notifier_register(mm), 0);
	assert_int_equal(mmu_notifier_register(mm), 0);
	mmap_read_lock(mm);
	assert_false(hmm_vma_range_monitor_start(&range, vma_lookup(mm, AREA), AREA - PAGE_SIZE, AREA));
	assert_int_equal(hmm_vma_range_lock(&range, vma_lookup(mm, AREA), AREA, AREA), -EINVAL);
	mmap_read_unlock(mm);
	assert_true(watch_while(mm, NULL));
	assert_true(watch_while(mm, drop_second));
	assert_false(watch_while(mm, drop_first));
	assert_true(watch_while(mm, NULL));
	mm_exit(mm);
}

static void make_it(struct page *page, void *arg)
{
	*(uint64_t *)page_payload(page) = *(uint64_t *)arg;
}

/* Row: H4. */
static void a_mirror(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct hmm_mirror mirror;
	uint64_t word = 77;

	(void)state;
	assert_int_equal(hmm_mirror_create(&mirror, mm, AREA, AREA), -EINVAL);
	assert_int_equal(hmm_mirror_create(&mirror, mm, AREA + 1, AREA + LEN), -EINVAL);
	if (FAULTLINE_CHECK) {
		inject_alloc_failure(1);
		assert_int_equal(hmm_mirror_create(&mirror, mm, AREA, AREA + LEN), -ENOMEM);
		inject_alloc_failure(0);
	}
	assert_int_equal(hmm_mirror_create(&mirror, mm, AREA - LEN, AREA + LEN), 0);
	hmm_mirror_fill(&mirror, AREA - LEN, AREA + LEN);
	assert_int_equal(mirrored(&mirror, LEN / PAGE_SIZE), 2);
	assert_int_equal(hmm_mirror_use(&mirror, page_addr(4) + 8, true, make_it, &word), 0);
	assert_int_equal(read_word(mm, 4), 77);
	assert_int_equal(mirrored(&mirror, LEN / PAGE_SIZE), 3);
	assert_int_equal(hmm_mirror_use(&mirror, AREA - PAGE_SIZE, false, make_it, &word), -EFAULT);
	if (FAULTLINE_CHECK) {
		inject_alloc_failure(1);
		assert_int_equal(hmm_mirror_use(&mirror, page_addr(5), true, make_it, &word), -ENOMEM);
		inject_alloc_failure(0);
	}
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_READ), 0);
	assert_int_equal(mirrored(&mirror, LEN / PAGE_SIZE), 0);
	assert_int_equal(hmm_mirror_use(&mirror, AREA, true, make_it, &word), -EFAULT);
	assert_int_equal(mirrored(&mirror, LEN / PAGE_SIZE), 1);
	hmm_mirror_destroy(&mirror);
	mm_exit(mm);
}

/* What a locker and one who would change the range do, and how far they are. */
struct locking {
	struct mm_struct *mm;
	unsigned int step;	/* 1 locked, 2 the other is about to change it, 3 it has */
};

static void drop_when_locked(void *arg, unsigned int index)
{
	struct locking *l = arg;

	(void)index;
	step_await(&l->step, 1);
	step_reach(&l->step, 2);
	drop_first(l->mm, 0);
	step_reach(&l->step, 3);
}

/* Row: H3. */
static void a_range_locked(void **state)
{
	struct locking l = { .mm = mm_with_words("linux-6.15", 1) };
	struct test_threads *other;
	struct hmm_range range;
	hmm_pfn_t pfn;

	(void)state;
	assert_int_equal(mmu_notifier_register(l.mm), 0);
	other = threads_start(1, drop_when_locked, &l);
	mmap_read_lock(l.mm);
	assert_int_equal(hmm_vma_range_lock(&range, vma_lookup(l.mm, AREA), AREA, AREA + PAGE_SIZE), 0);
	step_reach(&l.step, 1);
	step_await(&l.step, 2);
	assert_false(step_within(&l.step, 3, 50));
	assert_int_equal(hmm_vma_get_pfns(vma_lookup(l.mm, AREA), AREA, AREA + PAGE_SIZE, &pfn), 0);
	assert_int_equal(pfn, mapped_as(l.mm, 0, RW));
	hmm_vma_range_unlock(&range);
	mmap_read_unlock(l.mm);
	threads_join(other);
	assert_int_equal(pfn_of_page(l.mm, 0), HMM_PFN_EMPTY);
	mm_exit(l.mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words),
		cmocka_unit_test(kinds_of_entries),
		cmocka_unit_test(an_entry_on_its_way),
		cmocka_unit_test(many_tables),
		cmocka_unit_test(huge_leaves),
		cmocka_unit_test(a_huge_leaf_that_may_not_be_used),
		cmocka_unit_test(memory_that_may_only_be_written),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(huge_pages_of_the_pool),
		cmocka_unit_test(a_range_watched),
		cmocka_unit_test(a_range_locked),
		cmocka_unit_test(a_mirror),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
