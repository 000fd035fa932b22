/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mlock: results, VMAs, what is faulted in, and which folios are counted by which VMAs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/mlock.h"
#include "core/mm/rmap.h"
#include "core/op/folio_referenced.h"
#include "core/op/mincore.h"
#include "core/op/mlock.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/op/reclaim.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define ELSEWHERE	(AREA + 16 * PMD_SIZE)
#define TO(addr)	MREMAP_MAYMOVE | MREMAP_FIXED, (addr)

static int mlock_count(const struct folio *folio)
{
	return load_relaxed(&folio->page.mlock_count);
}

static int count_at(struct mm_struct *mm, unsigned long i)
{
	return mlock_count(folio_at(mm, i));
}

static int lock_pages(struct mm_struct *mm, unsigned long i, unsigned long nr)
{
	return sys_mlock(mm, page_addr(i), nr * PAGE_SIZE);
}

static int unlock_pages(struct mm_struct *mm, unsigned long i, unsigned long nr)
{
	return sys_munlock(mm, page_addr(i), nr * PAGE_SIZE);
}

static unsigned long flags_at(struct mm_struct *mm, unsigned long i)
{
	return vma_tree_find(&mm->tree, page_addr(i))->vm_flags & VM_LOCKED_MASK;
}

static struct vm_area_struct *vma_at(struct mm_struct *mm)
{
	return vma_tree_find(&mm->tree, AREA);
}

static bool there(struct mm_struct *mm, unsigned long i)
{
	unsigned char vec;

	BUG_ON(sys_mincore(mm, page_addr(i), PAGE_SIZE, &vec));
	return vec;
}

/* ---- results ---- */

