/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_leaf.c - a truncation between the clearing of a huge page's entry and the drop of its mapcount, step by step: it
 * waits, and without the wait it removes a folio that is still mapped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/huge_memory.h"
#include "core/pgtable/pgalloc.h"
#include "tests/lib/harness/knocked.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_truncation_waits_for_a_leaf_being_cleared) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
