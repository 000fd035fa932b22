/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of huge pages from the pool as forks share it, pins keep it, and walks see it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/mm/pagewalk.h"
#include "core/mm/rmap.h"
#include "core/op/folio_referenced.h"
#include "core/op/gup.h"
#include "core/op/hmm.h"
#include "core/op/madvise.h"
#include "core/op/mincore.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define POLICY	"linux-6.15"

/* ---- fork ---- */

static void a_fork_shares_until_one_writes(void **state)
{
	struct mm_struct *mm, *child;
	struct folio *folio;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 3, 2);
	assert_int_equal(huge_write(mm, AREA), 0);
	*huge_byte(mm, AREA + 3 * PAGE_SIZE) = 1;
	folio = huge_folio_at(mm, AREA);
	child = fork_mm(mm);
	assert_ptr_equal(huge_folio_at(child, AREA), folio);
	assert_int_equal(folio_entire_mapcount(folio), 2);
	assert_true(!pmd_write(huge_at(mm, AREA)) && !pmd_write(huge_at(child, AREA)) &&
		    !PageAnonExclusive(&folio->page));
	/* The child takes unreserved huge pages, and fails when none is left. */
	assert_int_equal(huge_write(child, AREA + 3 * PAGE_SIZE), 0);
	assert_ptr_not_equal(huge_folio_at(child, AREA), folio);
	assert_int_equal(*huge_byte(child, AREA + 3 * PAGE_SIZE), 1);
	*huge_byte(child, AREA + 3 * PAGE_SIZE) = 2;
	assert_true(pool_is(1, 1));
	assert_int_equal(huge_write(child, AREA + PMD_SIZE), VM_FAULT_SIGBUS);
	/* The parent's is its own again. */
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_ptr_equal(huge_folio_at(mm, AREA), folio);
	assert_true(PageAnonExclusive(&folio->page));
	assert_int_equal(*huge_byte(mm, AREA + 3 * PAGE_SIZE), 1);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	assert_true(pool_is(0, 0));
	end_of(mm, child);
}

/* Without a huge page to copy to, the owner of the reservation keeps it, and the others fault for good. */
static void the_owner_of_the_reservation_takes_it_back(void **state)
{
	struct mm_struct *mm, *child, *grandchild;
	struct folio *folio;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 2);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	folio = huge_folio_at(mm, AREA);
	child = fork_mm(mm);
	grandchild = fork_mm(child);
	assert_int_equal(huge_write(child, AREA), VM_FAULT_SIGBUS);
	assert_int_equal(huge_read(child, AREA), 0);	/* it may go on reading */
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_ptr_equal(huge_folio_at(mm, AREA), folio);
	assert_int_equal(folio_entire_mapcount(folio), 1);
	assert_true(pmd_none(huge_at(child, AREA)) && pmd_none(huge_at(grandchild, AREA)));
	assert_false(pmd_none(huge_at(child, AREA + PMD_SIZE)));
	pool_of(3);
	assert_int_equal(huge_read(child, AREA), VM_FAULT_SIGBUS);
	mm_exit(grandchild);
	grandchild = fork_mm(child);
	assert_int_equal(huge_read(grandchild, AREA), VM_FAULT_SIGBUS);
	assert_int_equal(huge_read(grandchild, AREA + PMD_SIZE), 0);
	end_of(mm, child, grandchild);
}

/* The leaves become old, and the child's goes. */
static void age_and_leave(void *child)
{
	struct folio *folio = huge_folio_at(child, AREA);
	unsigned long flags;

	folio_get(folio);
	BUG_ON(folio_referenced(folio, false, &flags) != 2);
	mm_exit(child);
	folio_put(folio);
}

/* The leaf changes just before it is replaced, and is then reused: the late copy uses no reservation. */
static void a_copy_too_late_changes_no_promise(void **state)
{
	struct mm_struct *mm, *child;

	(void)state;
	needs_huge_pages();
	if (!FAULTLINE_CHECK)
		skip();
	mm = hugetlb_mm(POLICY, 2, 1);
	assert_int_equal(huge_write(mm, AREA), 0);
	child = fork_mm(mm);
	assert_int_equal(huge_read(child, AREA), 0);
	meanwhile_at("fault.before_pmd_lock", 2, age_and_leave, child);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(pool_is(1, 0));
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED), 0);
	assert_true(pool_is(2, 1));
	end_of(mm);
}

static void an_unsharing_fault_copies_and_allows_no_write(void **state)
{
	struct mm_struct *mm, *child;
	struct page *page;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 1);
	assert_int_equal(huge_write(mm, AREA), 0);
	child = fork_mm(mm);
	assert_int_equal(pin_user_pages_fast(child, AREA, 1, FOLL_LONGTERM, &page), 1);
	assert_ptr_equal(page, &huge_folio_at(child, AREA)->page);
	assert_ptr_not_equal(page, &huge_folio_at(mm, AREA)->page);
	assert_true(PageAnonExclusive(page) && !pmd_write(huge_at(child, AREA)));
	unpin_user_page(page);
	end_of(mm, child);
}

