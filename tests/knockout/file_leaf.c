/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_leaf.c - huge pages of files, step by step. A truncation between the clearing of a leaf and the drop of its
 * mapcount waits, and without the wait it removes a folio that is still mapped. A table that goes before a collapse or
 * a move has its lock is not freed or linked again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/huge_memory.h"
#include "core/pgtable/pgalloc.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"

/* Lock key: (C) const while the truncation runs (A) atomic */
static struct {
	struct file *file;			/* (C) */
	const spinlock_t *ptl;			/* (C) of the PMD table */
	const struct cpu *zapper;		/* (C) */
	struct test_threads *truncation;	/* (C) NULL: not begun */
	bool truncated, waited;			/* (A) */
} scene;

static void truncate_all(void *unused, unsigned int index)
{
	(void)unused;
	(void)index;
	BUG_ON(sys_ftruncate(scene.file, 0));
	store_release(&scene.truncated, true);
	frame_drain_cpu();
}

/* The zapper has cleared the entry and holds the PTL: the truncation gets to this point, and waits or ends. */
static void begin_truncation(void *unused)
{
	(void)unused;
	if (this_cpu != scene.zapper || scene.truncation)
		return;
	scene.truncation = threads_start(1, truncate_all, NULL);
	while (!load_acquire(&scene.truncated) && !spin_is_contended(scene.ptl))
		cpu_relax();
	scene.waited = !load_acquire(&scene.truncated);
}

/* @pages of the leaf at SHARED_AT are zapped; at @point its entry is clear, and its folio still counted as mapped. */
static bool truncated_while_zapped(const char *point, unsigned long pages)
{
	unsigned long addr = SHARED_AT;
	struct mm_struct *mm = world_mm("linux-6.15");

	scene.file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, HPAGE_PMD_ORDER, FILE_SEED);
	map_file_at(mm, SHARED_AT, HPAGE_PMD_NR, RW, MAP_SHARED, scene.file, 0);
	store_word(mm, SHARED_AT, 1);
	scene.ptl = pmd_lockptr(&mm->pt, pmd_find_next(&mm->pt, &addr, SHARED_AT + PMD_SIZE));
	scene.zapper = this_cpu;
	scene.truncation = NULL;
	scene.truncated = false;
	BUG_ON(syncpoint_hook(point, begin_truncation, NULL));
	BUG_ON(sys_madvise(mm, SHARED_AT, pages * PAGE_SIZE, MADV_DONTNEED));
	BUG_ON(syncpoint_hook(NULL, NULL, NULL));
	BUG_ON(!scene.truncation);
	threads_join(scene.truncation);
	mm_exit(mm);
	file_put(scene.file);
	return scene.waited;
}

static bool the_whole_leaf(void)
{
	return truncated_while_zapped("thp.zap.cleared", HPAGE_PMD_NR);
}

static bool a_part_of_it(void)
{
	return truncated_while_zapped("thp.split.cleared", 1);
}

static void a_truncation_waits_for_a_leaf_being_cleared(void **state)
{
	static const struct knocked_steps scenes[] = {
		{ { "truncate:sync-leaf", { "!folio_mapped(folio)" } }, the_whole_leaf },
		{ { "truncate:sync-leaf", { "!folio_mapped(folio)" } }, a_part_of_it },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(scenes); i++)
		assert_true(only_knocked_steps_are_seen(&scenes[i], world_up_with_words));
}

/* ---- tables that go ---- */
static struct mm_struct *mms[2];

static void collapse_the_second(void *unused)
{
	(void)unused;
	BUG_ON(sys_madvise(mms[1], SHARED_AT, PMD_SIZE, MADV_COLLAPSE));
	rcu_barrier();
}

static void drop_meanwhile(void *unused)
{
	(void)unused;
	BUG_ON(sys_madvise(mms[0], SHARED_AT, PMD_SIZE, MADV_DONTNEED));
	rcu_barrier();	/* the table is freed */
}

static void map_small(struct mm_struct *mm, int flags)
{
	map_file_at(mm, SHARED_AT, HPAGE_PMD_NR, RW, flags, scene.file, 0);
	BUG_ON(sys_madvise(mm, SHARED_AT, PMD_SIZE, MADV_NOHUGEPAGE));
	BUG_ON(do_user_addr_fault(mm, SHARED_AT, 0));
	BUG_ON(sys_madvise(mm, SHARED_AT, PMD_SIZE, MADV_HUGEPAGE));
}

static void copy_meanwhile(void *unused)
{
	(void)unused;
	BUG_ON(do_user_addr_fault(mms[0], SHARED_AT, FAULT_FLAG_WRITE));
}

static void file_in_two(int flags)
{
	scene.file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, HPAGE_PMD_ORDER, FILE_SEED);
	for (unsigned int i = 0; i < ARRAY_SIZE(mms); i++) {
		mms[i] = world_mm("linux-6.15");
		map_small(mms[i], flags);
	}
}

static bool ends_at_rest(void)
{
	bool good = meanwhile_ran() == 1;

	rcu_barrier();
	good = rests(mms, ARRAY_SIZE(mms)) && good;
	for (unsigned int i = 0; i < ARRAY_SIZE(mms); i++)
		mm_exit(mms[i]);
	file_put(scene.file);
	return good;
}

static bool moved_across_collapse(void)
{
	long to = SHARED_AT + 4 * PMD_SIZE;

	file_in_two(MAP_SHARED);
	meanwhile("mremap.before_rmap_locks", collapse_the_second, NULL);
	BUG_ON(sys_mremap(mms[0], SHARED_AT, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to);
	return ends_at_rest();
}

static bool collapsed_across_drop(void)
{
	file_in_two(MAP_SHARED);
	meanwhile("collapse.before_ptls", drop_meanwhile, NULL);
	BUG_ON(sys_madvise(mms[0], SHARED_AT, PMD_SIZE, MADV_COLLAPSE));
	return ends_at_rest();
}

/* The other mapping is private, and gets its first copy behind the look at its anon_vma. */
static bool collapsed_across_copy(void)
{
	file_in_two(MAP_PRIVATE);
	meanwhile("collapse.retract", copy_meanwhile, NULL);	/* the first mapping is looked at first */
	collapse_the_second(NULL);
	return ends_at_rest();
}

static void a_table_that_goes_is_not_used_again(void **state)
{
	static const struct knocked_steps scenes[] = {
		{ { "mremap:pmd-recheck", { "is no level 4 table", "page_life" } }, moved_across_collapse },
		{ { "collapse:pmd-recheck", { "entry_is_table", "PTE tables linked" } }, collapsed_across_drop },
		{ { "collapse:copies", { "folio_test_dirty(folio)" } }, collapsed_across_copy },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(scenes); i++)
		assert_true(only_knocked_steps_are_seen(&scenes[i], world_up_with_words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_truncation_waits_for_a_leaf_being_cleared),
		cmocka_unit_test(a_table_that_goes_is_not_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
