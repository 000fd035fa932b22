/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages mapped by PTEs instead, or moved, protected and unmapped as they are. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/pgtable/mmu_gather.h"
#include "tests/lib/scene/thp_scene.h"

static long anon(const struct scene *s)
{
	return mm_counter_sum(&s->mm->pt, MM_ANONPAGES);
}

static void split(struct mm_struct *mm)
{
	mmap_read_lock(mm);
	split_huge_pmd_address(vma_lookup(mm, AREA), AREA + 9 * PAGE_SIZE);
	mmap_read_unlock(mm);
}

/* ---- splitting ---- */

/* Nothing a program could see changes, and what can be counted is counted by page from then on. */
/* Row: A3. */
static void a_split_changes_nothing(void **state)
{
	uint64_t splits = events_total(EV_THP_SPLIT_PMD);
	struct scene s = thp_scene(THP_POLICY);
	struct folio *folio = huge_folio(s.mm, AREA);

	(void)state;
	split(s.mm);
	split(s.mm);	/* there is none any more */
	assert_int_equal(events_total(EV_THP_SPLIT_PMD) - splits, 1);
	assert_false(is_huge(s.mm, AREA));
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++) {
		pte_t pte = tree_pte(s.mm, AREA + i * PAGE_SIZE);

		assert_ptr_equal(pte_page(pte), folio_page(folio, i));
		assert_true(pte_write(pte) && pte_dirty(pte) && pte_young(pte));
		assert_true(PageAnonExclusive(pte_page(pte)));
		assert_int_equal(page_mapcount(pte_page(pte)), 1);
	}
	assert_int_equal(folio_ref_count(folio), HUGE);
	assert_int_equal(folio_mapcount(folio), HUGE);
	assert_int_equal(folio_entire_mapcount(folio), 0);
	assert_false(folio_maybe_mapped_shared(folio));
	assert_int_equal(anon(&s), HUGE);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_PTE_TABLES), 1);
	end(&s);
}

static void the_bits_of_a_leaf_go_to_each_pte(void **state)
{
	struct scene s = thp_scene(THP_POLICY);
	uint64_t *leaf;
	pte_t pte;

	(void)state;
	leaf = tree_entry(s.mm->pt.pgd, LEVEL_PMD, AREA);
	*leaf &= ~(ENTRY_WRITE | ENTRY_DIRTY | ENTRY_ACCESSED);
	ClearPageAnonExclusive(pmd_page(leaf_at(s.mm, AREA)));
	split(s.mm);
	pte = tree_pte(s.mm, AREA + 511 * PAGE_SIZE);
	assert_false(pte_write(pte) || pte_dirty(pte) || pte_young(pte) || PageAnonExclusive(pte_page(pte)));
	end(&s);
}

