/* SPDX-License-Identifier: GPL-2.0-or-later */
/* try_to_unmap: each of its flags; what others see of pages that are out, in the swap cache, or hwpoisoned. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/anon_vma.h"
#include "core/op/gup.h"
#include "core/op/memory_failure.h"
#include "core/op/mincore.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/try_to_unmap.h"
#include "core/pgtable/pgalloc.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

#define ELSEWHERE	(AREA + 16 * PMD_SIZE)

/* ---- flags of try_to_unmap() ---- */

/* A thread that holds the PTL with the entry cleared, about to restore it. */
struct holder {
	struct mm_struct *mm;
	unsigned int step;	/* 1: the entry is cleared; 2: to be put back */
	unsigned int flags;
};

static struct holder holder;

static void hold_entry_cleared(void)
{
	unsigned long addr = AREA;
	pmd_t *pmdp = pmd_find_next(&holder.mm->pt, &addr, AREA + PAGE_SIZE);
	spinlock_t *ptl;
	pte_t *ptep, pte;

	mmap_read_lock(holder.mm);
	ptep = pte_offset_map_lock(&holder.mm->pt, pmdp, AREA, &ptl);
	BUG_ON(!ptep);
	pte = ptep_get_and_clear(ptep);
	step_reach(&holder.step, 1);
	step_await(&holder.step, 2);
	set_pte(ptep, pte);
	pte_unmap_unlock(&holder.mm->pt, ptl);
	mmap_read_unlock(holder.mm);
}

static void let_go(void *arg)
{
	(void)arg;
	step_reach(&holder.step, 2);
}

static void hold_or_unmap(void *arg, unsigned int index)
{
	struct folio *folio = arg;

	if (index) {
		hold_entry_cleared();
		return;
	}
	step_await(&holder.step, 1);
	folio_lock(folio);
	try_to_unmap(folio, TTU_HWPOISON | holder.flags);
	folio_unlock(folio);
	step_reach(&holder.step, 2);
}

/*
 * Row: A9. With TTU_SYNC what is about to be mapped is found: a table is locked before it is looked at. Without, it is
 * not met.
 */
static void ttu_sync_waits_for_the_lock(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int sync = 0; sync < 2; sync++) {
		struct mm_struct *mm = mm_with_words("linux-6.15", 1);
		struct folio *folio = folio_at(mm, 0);

		folio_get(folio);
		holder = (struct holder){ .mm = mm, .flags = sync ? TTU_SYNC : 0 };
		assert_int_equal(syncpoint_hook("pvmw.before_ptl", let_go, NULL), 0);
		threads_run(2, hold_or_unmap, folio);
		syncpoint_hook(NULL, NULL, NULL);
		assert_int_equal(folio_mapped(folio), !sync);
		assert_int_equal(do_user_addr_fault(mm, AREA, 0), sync ? VM_FAULT_HWPOISON : 0);
		folio_put(folio);
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

/* Row: A9. Each looks for the lock where its flag says it is. */
static void ttu_rmap_locked_says_who_has_the_lock(void **state)
{
	struct anon_vma *anon_vma;
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_checks();
	mm = mm_with_words("linux-6.15", 1);
	folio = folio_at(mm, 0);
	anon_vma = folio_anon_vma(folio);
	folio_get(folio);
	folio_lock(folio);
	assert_dies("held", try_to_migrate(folio, TTU_RMAP_LOCKED));
	anon_vma_lock_write(anon_vma);
	try_to_unmap(folio, TTU_HWPOISON | TTU_RMAP_LOCKED);
	anon_vma_unlock_write(anon_vma);
	assert_false(folio_mapped(folio));
	folio_unlock(folio);
	folio_put(folio);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. VM_LOCKED keeps its pages from swap, from nothing else. */
static void ttu_ignore_mlock(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct folio *folio = folio_at(mm, 0);
	unsigned long slot;

	(void)state;
	lock_in_memory(mm);
	folio_get(folio);
	folio_lock(folio);
	slot = folio_alloc_swap(folio);
	try_to_unmap(folio, 0);
	assert_true(folio_mapped(folio));
	try_to_unmap(folio, TTU_IGNORE_MLOCK);
	assert_true(!folio_mapped(folio) && swapped(mm, 0));
	swap_free(slot);
	folio_unlock(folio);
	folio_put(folio);
	assert_int_equal(read_word(mm, 0), 100);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- what others see ---- */

/* Row: G2. */
static void mincore_looks_into_the_cache(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 3);
	struct folio *held = folio_at(mm, 1), *lost = folio_at(mm, 2);
	unsigned char vec[4];

	(void)state;
	page_out(mm, 0);
	folio_get(held);
	page_out(mm, 1);
	folio_get(lost);
	assert_int_equal(memory_failure(lost), 0);
	assert_true(swapped(mm, 0) && swapped(mm, 1));
	assert_int_equal(sys_mincore(mm, AREA, 4 * PAGE_SIZE, vec), 0);
	assert_true(vec[0] == 0 && vec[1] == 1 && vec[2] == 1 && vec[3] == 0);
	folio_put(held);
	folio_put(lost);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void gup_brings_back_what_is_out(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2), *child;
	struct page *page;

	(void)state;
	page_out(mm, 0);
	assert_int_equal(get_user_pages_fast(mm, AREA, 1, FOLL_FAST_ONLY, &page), 0);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_true(page == pte_page(pte_at(mm, 0)) && pte_write(pte_at(mm, 0)));
	assert_int_equal(*(uint64_t *)page_payload(page), 100);
	unpin_user_page(page);
	/* Of a slot that two share, a pin gets a page of its own. */
	assert_int_equal(sys_fork(mm, &child), 0);
	page_out(mm, 1);
	assert_int_equal(pin_user_pages_fast(mm, page_addr(1), 1, FOLL_LONGTERM, &page), 1);
	assert_true(PageAnonExclusive(page));
	assert_int_equal(read_word(child, 1), 101);
	assert_ptr_not_equal(folio_at(child, 1), page_folio(page));
	unpin_user_page(page);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Pinned or not; wherever the entry goes it stays poison, until it is unmapped. */
static void poison_stays(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct page *page;

	(void)state;
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(memory_failure(page_folio(page)), -EBUSY);
	unpin_user_page(page);
	assert_int_equal(get_user_pages_fast(mm, AREA, 1, 0, &page), -EFAULT);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_POPULATE_READ), -EHWPOISON);
	page_out(mm, 0);
	assert_int_equal(sys_mremap(mm, AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
			 ELSEWHERE);
	assert_int_equal(do_user_addr_fault(mm, ELSEWHERE, 0), VM_FAULT_HWPOISON);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES) | mm_counter_sum(&mm->pt, MM_SWAPENTS), 0);
	assert_at_rest(mm);
	assert_int_equal(sys_munmap(mm, ELSEWHERE, PAGE_SIZE), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ttu_sync_waits_for_the_lock, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(ttu_rmap_locked_says_who_has_the_lock, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(ttu_ignore_mlock, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(mincore_looks_into_the_cache, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(gup_brings_back_what_is_out, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(poison_stays, swap_world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
