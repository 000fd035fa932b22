/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages from the pools of both sizes: flags of mmap(2), and all operations on one that a PUD leaf maps. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/pagewalk.h"
#include "core/mm/rmap.h"
#include "core/op/folio_referenced.h"
#include "core/op/gup.h"
#include "core/op/hugetlb.h"
#include "core/op/mincore.h"
#include "core/op/mremap.h"
#include "core/op/pagemap.h"
#include "core/op/pagemap_scan.h"
#include "core/op/truncate.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define POLICY	"linux-6.15"
#define GIANT	((long)HPAGE_PUD_NR)
#define INSIDE	(5 * PMD_SIZE + 7 * PAGE_SIZE)	/* some page of it */
#define OTHER	(AREA + 4 * PUD_SIZE)

static int up(void **state)
{
	(void)state;
	world_start(GIGANTIC_FRAMES(2), 0);
	return 0;
}

/* An mm with @nr of them reserved at AREA, the first written to. */
static struct mm_struct *gigantic_mm(unsigned long pool, unsigned long nr)
{
	struct mm_struct *mm = world_mm(POLICY);

	gigantic_pool_of(pool);
	BUG_ON(map_gigantic(mm, AREA, nr, MAP_FIXED) != (long)AREA);
	BUG_ON(huge_write(mm, AREA + INSIDE));
	return mm;
}

static long counted(struct mm_struct *mm)
{
	return mm_counter_sum(&mm->pt, MM_HUGETLBPAGES);
}

/* ---- flags, lengths and pools ---- */

/* Row: L7. */
static void flags_choose_the_size(void **state)
{
	static const int unknown[] = { MAP_HUGE_16KB, MAP_HUGE_64KB, MAP_HUGE_16MB, MAP_HUGE_2GB, MAP_HUGE_16GB };
	struct mm_struct *mm = world_mm(POLICY);
	long at;

	if (!THP_POSSIBLE) {
		assert_int_equal(map_gigantic(mm, 0, 1, MAP_NORESERVE), -EOPNOTSUPP);
		assert_null(file_create_hugetlb(HPAGE_PUD_NR, HPAGE_PUD_NR, HPAGE_PUD_ORDER));
		mm_exit(mm);
		return;
	}
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_int_equal(map_huge(mm, AREA, 1, MAP_FIXED | MAP_NORESERVE | unknown[i]), -EINVAL);
	assert_null(file_create_hugetlb(16, 16, 4));
	assert_int_equal(map_gigantic(mm, 0, 1, 0), -ENOMEM);
	assert_int_equal(map_gigantic(mm, AREA + PMD_SIZE, 1, MAP_FIXED | MAP_NORESERVE), -EINVAL);
	at = sys_mmap(mm, AREA + PMD_SIZE, 1, READ_WRITE, ANON | MAP_HUGETLB | MAP_HUGE_1GB | MAP_NORESERVE, 0);
	assert_int_equal(at, AREA + PUD_SIZE);
	assert_int_equal(mm->total_vm, GIANT);
	assert_int_equal(huge_read(mm, (unsigned long)at), VM_FAULT_SIGBUS);
	pool_of(2);
	assert_int_equal(huge_read(mm, (unsigned long)at), VM_FAULT_SIGBUS);	/* that is the other pool */
	assert_int_equal(map_huge(mm, AREA, 2, MAP_FIXED | MAP_HUGE_2MB), AREA);
	assert_true(pool_is(2, 2) && gigantic_pool_is(0, 0));
	end_of(mm);
}

/* Row: L7. */
static void each_size_has_its_pool(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = world_mm(POLICY);
	gigantic_pool_of(2);
	pool_of(1);
	assert_int_equal(map_gigantic(mm, AREA, 2, MAP_FIXED), AREA);
	assert_int_equal(map_gigantic(mm, OTHER, 1, MAP_FIXED), -ENOMEM);
	assert_true(gigantic_pool_is(2, 2) && pool_is(1, 0));
	assert_int_equal(map_huge(mm, OTHER, 1, MAP_FIXED), OTHER);
	assert_int_equal(huge_write(mm, AREA + PUD_SIZE + INSIDE), 0);
	assert_int_equal(huge_write(mm, OTHER), 0);
	assert_true(gigantic_pool_is(1, 1) && pool_is(0, 0));
	assert_int_equal(counted(mm), GIANT + HUGE);
	assert_int_equal(sys_munmap(mm, AREA + PUD_SIZE, PUD_SIZE), 0);
	assert_true(gigantic_pool_is(2, 1));
	assert_int_equal(counted(mm), HUGE);
	end_of(mm);
}

