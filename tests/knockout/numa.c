/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * numa.c - NUMA hints with a knock-out, step by step: the entry changes while its page is kept, a second cpu has a hint
 * in its TLB, or MADV_DONTNEED comes while a leaf becomes a hint.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/op/gup.h"
#include "core/pgtable/tlb.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/numa_scene.h"

static struct mm_struct *mm;
static unsigned long size;	/* bytes to drop: a page, or a huge page */

static bool end_well(bool good)
{
	good = rests(&mm, 1) && good;
	mm_exit(mm);
	return good;
}

static void drop(void *arg)
{
	(void)arg;
	BUG_ON(sys_madvise(mm, AREA, size, MADV_DONTNEED));
}

/* A reference, dropped before the pages are, keeps the page in place. */
static bool dropped_while_it_is_kept(void)
{
	struct page *page;

	BUG_ON(pin_user_pages_fast(mm, AREA, 1, 0, &page) != 1);
	meanwhile("numa.tried", drop, NULL);
	BUG_ON(access_by(mm, 0, 1, 0) || meanwhile_ran() != 1);
	unpin_user_page(page);
	return end_well(true);
}

static bool a_page_is_dropped(void)
{
	size = PAGE_SIZE;
	mm = mm_with_hints(NUMA, 2);	/* the other one keeps the table */
	return dropped_while_it_is_kept();
}

static bool a_huge_page_is_dropped(void)
{
	size = PMD_SIZE;
	mm = mm_with_huge_hint(NUMA_THP);
	return dropped_while_it_is_kept();
}

/* The second cpu: a thread of its own each time, but the same slot, and so the same TLB. */
static void write_by_tlb(void *arg, unsigned int index)
{
	(void)index;
	*(bool *)arg = !tlb_access(&mm->pt, AREA, true, NULL, NULL);
}

static bool no_processor_goes_on(void)
{
	bool before = false, after = false;

	mm = mm_with_words(NUMA ",tlb=ipi", 1);
	threads_run(1, write_by_tlb, &before);
	BUG_ON(numa_scan(mm, ALL) != 1);
	threads_run(1, write_by_tlb, &after);
	return end_well(before && !after);
}

static void drop_later(void *arg, unsigned int index)
{
	(void)index;
	drop(NULL);
	store_relaxed((unsigned int *)arg, 1u);
	frame_drain_cpu();
}

static struct test_threads *dropper;
static unsigned int dropped;

/* It passes over an entry that it reads as none, and waits for the lock of one that is invalid. */
static void drop_beside(void *arg)
{
	unsigned int never = 0;

	(void)arg;
	dropper = threads_start(1, drop_later, &dropped);
	for (unsigned int i = 0; i < 300 && !load_relaxed(&dropped); i++)
		step_within(&never, 1, 1);
}

static bool dropped_pages_are_gone(void)
{
	bool gone;

	dropped = 0;
	size = PMD_SIZE;
	mm = mm_with_area(NUMA_THP);
	write_at(mm, AREA);
	meanwhile("numa.leaf_invalid", drop_beside, NULL);
	BUG_ON(numa_scan(mm, ALL) != HPAGE_PMD_NR || meanwhile_ran() != 1);
	threads_join(dropper);
	gone = !is_huge(mm, AREA);
	if (!gone)
		fprintf(stderr, "MADV_DONTNEED has passed over a huge page\n");
	return end_well(gone);
}

int main(void)
{
	static const struct knocked_steps steps[] = {
		{ { "numa:recheck", { "neither anonymous nor a file's" } }, a_page_is_dropped },
		{ { "numa:flush", { "translation", "flush" } }, no_processor_goes_on },
		{ { "numa:pmd-recheck", { "its VMA says", "neither anonymous nor a file's" } },
		  a_huge_page_is_dropped },
		{ { "numa:leaf-clear", { "has passed over a huge page" } }, dropped_pages_are_gone },
	};

	return knocked_steps_main(steps, THP_POSSIBLE ? ARRAY_SIZE(steps) : 2, two_nodes_up);
}
