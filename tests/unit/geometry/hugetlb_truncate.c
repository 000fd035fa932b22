/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of huge pages from the pool: truncation, walks, pins, reclaim and migration. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/hugetlb_file.h"
#include "core/mm/i_mmap.h"
#include "core/mm/pagewalk.h"
#include "core/mm/rmap.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/mincore.h"
#include "core/op/mkclean.h"
#include "core/op/pagemap.h"
#include "core/op/reclaim.h"
#include "core/op/truncate.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define POLICY	"linux-6.15"
#define OTHER	(AREA + 16 * PMD_SIZE)

/* ---- truncation ---- */

/* Row: L7. */
static void truncation_takes_all_of_it(void **state)
{
	struct mm_struct *mm, *child;
	struct page *pinned;
	struct file *file;

	(void)state;
	needs_huge_pages();
	pool_of(10);
	file = huge_file(4, 4);
	mm = shared_huge_mm(POLICY, file, 4);
	assert_int_equal(map_huge_file(mm, OTHER, 4, MAP_PRIVATE, file, 0), OTHER);
	for (unsigned long i = 0; i < 3; i++)
		assert_int_equal(huge_write(mm, AREA + i * PMD_SIZE), 0);
	for (unsigned long i = 0; i < 4; i++)
		assert_int_equal(huge_write(mm, OTHER + i * PMD_SIZE), 0);
	child = fork_mm(mm);
	assert_true(pool_is(3, 1));
	assert_int_equal(pin_user_pages_fast(mm, AREA + PMD_SIZE, 1, FOLL_WRITE, &pinned), 1);
	assert_int_equal(sys_ftruncate(file, HUGE + 1), -EINVAL);
	assert_int_equal(sys_ftruncate(file, HUGE), 0);
	for (unsigned long i = 1; i < 4; i++)
		assert_true(pmd_none(huge_at(mm, AREA + i * PMD_SIZE)) && pmd_none(huge_at(mm, OTHER + i * PMD_SIZE)) &&
			    pmd_none(huge_at(child, OTHER + i * PMD_SIZE)));
	assert_true(!pmd_none(huge_at(mm, AREA)) && !pmd_none(huge_at(mm, OTHER)));
	assert_int_equal(file->mapping.nrpages, HUGE);
	assert_true(!folio_mapping(page_folio(pinned)) && folio_ref_count(page_folio(pinned)) == 1);
	assert_int_equal(huge_read(mm, AREA + PMD_SIZE), VM_FAULT_SIGBUS);
	assert_int_equal(huge_read(mm, OTHER + PMD_SIZE), VM_FAULT_SIGBUS);
	assert_int_equal(sys_ftruncate(file, 4 * HUGE), 0);
	unpin_user_page(pinned);
	/* Nothing is reserved again: the child had the private mapping's, too. */
	assert_true(pool_is(8, 0));
	assert_int_equal(huge_read(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(*huge_byte(mm, AREA + PMD_SIZE), 0);
	end_of_file(file, mm, child);
}

static struct mm_struct *stuck;
static unsigned int holds, truncated;	/* steps */
static bool truncated_meanwhile;

static void hold_or_truncate(void *arg, unsigned int index)
{
	struct vm_area_struct *vma;

	if (index == 0) {
		mmap_read_lock(stuck);
		vma = vma_tree_find(&stuck->tree, AREA);
		vma_pgtable_walk_begin(vma);
		step_reach(&holds, 1);
		truncated_meanwhile = step_within(&truncated, 1, 100) || pmd_none(huge_at(stuck, AREA));
		vma_pgtable_walk_end(vma);
		mmap_read_unlock(stuck);
	} else {
		step_await(&holds, 1);
		BUG_ON(sys_ftruncate(arg, 0));
		step_reach(&truncated, 1);
	}
	frame_drain_cpu();
}

/* Though it ranks above i_mmap_rwsem. Rows: L8, W10. */
static void truncation_waits_for_a_descent(void **state)
{
	struct file *file;

	(void)state;
	needs_huge_pages();
	pool_of(1);
	file = huge_file(1, 1);
	stuck = shared_huge_mm(POLICY, file, 1);
	assert_int_equal(huge_write(stuck, AREA), 0);
	holds = truncated = 0;
	threads_run(2, hold_or_truncate, file);
	assert_false(truncated_meanwhile);
	assert_true(pmd_none(huge_at(stuck, AREA)));
	end_of_file(file, stuck);
}

/* ---- others ---- */

static int count_entry(pmd_t *pmdp, unsigned long hmask, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)hmask, (void)addr, (void)next;
	*(unsigned int *)walk->private += pmd_trans_huge(pmdp_get(pmdp));
	return 0;
}

/* Rows: G2, W9, W10, L6. */
static void it_is_seen_and_kept(void **state)
{
	static const struct mm_walk_ops ops = { .hugetlb_entry = count_entry };
	unsigned char vec[2 * HPAGE_PMD_NR];
	struct mm_struct *mm, *other;
	uint64_t map[2];
	unsigned int leaves = 0;
	struct folio *folio;
	struct page *page;
	struct file *file;

	(void)state;
	needs_huge_pages();
	pool_of(2);
	file = huge_file(2, 2);
	mm = shared_huge_mm(POLICY, file, 2);
	other = shared_huge_mm(POLICY, file, 2);
	assert_int_equal(huge_write(other, AREA + PMD_SIZE), 0);
	assert_int_equal(sys_mincore(mm, AREA, sizeof(vec) * PAGE_SIZE, vec), 0);	/* of the page cache */
	for (unsigned long i = 0; i < sizeof(vec); i++)
		assert_int_equal(vec[i], i >= HPAGE_PMD_NR);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(sys_madvise(mm, AREA, 2 * PMD_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(sys_mincore(mm, AREA, sizeof(vec) * PAGE_SIZE, vec), 0);	/* now of the table's entries */
	assert_int_equal(vec[HPAGE_PMD_NR], 0);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(sys_pagemap(mm, AREA + PMD_SIZE, 2, map), 0);
	folio = huge_folio_at(mm, AREA + PMD_SIZE);
	assert_int_equal(map[1], PM_PRESENT | PM_FILE | (folio_pfn(folio) + 1));
	mmap_read_lock(mm);
	assert_int_equal(walk_page_range(mm, AREA, AREA + 2 * PMD_SIZE, &ops, &leaves), 0);
	assert_int_equal(leaves, 1);
	mmap_read_unlock(mm);
	i_mmap_lock_read(&file->mapping);
	assert_int_equal(walk_page_mapping(&file->mapping, 0, HUGE, &ops, &leaves), -EINVAL);
	i_mmap_unlock_read(&file->mapping);
	/* No writeback loses what is written through a pin: it may last. */
	assert_int_equal(pin_user_pages_fast(mm, AREA + PMD_SIZE, 1, FOLL_WRITE | FOLL_LONGTERM, &page), 1);
	unpin_user_page(page);
	assert_int_equal(pin_user_pages_unlocked(mm, AREA, 1, FOLL_WRITE | FOLL_LONGTERM, &page), 1);
	unpin_user_pages_dirty_lock(&page, 1);
	folio_get(folio);
	assert_int_equal(reclaim_folio(folio), -EBUSY);
	assert_int_equal(filemap_writeback(file), 0);
	end_of_file(file, mm, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncation_takes_all_of_it),
		cmocka_unit_test(truncation_waits_for_a_descent),
		cmocka_unit_test(it_is_seen_and_kept),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