/* ---- one leaf ---- */

/* Rows: A3, L1, L7. */
static void a_leaf_of_a_pud_table_maps_it(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;
	uint64_t spurious;

	(void)state;
	needs_huge_pages();
	mm = gigantic_mm(2, 2);
	assert_true(pmd_trans_huge(gigantic_at(mm, AREA)) && pmd_write(gigantic_at(mm, AREA)));
	folio = gigantic_folio_at(mm, AREA);
	assert_int_equal(folio_order(folio), HPAGE_PUD_ORDER);
	assert_true(folio_mapcount(folio) == 1 && folio_entire_mapcount(folio) == 1 && folio_ref_count(folio) == 1);
	assert_int_equal(counted(mm), GIANT);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_UPPER_TABLES), FAULTLINE_LEVELS - 3);	/* no PMD table */
	spurious = events_total(EV_FAULT_SPURIOUS);
	assert_int_equal(huge_write(mm, AREA + PUD_SIZE - PAGE_SIZE), 0);
	assert_int_equal(events_total(EV_FAULT_SPURIOUS) - spurious, 1);
	assert_true(gigantic_pool_is(1, 1));
	assert_int_equal(huge_read(mm, AREA + PUD_SIZE), 0);
	assert_ptr_not_equal(gigantic_folio_at(mm, AREA + PUD_SIZE), folio);
	end_of(mm);
}

/* Rows: G2, L8. */
static void only_all_of_it_is_unmapped(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = gigantic_mm(2, 2);
	assert_int_equal(huge_write(mm, AREA + PUD_SIZE), 0);
	assert_int_equal(sys_munmap(mm, AREA + PMD_SIZE, PUD_SIZE), -EINVAL);
	assert_int_equal(sys_munmap(mm, AREA, PMD_SIZE), -EINVAL);
	assert_int_equal(sys_mprotect(mm, AREA, PMD_SIZE, PROT_READ), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA + PMD_SIZE, PUD_SIZE, MADV_DONTNEED), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, PUD_SIZE - PMD_SIZE, MADV_DONTNEED), 0);	/* of none as a whole */
	assert_true(gigantic_pool_is(0, 0));
	assert_int_equal(sys_madvise(mm, AREA, PUD_SIZE + PMD_SIZE, MADV_DONTNEED), 0);
	assert_true(gigantic_pool_is(1, 1) && pmd_none(gigantic_at(mm, AREA)));
	assert_int_equal(sys_mprotect(mm, AREA + PUD_SIZE, PUD_SIZE, PROT_READ), 0);
	assert_true(pmd_trans_huge(gigantic_at(mm, AREA + PUD_SIZE)) && !pmd_write(gigantic_at(mm, AREA + PUD_SIZE)));
	assert_int_equal(huge_write(mm, AREA + PUD_SIZE), VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
	assert_int_equal(sys_mprotect(mm, AREA + PUD_SIZE, PUD_SIZE, READ_WRITE), 0);
	assert_int_equal(huge_write(mm, AREA + PUD_SIZE), 0);
	assert_int_equal(huge_write(mm, AREA), 0);
	end_of(mm);
}

/* ---- what finds its pages ---- */

