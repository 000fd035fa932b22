/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_share.c - PMD tables unshared with a knock-out: GUP-fast gets a page of another mm, a walk is in a freed
 * table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/mm/hugetlb_file.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/pagewalk.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/truncate.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define FLAGS	(MAP_SHARED | MAP_NORESERVE)

/* Lock key: (C) const while threads run (A) atomic, or the first thread's alone */
static struct {
	struct file *file;		/* (C) */
	struct mm_struct *mm, *other;	/* (C) they share a table */
	unsigned int inside, changed;	/* (A) steps */
	bool wrong;			/* (A) */
} scene;

static struct mm_struct *map_file(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	BUG_ON(map_huge_file(mm, AREA, PTRS_PER_PMD, FLAGS, scene.file, 0) != (long)AREA);
	return mm;
}

static void begin(void)
{
	pool_of(3);
	scene.file = huge_file(PTRS_PER_PMD, PTRS_PER_PMD);
	scene.mm = map_file();
	scene.other = map_file();
	scene.inside = scene.changed = 0;
	scene.wrong = false;
	BUG_ON(huge_write(scene.mm, AREA) || huge_write(scene.other, AREA));
}

static bool end(bool both)
{
	struct mm_struct *mms[] = { scene.mm, scene.other };
	bool right = !scene.wrong && rests(mms, both ? 2 : 1);

	mm_exit(scene.mm);
	if (both)
		mm_exit(scene.other);
	file_put(scene.file);
	return right;
}

/* The first thread is inside the table; with its lock, or in a section that is waited for, the other one must wait. */
static void let_other_change(void *unused)
{
	(void)unused;
	step_reach(&scene.inside, 1);
	step_within(&scene.changed, 1, 100);
}

/* ---- GUP-fast ---- */

static void pin_it(void)
{
	struct page *page;

	meanwhile("gup.read_pud", let_other_change, NULL);
	if (pin_user_pages_fast(scene.mm, AREA, 1, 0, &page) == 1) {
		scene.wrong = page_type(page) == PAGE_ANON;
		unpin_user_page(page);
	}
	BUG_ON(meanwhile_ran() != 1);
	if (scene.wrong)
		fprintf(stderr, "GUP-fast got a page of another mm\n");
}

/* The last one that has the table maps memory of its own by it. */
static void unshare_and_map(void)
{
	BUG_ON(sys_madvise(scene.mm, AREA, PMD_SIZE, MADV_DONTNEED));
	BUG_ON(sys_munmap(scene.other, AREA, PMD_SIZE));
	BUG_ON(map_huge(scene.other, AREA, 1, MAP_FIXED) != (long)AREA);
	BUG_ON(huge_write(scene.other, AREA));
}

static void pin_or_unshare(void *unused, unsigned int index)
{
	(void)unused;
	if (index == 0) {
		pin_it();
	} else {
		step_await(&scene.inside, 1);
		unshare_and_map();
		step_reach(&scene.changed, 1);
	}
	frame_drain_cpu();
}

static bool gup_fast_beside_unshare(void)
{
	begin();
	threads_run(2, pin_or_unshare, NULL);
	return end(true);
}

/* ---- a walk ---- */

static int see_entry(pmd_t *pmdp, unsigned long hmask, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)hmask, (void)addr, (void)next, (void)walk;
	if (page_type(table_page(pmdp)) != PAGE_TABLE) {
		fprintf(stderr, "a walk is in a freed table\n");
		scene.wrong = true;
	}
	return 0;
}

static void walk_it(void)
{
	static const struct mm_walk_ops ops = { .hugetlb_entry = see_entry, .walk_lock = PGWALK_RDLOCK };

	meanwhile("pagewalk.hugetlb", let_other_change, NULL);
	mmap_read_lock(scene.mm);
	BUG_ON(walk_page_range(scene.mm, AREA, AREA + PMD_SIZE, &ops, NULL));
	mmap_read_unlock(scene.mm);
	BUG_ON(meanwhile_ran() != 1);
}

static void walk_or_truncate(void *unused, unsigned int index)
{
	(void)unused;
	if (index == 0) {
		walk_it();
	} else {
		step_await(&scene.inside, 1);
		BUG_ON(sys_ftruncate(scene.file, 0));
		mm_exit(scene.other);
		rcu_barrier();
		step_reach(&scene.changed, 1);
	}
	frame_drain_cpu();
}

static bool walk_beside_truncation(void)
{
	begin();
	threads_run(2, walk_or_truncate, NULL);
	return end(false);
}

static const struct knocked_steps scenes[] = {
	{ { "hugetlb:unshare-sync", { "of another mm" } }, gup_fast_beside_unshare },
	{ { "hugetlb:read-lock", { "freed table" } }, walk_beside_truncation },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), world_up_with_words);
}