static void zeroes_split_into_zeroes(void **state)
{
	struct scene s = scene_of(THP_POLICY, PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(do_read(&s, AREA), 0);
	split(s.mm);
	assert_false(is_huge(s.mm, AREA));
	for (unsigned long i = 0; THP_POSSIBLE && i < HPAGE_PMD_NR; i++)
		assert_true(is_zero_pfn(pte_pfn(tree_pte(s.mm, AREA + i * PAGE_SIZE))));
	assert_int_equal(anon(&s), 0);
	end(&s);
}

/* Of two mms one splits: the folio is shared by a leaf and 512 PTEs, until one of them goes. */
/* Row: A3. */
static void one_of_two_splits(void **state)
{
	struct scene s = thp_scene(THP_POLICY);
	struct folio *folio = huge_folio(s.mm, AREA);
	struct mm_struct *child;

	(void)state;
	assert_int_equal(sys_fork(s.mm, &child), 0);
	split(child);
	assert_true(is_huge(s.mm, AREA) && !is_huge(child, AREA));
	assert_int_equal(folio_mapcount(folio), HUGE + 1);
	assert_int_equal(folio_ref_count(folio), HUGE + 1);
	assert_true(folio_maybe_mapped_shared(folio));
	assert_at_rest(s.mm, child);
	assert_int_equal(sys_munmap(s.mm, AREA, PMD_SIZE), 0);
	assert_false(folio_maybe_mapped_shared(folio));
	assert_int_equal(do_user_addr_fault(child, AREA, FAULT_FLAG_WRITE), 0);
	assert_ptr_equal(pte_page(tree_pte(child, AREA)), &folio->page);
	assert_at_rest(s.mm, child);
	mm_exit(child);
	end(&s);
}

/* ---- parts of a huge page ---- */

static int unmap_part(struct mm_struct *mm)
{
	return sys_munmap(mm, AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE);
}

static int drop_part(struct mm_struct *mm)
{
	return sys_madvise(mm, AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTNEED);
}

static int drop_end(struct mm_struct *mm)
{
	return sys_madvise(mm, AREA + PMD_SIZE - 2 * PAGE_SIZE, PMD_SIZE, MADV_DONTNEED);
}

static int guard_part(struct mm_struct *mm)
{
	return sys_madvise(mm, AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_GUARD_INSTALL);
}

static int protect_part(struct mm_struct *mm)
{
	return sys_mprotect(mm, AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ);
}

static int advise_part(struct mm_struct *mm)
{
	return sys_madvise(mm, AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_NOHUGEPAGE);
}

static int move_part(struct mm_struct *mm)
{
	return sys_mremap(mm, AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			  AREA + 4 * PMD_SIZE) < 0;
}

static int shrink(struct mm_struct *mm)
{
	return sys_mremap(mm, AREA, LEN, PMD_SIZE - 2 * PAGE_SIZE, 0, 0) < 0;
}

/* What is done to a part of it is done to those pages; the rest is as it was. */
static void parts_are_split_off(void **state)
{
	static const struct {
		int (*fn)(struct mm_struct *mm);
		long left;
	} parts[] = {
		{ unmap_part, -2 }, { drop_part, -2 }, { drop_end, -2 }, { guard_part, -2 }, { protect_part, 0 },
		  { advise_part, 0 },
		{ move_part, 0 }, { shrink, -2 },
	};

	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++)
		for (unsigned int shared = 0; shared < 2; shared++) {
			struct scene s = thp_scene(THP_POLICY);
			struct folio *folio = huge_folio(s.mm, AREA);
			struct mm_struct *child;

			if (shared)
				assert_int_equal(sys_fork(s.mm, &child), 0);
			assert_int_equal(parts[i].fn(s.mm), 0);
			assert_false(is_huge(s.mm, AREA));
			assert_int_equal(anon(&s), HUGE + parts[i].left);
			assert_int_equal(folio_mapcount(folio), HUGE + parts[i].left + shared);
			assert_ptr_equal(page_at(&s, AREA + 9 * PAGE_SIZE), folio_page(folio, 9));
			if (shared) {
				assert_true(is_huge(child, AREA));
				assert_at_rest(s.mm, child);
				mm_exit(child);
			}
			end(&s);
		}
}

/* ---- the whole of it ---- */

static void the_whole_goes_as_a_whole(void **state)
{
	uint64_t splits = events_total(EV_THP_SPLIT_PMD), freed;

	(void)state;
	needs_thp();
	for (unsigned int unmap = 0; unmap < 2; unmap++) {
		struct scene s = thp_scene(THP_POLICY);

		assert_int_equal(do_read(&s, AREA + PMD_SIZE), 0);
		freed = events_total(EV_PAGE_FREE);
		assert_int_equal(unmap ? sys_munmap(s.mm, AREA, LEN) : sys_madvise(s.mm, AREA, LEN, MADV_DONTNEED), 0);
		assert_int_equal(anon(&s), 0);
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_PTE_TABLES), 0);
		assert_int_equal(events_total(EV_PAGE_FREE) - freed, HUGE);
		end(&s);
	}
	assert_int_equal(events_total(EV_THP_SPLIT_PMD) - splits, 0);
}

/* Write permission comes back at once where the huge page is this mm's alone. */
static void protection_of_the_whole(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int shared = 0; shared < 2; shared++) {
		struct scene s = thp_scene(THP_POLICY);
		struct mm_struct *child = NULL;

		if (shared)
			assert_int_equal(sys_fork(s.mm, &child), 0);
		assert_int_equal(do_read(&s, AREA + PMD_SIZE), 0);
		assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ), 0);
		assert_true(is_huge(s.mm, AREA) && !pmd_write(leaf_at(s.mm, AREA)));
		assert_int_equal(do_write(&s, AREA), VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
		assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_NONE), 0);
		assert_true(pmd_protnone(leaf_at(s.mm, AREA)) && !pmd_accessible(leaf_at(s.mm, AREA)));
		assert_int_equal(do_read(&s, AREA), VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
		if (!shared)
			assert_at_rest(s.mm);
		assert_int_equal(sys_mprotect(s.mm, AREA, LEN, PROT_READ | PROT_WRITE), 0);
		assert_int_equal(pmd_write(leaf_at(s.mm, AREA)), !shared);
		assert_true(is_huge_zero_pmd(leaf_at(s.mm, AREA + PMD_SIZE)) &&
			    !pmd_write(leaf_at(s.mm, AREA + PMD_SIZE)));
		if (child)
			mm_exit(child);
		end(&s);
	}
}