/* Rows: A5, L6. */
static void what_is_pinned_is_copied_at_once(void **state)
{
	struct mm_struct *mm, *child;
	struct page *pages[3];

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 2);
	assert_int_equal(pin_user_pages_fast(mm, AREA + PMD_SIZE - 3 * PAGE_SIZE, 3, FOLL_WRITE, pages), 3);
	assert_int_equal(folio_ref_count(huge_folio_at(mm, AREA)), 4);
	*huge_byte(mm, AREA) = 9;
	assert_int_equal(sys_fork(mm, &child), -ENOMEM);	/* the other one is reserved for the parent */
	assert_int_equal(sys_madvise(mm, AREA + PMD_SIZE, PMD_SIZE, MADV_DONTNEED), 0);
	pool_of(3);
	child = fork_mm(mm);
	assert_ptr_not_equal(huge_folio_at(child, AREA), huge_folio_at(mm, AREA));
	assert_true(pmd_write(huge_at(mm, AREA)) && pmd_write(huge_at(child, AREA)));
	assert_int_equal(*huge_byte(child, AREA), 9);
	unpin_user_pages(pages, 3);
	end_of(mm, child);
}

/* Under mmap_lock a missing one is faulted in; each page of one counts for itself. Row: L6. */
static void its_pages_are_got_one_by_one(void **state)
{
	struct page *pages[2];
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 2);
	assert_int_equal(get_user_pages_unlocked(mm, AREA + PMD_SIZE - PAGE_SIZE, 2, FOLL_WRITE, pages), 2);
	assert_ptr_equal(pages[0], &huge_folio_at(mm, AREA)->page + HPAGE_PMD_NR - 1);
	assert_ptr_equal(pages[1], &huge_folio_at(mm, AREA + PMD_SIZE)->page);
	put_page(pages[0]);
	put_page(pages[1]);
	assert_int_equal(pin_user_pages_unlocked(mm, AREA + 8 * PAGE_SIZE, 2, FOLL_WRITE, pages), 2);
	assert_true(folio_maybe_dma_pinned(huge_folio_at(mm, AREA)) &&
		    !folio_maybe_dma_pinned(huge_folio_at(mm, AREA + PMD_SIZE)));
	assert_int_equal(folio_ref_count(huge_folio_at(mm, AREA)), 3);
	unpin_user_pages(pages, 2);
	assert_int_equal(sys_madvise(mm, AREA, 2 * PMD_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(hugetlb_pool_resize(HPAGE_PMD_ORDER, 2), 2);
	assert_int_equal(map_huge(mm, AREA + 4 * PMD_SIZE, 1, MAP_FIXED | MAP_NORESERVE), AREA + 4 * PMD_SIZE);
	/* none is left for it */
	assert_int_equal(get_user_pages_unlocked(mm, AREA + 4 * PMD_SIZE, 1, 0, pages), -EFAULT);
	end_of(mm);
}

/* ---- walks ---- */

struct seen {
	unsigned int leaves, nones, holes, depth_wrong, unlocked;
	unsigned long next;
};

static int see_entry(pmd_t *pmdp, unsigned long hmask, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	seen->leaves += pmd_trans_huge(pmdp_get(pmdp));
	seen->nones += pmd_none(pmdp_get(pmdp));
	seen->unlocked += !rwsem_is_locked(&walk->vma->vm_resv->lock);
	seen->depth_wrong += addr != seen->next || next > (addr & hmask) + PMD_SIZE;
	seen->next = next;
	return 0;
}

static int see_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	seen->holes++;
	seen->depth_wrong += depth != -1 || addr != seen->next;
	seen->next = next;
	return 0;
}

static int not_called(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)ptep, (void)addr, (void)next, (void)walk;
	return 1;
}

static int install_nothing(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)ptep, (void)walk;
	return 1;
}

/* Row: W10. */
static void a_walk_goes_by_huge_pages(void **state)
{
	static const struct mm_walk_ops ops = { .hugetlb_entry = see_entry,
						.pte_entry = not_called,
						.pte_hole = see_hole };
	static const struct mm_walk_ops others = { .pte_entry = not_called, .pte_hole = see_hole };
	static const struct mm_walk_ops install = { .install_pte = install_nothing };
	struct seen seen = { .next = AREA + PAGE_SIZE };
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 4, 4);
	mmap_read_lock(mm);
	assert_int_equal(walk_page_range(mm, AREA + PAGE_SIZE, AREA + 3 * PMD_SIZE, &ops, &seen), 0);
	assert_int_equal(seen.holes, 3);	/* there is no PMD table yet */
	mmap_read_unlock(mm);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(huge_write(mm, AREA + 2 * PMD_SIZE), 0);
	seen = (struct seen){ .next = AREA + PAGE_SIZE };
	mmap_read_lock(mm);
	assert_int_equal(walk_page_range(mm, AREA + PAGE_SIZE, AREA + 4 * PMD_SIZE - PAGE_SIZE, &ops, &seen), 0);
	assert_int_equal(seen.leaves, 2);
	assert_int_equal(seen.nones, 2);
	assert_int_equal(seen.holes + seen.depth_wrong + seen.unlocked, 0);
	assert_int_equal(seen.next, AREA + 4 * PMD_SIZE - PAGE_SIZE);
	assert_false(rwsem_is_locked(&vma_tree_find(&mm->tree, AREA)->vm_resv->lock));
	assert_int_equal(walk_page_range(mm, AREA, AREA + PMD_SIZE, &others, &seen), 0);
	assert_int_equal(seen.holes, 0);
	assert_int_equal(walk_page_range_mm(mm, AREA, AREA + PMD_SIZE, &install, NULL), -EINVAL);
	mmap_read_unlock(mm);
	end_of(mm);
}