/* Rows: L6, W12, A9. */
static void its_pages_are_found(void **state)
{
	struct vm_area_struct *vma;
	struct page *pages[4];
	struct folio_walk fw;
	struct mm_struct *mm;
	struct folio *folio;
	unsigned long flags;
	uint64_t leaves;

	(void)state;
	needs_huge_pages();
	mm = gigantic_mm(1, 1);
	folio = gigantic_folio_at(mm, AREA);
	leaves = events_total(EV_GUP_LEAF);
	assert_int_equal(pin_user_pages_fast(mm, AREA + INSIDE, 4, FOLL_WRITE, pages), 4);
	assert_ptr_equal(pages[3], folio_page(folio, (INSIDE >> PAGE_SHIFT) + 3));
	assert_int_equal(events_total(EV_GUP_LEAF) - leaves, 1);
	unpin_user_pages(pages, 4);
	assert_int_equal(pin_user_pages_unlocked(mm, AREA + PUD_SIZE - PAGE_SIZE, 1, FOLL_WRITE, pages), 1);
	assert_ptr_equal(pages[0], folio_page(folio, HPAGE_PUD_NR - 1));
	unpin_user_pages(pages, 1);
	mmap_read_lock(mm);
	vma = vma_tree_find(&mm->tree, AREA);
	assert_ptr_equal(folio_walk_start(&fw, vma, AREA + INSIDE, 0), folio);
	assert_true(fw.level == LEVEL_PUD && fw.page == folio_page(folio, INSIDE >> PAGE_SHIFT));
	assert_true(rwsem_is_locked(&vma->vm_resv->lock));
	folio_walk_end(&fw, vma);
	mmap_read_unlock(mm);
	assert_int_equal(folio_referenced(folio, false, &flags), 1);
	assert_int_equal(folio_referenced(folio, false, &flags), 0);
	end_of(mm);
}

/* Row: G2. */
static void tools_report_parts_of_it(void **state)
{
	unsigned long first = AREA + PUD_SIZE - 2 * PAGE_SIZE;
	struct page_region region[2];
	struct pm_scan_arg arg = { .start = first, .end = first + 4 * PAGE_SIZE, .vec = region, .vec_len = 2,
				   .category_mask = PAGE_IS_PRESENT, .return_mask = PAGE_IS_HUGE | PAGE_IS_PRESENT };
	unsigned char vec[4];
	struct mm_struct *mm;
	uint64_t map[4];

	(void)state;
	needs_huge_pages();
	mm = gigantic_mm(2, 2);
	assert_int_equal(sys_mincore(mm, first, 4 * PAGE_SIZE, vec), 0);
	assert_memory_equal(vec, ((unsigned char[]){ 1, 1, 0, 0 }), 4);
	assert_int_equal(sys_pagemap(mm, first, 4, map), 0);
	assert_int_equal(map[1], PM_PRESENT | PM_MMAP_EXCLUSIVE |
				 (folio_pfn(gigantic_folio_at(mm, AREA)) + HPAGE_PUD_NR - 1));
	assert_int_equal(map[2], 0);
	assert_int_equal(sys_pagemap_scan(mm, &arg), 1);
	assert_int_equal(region[0].start, first);
	assert_int_equal(region[0].end, first + 2 * PAGE_SIZE);
	assert_int_equal(region[0].categories, PAGE_IS_HUGE | PAGE_IS_PRESENT);
	end_of(mm);
}

/* ---- walks ---- */

struct seen {
	unsigned long hmask, addr[4], next[4];
	unsigned int nr, leaves, holes, wrong;
};

static int see_entry(pmd_t *entryp, unsigned long hmask, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	seen->wrong += hmask != seen->hmask || seen->nr >= 4;
	seen->wrong += walk->vma->vm_resv && !rwsem_is_locked(&walk->vma->vm_resv->lock);
	seen->leaves += pmd_trans_huge(pmdp_get(entryp));
	if (seen->nr < 4) {
		seen->addr[seen->nr] = addr;
		seen->next[seen->nr++] = next;
	}
	return 0;
}

static int see_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	seen->holes += addr < next;
	seen->wrong += depth != -1;
	return 0;
}

static int see_above(pud_t *pudp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)pudp, (void)addr, (void)next, (void)walk;
	return 1;
}

/* From the middle of the first huge page of @size to the middle of the third; the second one has no leaf. */
static void walk_parts(struct mm_struct *mm, unsigned long size)
{
	static const struct mm_walk_ops ops = { .hugetlb_entry = see_entry, .pte_hole = see_hole,
						.pud_entry = see_above };
	struct seen seen = { .hmask = ~(size - 1) };
	unsigned long start = AREA + size / 2, end = AREA + 2 * size + PAGE_SIZE;

	mmap_read_lock(mm);
	assert_int_equal(walk_page_range(mm, start, end, &ops, &seen), 0);
	mmap_read_unlock(mm);
	assert_true(seen.nr == 3 && seen.leaves == 2 && !seen.holes && !seen.wrong);
	assert_true(seen.addr[0] == start && seen.next[0] == AREA + size);
	assert_true(seen.addr[1] == AREA + size && seen.next[1] == seen.addr[2]);
	assert_true(seen.addr[2] == AREA + 2 * size && seen.next[2] == end);
}