/* Where both places are those of huge pages the leaf moves, its table along with it; else its pages do. */
static void moves(void **state)
{
	static const unsigned long offset[] = { 8 * PMD_SIZE, PGDIR_SIZE, 8 * PMD_SIZE + PAGE_SIZE };

	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(offset); i++) {
		struct scene s = thp_scene(THP_POLICY);
		unsigned long to = AREA + offset[i];
		struct folio *folio = huge_folio(s.mm, AREA);

		assert_int_equal(sys_mremap(s.mm, AREA, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
		assert_int_equal(is_huge(s.mm, to), i < 2);
		if (i < 2)
			assert_ptr_equal(huge_folio(s.mm, to), folio);
		else
			assert_ptr_equal(page_at(&s, to + 5 * PAGE_SIZE), folio_page(folio, 5));
		assert_int_equal(anon(&s), HUGE);
		assert_at_rest(s.mm);
		assert_int_equal(do_write(&s, to + 7 * PAGE_SIZE), 0);
		assert_int_equal(anon(&s), HUGE);
		end(&s);
	}
}

#if FAULTLINE_CHECK
/* Each allocation of a move fails once: the huge page is in its new place, or in its old one. */
static void moves_that_fail(void **state)
{
	const unsigned long to = AREA + PGDIR_SIZE;

	(void)state;
	needs_thp();
	for (unsigned int nth = 1; nth < 10; nth++) {
		struct scene s = thp_scene(THP_POLICY);
		long ret;

		assert_int_equal(do_write(&s, AREA + PMD_SIZE), 0);
		split(s.mm);
		inject_alloc_failure(nth);
		ret = sys_mremap(s.mm, AREA + PAGE_SIZE, LEN - PAGE_SIZE, LEN - PAGE_SIZE,
				 MREMAP_MAYMOVE | MREMAP_FIXED, to + PAGE_SIZE);
		inject_alloc_failure(0);
		assert_true(ret == -ENOMEM || ret == (long)(to + PAGE_SIZE));
		assert_true(is_huge(s.mm, (ret < 0 ? AREA : to) + PMD_SIZE));
		assert_int_equal(anon(&s), 2 * HUGE);
		end(&s);
	}
}
#endif

/* ---- fork ---- */

/* The pinned one stays the parent's alone, and is copied page by page. */
/* Row: A5. */
static void a_pinned_one_is_copied(void **state)
{
	struct scene s = thp_scene(THP_POLICY);
	struct folio *folio = huge_folio(s.mm, AREA);
	struct mm_struct *child;
	struct page *pinned;

	(void)state;
	assert_int_equal(pin_user_pages_fast(s.mm, AREA + 3 * PAGE_SIZE, 1, FOLL_WRITE, &pinned), 1);
	assert_ptr_equal(pinned, folio_page(folio, 3));
	assert_int_equal(sys_fork(s.mm, &child), 0);
	assert_false(is_huge(s.mm, AREA) || is_huge(child, AREA));
	assert_ptr_equal(page_at(&s, AREA + 3 * PAGE_SIZE), pinned);
	assert_true(pte_write(tree_pte(s.mm, AREA + 3 * PAGE_SIZE)) && PageAnonExclusive(pinned));
	assert_ptr_not_equal(pte_page(tree_pte(child, AREA + 3 * PAGE_SIZE)), pinned);
	assert_int_equal(mm_counter_sum(&child->pt, MM_ANONPAGES), HUGE);
	unpin_user_page(pinned);
	assert_at_rest(s.mm, child);
	mm_exit(child);
	end(&s);
}

#if FAULTLINE_CHECK
/* Each allocation of a fork fails once: then there is no child, and the parent is as it was. */
static void forks_that_fail(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int nth = 1; nth < 14; nth++) {
		struct scene s = thp_scene(THP_POLICY);
		struct mm_struct *child = NULL;
		int err;

		inject_alloc_failure(nth);
		err = sys_fork(s.mm, &child);
		inject_alloc_failure(0);
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(is_huge(s.mm, AREA));
		if (!err)
			mm_exit(child);
		end(&s);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_split_changes_nothing),
		cmocka_unit_test(the_bits_of_a_leaf_go_to_each_pte),
		cmocka_unit_test(zeroes_split_into_zeroes),
		cmocka_unit_test(one_of_two_splits),
		cmocka_unit_test(parts_are_split_off),
		cmocka_unit_test(the_whole_goes_as_a_whole),
		cmocka_unit_test(protection_of_the_whole),
		cmocka_unit_test(moves),
		cmocka_unit_test(a_pinned_one_is_copied),
#if FAULTLINE_CHECK
		cmocka_unit_test(forks_that_fail),
		cmocka_unit_test(moves_that_fail),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
