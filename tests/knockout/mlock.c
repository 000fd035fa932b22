/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mlock.c - locked memory with a knock-out, step by step: counts, or what is in memory, detect it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/mm/mlock.h"
#include "core/op/migrate.h"
#include "core/op/reclaim.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

static bool end(struct mm_struct *mm)
{
	bool good = rests(&mm, 1);

	mm_exit(mm);
	return good;
}

/* ---- mlock() and a migration ---- */

static void migrate_page(void *arg)
{
	struct folio *folio = folio_at(arg, 0);

	folio_get(folio);
	BUG_ON(migrate_folio(folio, !page_to_nid(&folio->page)));
}

static bool a_page_is_moved_before_mlock_counts_it(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	meanwhile("mlock.begun", migrate_page, mm);
	lock_in_memory(mm);
	BUG_ON(meanwhile_ran() != 1 || !mlock_missed());
	return end(mm);
}

/* A page is under migration while munlock() passes its entry, and the migration fails. */
static struct {
	struct folio *folio;		/* (C) */
	unsigned int step;		/* 1: munlock() has begun; 2: the page is gone; 3: all are passed */
} munlock_scene;

static void leave_and_return(void *unused, unsigned int index)
{
	struct folio *folio = munlock_scene.folio;

	(void)unused;
	(void)index;
	step_await(&munlock_scene.step, 1);
	folio_lock(folio);
	try_to_migrate(folio, 0);
	step_reach(&munlock_scene.step, 2);
	step_await(&munlock_scene.step, 3);
	remove_migration_ptes(folio, folio);
	folio_unlock(folio);
	frame_drain_cpu();
}

static void all_passed(void *unused)
{
	(void)unused;
	step_reach(&munlock_scene.step, 3);
}

static void munlock_begun(void *unused)
{
	(void)unused;
	step_reach(&munlock_scene.step, 1);
	step_await(&munlock_scene.step, 2);
	BUG_ON(syncpoint_hook("mlock.counted", all_passed, NULL));
}

static bool a_page_leaves_before_munlock_passes_it(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct folio *folio = folio_at(mm, 0);
	struct test_threads *other;

	lock_in_memory(mm);
	folio_get(folio);
	munlock_scene.folio = folio;
	store_relaxed(&munlock_scene.step, 0u);
	other = threads_start(1, leave_and_return, NULL);
	BUG_ON(syncpoint_hook("mlock.begun", munlock_begun, NULL));
	BUG_ON(sys_munlock(mm, AREA, PAGE_SIZE));
	threads_join(other);
	BUG_ON(syncpoint_hook(NULL, NULL, NULL));
	folio_put(folio);
	return end(mm);
}

/* ---- mlock() and reclaim ---- */

static void lock_it(void *mm)
{
	lock_in_memory(mm);
}

static bool a_page_is_locked_during_swap_out(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct folio *folio = folio_at(mm, 0);
	bool out;

	folio_get(folio);
	meanwhile("reclaim.in_slot", lock_it, mm);
	reclaim_folio(folio);
	BUG_ON(meanwhile_ran() != 1);
	out = swapped(mm, 0);
	if (out)
		fprintf(stderr, "a locked page is in swap");
	return end(mm) && !out;
}

static bool locked_memory_is_unmapped(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	lock_in_memory(mm);
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED_LOCKED));
	return end(mm);
}

static const struct knocked_steps scenes[] = {
	{ { "mlock:vma-io", { "has mlock_count 2, but 1 locked VMAs" } }, a_page_is_moved_before_mlock_counts_it },
	{ { "munlock:vma-io", { "has mlock_count 1, but 0 locked VMAs" } }, a_page_leaves_before_munlock_passes_it },
	{ { "unmap:mlock", { "a locked page is in swap" } }, a_page_is_locked_during_swap_out },
	{ { "rmap:munlock", { "mlock_count" } }, locked_memory_is_unmapped },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), two_nodes_up);
}