/* Row: W10. */
static void walks_go_by_huge_pages_of_either_size(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = world_mm(POLICY);
	pool_of(3);
	assert_int_equal(map_huge(mm, AREA, 3, MAP_FIXED), AREA);
	BUG_ON(huge_write(mm, AREA) || huge_write(mm, AREA + 2 * PMD_SIZE));
	walk_parts(mm, PMD_SIZE);
	assert_int_equal(sys_munmap(mm, AREA, 3 * PMD_SIZE), 0);
	gigantic_pool_of(2);
	assert_int_equal(map_gigantic(mm, AREA, 3, MAP_FIXED | MAP_NORESERVE), AREA);
	BUG_ON(huge_write(mm, AREA) || huge_write(mm, AREA + 2 * PUD_SIZE));
	walk_parts(mm, PUD_SIZE);
	end_of(mm);
}

/* ---- forks ---- */

/* Rows: A5, L8. */
static void a_child_shares_and_copies_it(void **state)
{
	struct mm_struct *mm, *child;
	struct folio *folio;
	uint64_t copies;

	(void)state;
	needs_huge_pages();
	mm = gigantic_mm(2, 1);
	folio = gigantic_folio_at(mm, AREA);
	child = fork_mm(mm);
	assert_ptr_equal(gigantic_folio_at(child, AREA), folio);
	assert_true(!pmd_write(gigantic_at(mm, AREA)) && !pmd_write(gigantic_at(child, AREA)));
	assert_int_equal(folio_entire_mapcount(folio), 2);
	assert_true(counted(mm) == GIANT && counted(child) == GIANT);
	copies = events_total(EV_COW_COPY);
	assert_int_equal(huge_write(child, AREA + INSIDE), 0);
	assert_int_equal(events_total(EV_COW_COPY) - copies, 1);
	assert_ptr_not_equal(gigantic_folio_at(child, AREA), folio);
	assert_int_equal(huge_write(mm, AREA), 0);	/* reused */
	assert_ptr_equal(gigantic_folio_at(mm, AREA), folio);
	end_of(mm, child);
}

/* Rows: A8, L8. */
static void its_owner_takes_it_back(void **state)
{
	struct mm_struct *mm, *child;
	struct folio *folio;
	uint64_t before;

	(void)state;
	needs_huge_pages();
	mm = gigantic_mm(1, 1);
	folio = gigantic_folio_at(mm, AREA);
	child = fork_mm(mm);
	before = events_total(EV_HUGETLB_TAKE_BACK);
	assert_int_equal(huge_write(child, AREA), VM_FAULT_SIGBUS);
	assert_int_equal(huge_write(mm, AREA), 0);
	assert_int_equal(events_total(EV_HUGETLB_TAKE_BACK) - before, 1);
	assert_ptr_equal(gigantic_folio_at(mm, AREA), folio);
	assert_true(pmd_none(gigantic_at(child, AREA)) && counted(child) == 0);
	assert_int_equal(huge_read(child, AREA), VM_FAULT_SIGBUS);
	end_of(mm, child);
}

/* Rows: A5, L6. */
static void a_pinned_one_is_copied_at_fork(void **state)
{
	struct mm_struct *mm, *child, *other;
	struct page *page;

	(void)state;
	needs_huge_pages();
	mm = gigantic_mm(2, 1);
	assert_int_equal(pin_user_pages_fast(mm, AREA + INSIDE, 1, FOLL_WRITE, &page), 1);
	child = fork_mm(mm);
	assert_ptr_not_equal(gigantic_folio_at(child, AREA), gigantic_folio_at(mm, AREA));
	assert_true(pmd_write(gigantic_at(mm, AREA)) && PageAnonExclusive(&page_folio(page)->page));
	assert_int_equal(sys_fork(mm, &other), -ENOMEM);	/* there is no third one */
	unpin_user_page(page);
	end_of(mm, child);
}