/* Row: W12. */
static void a_huge_folio_is_found_under_the_vma_lock(void **state)
{
	struct vm_area_struct *vma;
	struct folio_walk fw;
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 2);
	assert_int_equal(huge_write(mm, AREA), 0);
	mmap_read_lock(mm);
	vma = vma_tree_find(&mm->tree, AREA);
	folio = folio_walk_start(&fw, vma, AREA + 3 * PAGE_SIZE, 0);
	assert_ptr_equal(folio, huge_folio_at(mm, AREA));
	assert_ptr_equal(fw.page, folio_page(folio, 3));
	assert_int_equal(fw.level, LEVEL_PMD);
	assert_true(rwsem_is_locked(&vma->vm_resv->lock));
	folio_walk_end(&fw, vma);
	assert_false(rwsem_is_locked(&vma->vm_resv->lock));
	assert_null(folio_walk_start(&fw, vma, AREA + PMD_SIZE, 0));
	assert_false(rwsem_is_locked(&vma->vm_resv->lock));
	mmap_read_unlock(mm);
	end_of(mm);
}

/* ---- a zap waits for a descent ---- */

static struct mm_struct *zapped;
static unsigned int descends, zap_done;	/* steps */
static bool zapped_meanwhile;

static void descend_or_zap(void *arg, unsigned int index)
{
	struct vm_area_struct *vma;

	(void)arg;
	if (index == 0) {
		mmap_read_lock(zapped);
		vma = vma_tree_find(&zapped->tree, AREA);
		vma_pgtable_walk_begin(vma);
		step_reach(&descends, 1);
		zapped_meanwhile = step_within(&zap_done, 1, 100) || pmd_none(huge_at(zapped, AREA));
		vma_pgtable_walk_end(vma);
		mmap_read_unlock(zapped);
	} else {
		step_await(&descends, 1);
		BUG_ON(sys_madvise(zapped, AREA, PMD_SIZE, MADV_DONTNEED));
		step_reach(&zap_done, 1);
	}
	frame_drain_cpu();
}

/* Row: W10. */
static void a_zap_waits_for_a_descent(void **state)
{
	(void)state;
	needs_huge_pages();
	zapped = hugetlb_mm(POLICY, 2, 2);
	assert_int_equal(huge_write(zapped, AREA), 0);
	threads_run(2, descend_or_zap, NULL);
	assert_false(zapped_meanwhile);
	assert_true(pmd_none(huge_at(zapped, AREA)));
	end_of(zapped);
}

/* Rows: G2, H2. */
static void others_see_what_is_mapped(void **state)
{
	unsigned char vec[2 * HPAGE_PMD_NR];
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	hmm_pfn_t pfns[2];

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 2);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	memset(vec, 9, sizeof(vec));
	assert_int_equal(sys_mincore(mm, AREA, sizeof(vec) * PAGE_SIZE, vec), 0);
	for (unsigned long i = 0; i < sizeof(vec); i++)
		assert_int_equal(vec[i], i >= HPAGE_PMD_NR);
	mmap_read_lock(mm);
	vma = find_vma(mm, AREA);
	assert_int_equal(hmm_vma_get_pfns(vma, AREA, AREA + 2 * PAGE_SIZE, pfns), -EINVAL);
	assert_true(pfns[0] == HMM_PFN_SPECIAL && pfns[1] == HMM_PFN_SPECIAL);
	mmap_read_unlock(mm);
	end_of(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fork_shares_until_one_writes),
		cmocka_unit_test(the_owner_of_the_reservation_takes_it_back),
		cmocka_unit_test(a_copy_too_late_changes_no_promise),
		cmocka_unit_test(an_unsharing_fault_copies_and_allows_no_write),
		cmocka_unit_test(what_is_pinned_is_copied_at_once),
		cmocka_unit_test(its_pages_are_got_one_by_one),
		cmocka_unit_test(a_walk_goes_by_huge_pages),
		cmocka_unit_test(a_huge_folio_is_found_under_the_vma_lock),
		cmocka_unit_test(a_zap_waits_for_a_descent),
		cmocka_unit_test(others_see_what_is_mapped),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