/* Row: A9. */
static void arguments_are_checked(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	assert_int_equal(sys_mlock2(mm, AREA, PAGE_SIZE, 2), -EINVAL);
	assert_int_equal(sys_mlock(mm, -PAGE_SIZE, PAGE_SIZE), -EINVAL);
	assert_int_equal(sys_munlock(mm, -PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
	assert_int_equal(sys_mlock(mm, 1ul << 60, PAGE_SIZE), -ENOMEM);
	assert_int_equal(sys_munlock(mm, 1ul << 60, PAGE_SIZE), -ENOMEM);
	/* A length that rounds up to 0 is none. */
	assert_int_equal(sys_mlock(mm, AREA, -1ul), 0);
	assert_int_equal(sys_mlock(mm, AREA, 0), 0);
	assert_int_equal(mm->locked_vm, 0);
	/* Any byte of a page stands for all of it, even none. */
	assert_int_equal(sys_mlock(mm, AREA + 1, 0), 0);
	assert_int_equal(sys_mlock(mm, AREA + 2 * PAGE_SIZE - 1, 2), 0);
	assert_int_equal(mm->locked_vm, 3);
	assert_int_equal(sys_munlock(mm, AREA + 1, 3 * PAGE_SIZE - 1), 0);
	assert_int_equal(mm->locked_vm, 0);
	assert_int_equal(mm->map_count, 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. What comes before a hole is locked, and not faulted in; what comes before a fault that fails is. */
static void errors_leave_what_was_locked(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	assert_int_equal(sys_munmap(mm, page_addr(2), PAGE_SIZE), 0);
	assert_int_equal(lock_pages(mm, 0, 4), -ENOMEM);
	assert_true(flags_at(mm, 1) == VM_LOCKED && flags_at(mm, 3) == 0 && !there(mm, 0));
	assert_int_equal(unlock_pages(mm, 0, 4), -ENOMEM);
	assert_int_equal(flags_at(mm, 1), 0);
	assert_int_equal(sys_madvise(mm, page_addr(4), PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(lock_pages(mm, 3, 3), -ENOMEM);
	assert_true(flags_at(mm, 5) == VM_LOCKED && there(mm, 3) && !there(mm, 5));
	assert_int_equal(unlock_pages(mm, 3, 3), 0);
	assert_int_equal(sys_mprotect(mm, page_addr(8), PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(lock_pages(mm, 8, 1), -ENOMEM);
	assert_int_equal(flags_at(mm, 8), VM_LOCKED);
	assert_int_equal(mm->locked_vm, 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. */
static void memory_that_runs_out_leaves_it_locked(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15");

	(void)state;
	world_take_frames(2);
	assert_int_equal(lock_pages(mm, 0, 64), -EAGAIN);
	world_give_frames();
	assert_int_equal(mm->locked_vm, 64);
	assert_int_equal(lock_pages(mm, 0, 64), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. Locked memory ends where a VMA does; VMAs that become alike merge. */
static void vmas_are_split_and_merged(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	assert_int_equal(lock_pages(mm, 4, 2), 0);
	assert_int_equal(mm->map_count, 3);
	assert_int_equal(sys_mlock2(mm, page_addr(5), 2 * PAGE_SIZE, MLOCK_ONFAULT), 0);
	assert_int_equal(mm->map_count, 4);
	assert_int_equal(flags_at(mm, 5), VM_LOCKED_MASK);
	assert_true(there(mm, 4) && there(mm, 5) && !there(mm, 6));
	assert_int_equal(mm->locked_vm, 3);
	assert_int_equal(lock_pages(mm, 4, 3), 0);
	assert_int_equal(mm->map_count, 3);
	assert_true(there(mm, 6));
	assert_int_equal(unlock_pages(mm, 0, 8), 0);
	assert_true(mm->map_count == 1 && mm->locked_vm == 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. Raw frames and hugetlb memory are passed over; a read-only page is read. */
static void what_cannot_be_locked_is_passed_over(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");
	struct page *frames = alloc_raw_frames(0);

	(void)state;
	BUG_ON(sys_mmap_pfn(mm, ELSEWHERE, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, page_to_pfn(frames)) < 0);
	assert_int_equal(sys_mlock(mm, ELSEWHERE, PAGE_SIZE), 0);
	assert_int_equal(mm->locked_vm, 0);
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(lock_pages(mm, 0, 1), 0);
	assert_true(pte_special(pte_at(mm, 0)));	/* the zero page, which no VMA counts */
	assert_at_rest(mm);
	/* Once it may be written to, it is a page of its own. */
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	assert_true(pte_write(pte_at(mm, 0)));
	assert_int_equal(count_at(mm, 0), 1);
	assert_at_rest(mm);
	mm_exit(mm);
	free_raw_frames(frames, 0);
}

/* ---- counts ---- */

/* Row: A9. Before and after, by a fault, a copy, an exit: each VMA counts once. */
static void each_locked_vma_counts_a_folio_once(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 3), *child;

	(void)state;
	assert_int_equal(count_at(mm, 0), 0);
	assert_int_equal(lock_pages(mm, 0, 4), 0);
	assert_int_equal(lock_pages(mm, 0, 4), 0);
	for (unsigned long i = 0; i < 4; i++)
		assert_int_equal(count_at(mm, i), 1);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_true(child->locked_vm == 0 && flags_at(child, 0) == 0);
	assert_int_equal(count_at(child, 1), 1);
	assert_int_equal(lock_pages(child, 1, 2), 0);
	/* Its lock has copied them. */
	assert_true(count_at(child, 1) == 1 && folio_at(child, 1) != folio_at(mm, 1));
	assert_int_equal(sys_mprotect(child, page_addr(3), PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(lock_pages(child, 3, 1), 0);
	assert_int_equal(count_at(mm, 3), 2);
	assert_at_rest(mm, child);
	mm_exit(child);
	assert_int_equal(count_at(mm, 3), 1);
	assert_int_equal(unlock_pages(mm, 3, 1), 0);
	assert_int_equal(count_at(mm, 3), 0);
	write_word(mm, 1, 7);
	assert_int_equal(count_at(mm, 1), 1);
	assert_int_equal(mlock_missed(), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. */
static void moved_pages_stay_locked(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 4);
	struct folio *folio = folio_at(mm, 1);

	(void)state;
	assert_int_equal(lock_pages(mm, 0, 4), 0);
	assert_int_equal(sys_mremap(mm, page_addr(0), 4 * PAGE_SIZE, 6 * PAGE_SIZE, TO(ELSEWHERE)), ELSEWHERE);
	assert_int_equal(mm->locked_vm, 6);
	assert_int_equal(mlock_count(folio), 1);
	assert_int_equal(mlock_count(page_folio(pte_page(tree_pte(mm, ELSEWHERE + 5 * PAGE_SIZE)))), 1);
	/* What stays behind, mapped and empty, is not locked, though only a part of it was moved. */
	assert_int_equal(sys_mremap(mm, ELSEWHERE + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE,
				    MREMAP_DONTUNMAP | TO(ELSEWHERE + 16 * PAGE_SIZE)), ELSEWHERE + 16 * PAGE_SIZE);
	assert_int_equal(mm->locked_vm, 1);
	assert_int_equal(mlock_count(folio), 1);
	assert_int_equal(mlock_count(page_folio(pte_page(tree_pte(mm, ELSEWHERE)))), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9, G2. */
static void advice_on_locked_memory(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);

	(void)state;
	assert_int_equal(lock_pages(mm, 0, 2), 0);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_PAGEOUT), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_INSTALL), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_REMOVE), 0);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED_LOCKED), 0);
	assert_true(!there(mm, 0) && there(mm, 1));
	assert_int_equal(read_word(mm, 0), 0);
	assert_at_rest(mm);
	assert_int_equal(unlock_pages(mm, 0, 2), 0);
	assert_int_equal(sys_madvise(mm, AREA, 2 * PAGE_SIZE, MADV_DONTNEED_LOCKED), 0);
	assert_false(there(mm, 1));
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. Mappings of a file count as anonymous ones do; those beyond its end fail. */
static void pages_of_files_are_counted(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);
	struct folio *folio;

	(void)state;
	assert_int_equal(sys_mlock(mm, SHARED_AT, 2 * PAGE_SIZE), 0);
	assert_int_equal(sys_mlock(mm, PRIVATE_AT, 2 * PAGE_SIZE), 0);
	folio = filemap_get_folio(&file->mapping, 1);
	assert_int_equal(mlock_count(folio), 1);	/* the private mapping has copies */
	folio_put(folio);
	assert_int_equal(sys_mprotect(mm, PRIVATE_AT + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(sys_mlock(mm, PRIVATE_AT + 4 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(sys_mlock(mm, SHARED_AT + 4 * PAGE_SIZE, PAGE_SIZE), 0);
	folio = filemap_get_folio(&file->mapping, 4);
	assert_int_equal(mlock_count(folio), 2);
	folio_put(folio);
	assert_at_rest(mm);
	assert_int_equal(sys_ftruncate(file, 1), 0);
	assert_int_equal(sys_mlock(mm, SHARED_AT, 2 * PAGE_SIZE), -ENOMEM);
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

/* Row: A9. All of it is locked, or it is not counted; unmapping a part takes it off. */
static void a_large_folio_counts_as_a_whole(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", 4);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	assert_int_equal(folio_nr_pages(folio), 4);
	assert_int_equal(lock_pages(mm, 0, 3), 0);
	assert_int_equal(mlock_count(folio), 0);
	assert_int_equal(lock_pages(mm, 3, 1), 0);
	assert_int_equal(mlock_count(folio), 0);
	assert_int_equal(unlock_pages(mm, 0, 4), 0);
	assert_int_equal(lock_pages(mm, 0, 4), 0);
	assert_int_equal(mlock_count(folio), 1);
	assert_at_rest(mm);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED_LOCKED), 0);
	assert_int_equal(mlock_count(folio), 0);
	assert_at_rest(mm);
	/* A new one is counted by the fault that maps it. */
	assert_int_equal(lock_pages(mm, 4, 1), 0);
	assert_int_equal(sys_mlock2(mm, page_addr(8), 4 * PAGE_SIZE, MLOCK_ONFAULT), 0);
	write_word(mm, 9, 1);
	assert_true(folio_nr_pages(folio_at(mm, 8)) == 4 && count_at(mm, 8) == 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- reclaim ---- */

/* Row: A9. A mlocked folio stays in memory, also if other mms map it; an unlocked one is swapped out. */
static void reclaim_keeps_what_is_locked(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2), *child;
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	assert_int_equal(lock_pages(mm, 0, 1), 0);
	assert_int_equal(sys_fork(mm, &child), 0);
	page_out(child, 0);
	assert_true(!swapped(mm, 0) && !swapped(child, 0));
	folio_get(folio);
	assert_int_equal(reclaim_folio(folio), -EBUSY);
	assert_int_equal(unlock_pages(mm, 0, 1), 0);
	page_out(child, 0);
	assert_true(swapped(mm, 0) && swapped(child, 0));
	/* Locking it brings it back; then the other mm's entry keeps its slot. */
	assert_int_equal(lock_pages(mm, 0, 1), 0);
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(count_at(mm, 0), 1);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Row: A9. What was missed, or counts in parts only, is counted again by the walk that finds all of it locked. */
static void walks_count_what_was_missed(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", 8);
	struct folio *folio = folio_at(mm, 0), *apart = folio_at(mm, 4);
	unsigned long flags;

	(void)state;
	assert_int_equal(lock_pages(mm, 0, 5), 0);
	assert_int_equal(mlock_count(folio), 1);
	munlock_folio(folio);
	assert_int_equal(folio_referenced(folio, false, &flags), 0);
	assert_int_equal(flags, VM_LOCKED);
	assert_int_equal(mlock_count(folio), 1);
	/* Of this one only a page is locked. */
	assert_int_equal(folio_referenced(apart, false, &flags), 1);
	assert_int_equal(mlock_count(apart), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. So does reclaim, which then keeps it. */
static void reclaim_counts_what_was_missed(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	assert_int_equal(lock_pages(mm, 0, 1), 0);
	munlock_folio(folio);
	folio_get(folio);
	assert_int_equal(reclaim_folio(folio), -EBUSY);
	assert_true(folio_mapped(folio) && mlock_count(folio) == 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- the oracle ---- */

static bool is_wrong(struct mm_struct *mm, const char *words)
{
	char why[256];

	return !oracle_at_rest(&mm, 1, why, sizeof(why)) && strstr(why, words);
}

/* Row: M4. */
static void wrong_counts_are_reported(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	assert_int_equal(lock_pages(mm, 0, 1), 0);
	mlock_folio(folio);
	assert_true(is_wrong(mm, "mlock_count 2, but 1 locked"));
	munlock_folio(folio);
	munlock_folio(folio);
	assert_true(is_wrong(mm, "mlock_count 0, but 1 locked"));
	mlock_folio(folio);
	mm->locked_vm++;
	assert_true(is_wrong(mm, "locked_vm is 2"));
	mm->locked_vm--;
	vma_at(mm)->vm_flags &= ~VM_LOCKED;
	mm->locked_vm--;
	assert_true(is_wrong(mm, "mlock_count 1, but 0 locked"));
	vma_at(mm)->vm_flags |= VM_LOCKONFAULT;
	assert_true(is_wrong(mm, "locked, and not lockable"));
	vma_at(mm)->vm_flags = (vma_at(mm)->vm_flags & ~VM_LOCKONFAULT) | VM_LOCKED;
	mm->locked_vm++;
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(arguments_are_checked, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(errors_leave_what_was_locked, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(memory_that_runs_out_leaves_it_locked, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(vmas_are_split_and_merged, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_locked_is_passed_over, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(each_locked_vma_counts_a_folio_once, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(moved_pages_stay_locked, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(advice_on_locked_memory, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(pages_of_files_are_counted, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_large_folio_counts_as_a_whole, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(reclaim_keeps_what_is_locked, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(walks_count_what_was_missed, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(reclaim_counts_what_was_missed, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(wrong_counts_are_reported, swap_world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