/* ---- files ---- */

static long map_file(struct mm_struct *mm, unsigned long addr, int flags, struct file *file, unsigned long first)
{
	return sys_mmap_file(mm, addr, PUD_SIZE, READ_WRITE, flags | MAP_FIXED, file, first);
}

/* Rows: L7, L8. */
static void a_file_of_them_has_its_size(void **state)
{
	uint64_t shared = events_total(EV_PMD_SHARE);
	struct mm_struct *mm, *other;
	struct folio *folio;
	struct file *file;

	(void)state;
	needs_huge_pages();
	mm = world_mm(POLICY);
	other = world_mm(POLICY);
	gigantic_pool_of(2);
	file = file_create_hugetlb(0, 2 * HPAGE_PUD_NR, HPAGE_PUD_ORDER);
	assert_int_equal(map_file(mm, AREA, MAP_SHARED, file, HPAGE_PMD_NR), -EINVAL);
	assert_int_equal(map_file(mm, AREA, MAP_SHARED | MAP_HUGETLB | MAP_HUGE_2MB, file, 0), AREA);
	assert_int_equal(map_file(other, AREA, MAP_SHARED, file, 0), AREA);
	assert_int_equal(map_file(other, OTHER, MAP_PRIVATE | MAP_NORESERVE, file, 0), OTHER);
	assert_true(gigantic_pool_is(2, 1) && i_size_read(&file->mapping) == HPAGE_PUD_NR);
	assert_int_equal(huge_write(mm, AREA + INSIDE), 0);
	assert_int_equal(huge_write(other, AREA), 0);
	assert_int_equal(huge_read(other, OTHER), 0);
	folio = gigantic_folio_at(mm, AREA);
	assert_ptr_equal(gigantic_folio_at(other, AREA), folio);
	assert_int_equal(events_total(EV_PMD_SHARE), shared);
	assert_true(folio_mapcount(folio) == 3 && folio_ref_count(folio) == 4);
	assert_int_equal(huge_write(other, OTHER), 0);
	assert_ptr_not_equal(gigantic_folio_at(other, OTHER), folio);
	assert_int_equal(sys_ftruncate(file, HPAGE_PMD_NR), -EINVAL);
	assert_int_equal(sys_ftruncate(file, 0), 0);
	assert_true(pmd_none(gigantic_at(mm, AREA)) && pmd_none(gigantic_at(other, AREA)) &&
		    pmd_none(gigantic_at(other, OTHER)));
	assert_true(gigantic_pool_is(2, 0));
	assert_int_equal(huge_read(mm, AREA), VM_FAULT_SIGBUS);
	end_of_file(file, mm, other);
}

/* ---- moves ---- */

/* Row: G2. */
static void it_moves_as_a_whole(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_huge_pages();
	mm = gigantic_mm(2, 2);
	folio = gigantic_folio_at(mm, AREA);
	assert_int_equal(sys_mremap(mm, AREA, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, OTHER + PMD_SIZE),
			 -EINVAL);
	assert_int_equal(sys_mremap(mm, AREA, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, OTHER), OTHER);
	assert_true(gigantic_folio_at(mm, OTHER) == folio && pmd_none(gigantic_at(mm, AREA)));
	assert_true(gigantic_pool_is(1, 1));
	assert_true(counted(mm) == GIANT && !huge_write(mm, AREA + PUD_SIZE));
	assert_true(gigantic_pool_is(0, 0));
	end_of(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_choose_the_size),
		cmocka_unit_test(each_size_has_its_pool),
		cmocka_unit_test(a_leaf_of_a_pud_table_maps_it),
		cmocka_unit_test(only_all_of_it_is_unmapped),
		cmocka_unit_test(its_pages_are_found),
		cmocka_unit_test(tools_report_parts_of_it),
		cmocka_unit_test(walks_go_by_huge_pages_of_either_size),
		cmocka_unit_test(a_child_shares_and_copies_it),
		cmocka_unit_test(its_owner_takes_it_back),
		cmocka_unit_test(a_pinned_one_is_copied_at_fork),
		cmocka_unit_test(a_file_of_them_has_its_size),
		cmocka_unit_test(it_moves_as_a_whole),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
