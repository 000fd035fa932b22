/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * khugepaged.c - a pass of khugepaged with a knock-out, step by step: the mm ends while it is scanned, or before; its
 * VMA goes while a huge page is allocated, or the table before the VMA is locked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/khugepaged_scene.h"

#define WHILE_MS	300	/* that a scan stands still: an exit waits for it, unless knocked out */

static struct {
	struct mm_struct *mm;
	struct test_threads *exiter;
} play;

static void end_scanned(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	mm_exit(play.mm);
	frame_drain_cpu();
}

/* Waits until the exit has unmapped all, or is stuck. */
static void exit_meanwhile(void *arg)
{
	unsigned int never = 0;

	(void)arg;
	play.exiter = threads_start(1, end_scanned, NULL);
	for (unsigned int i = 0; i < WHILE_MS && !mm_flag(play.mm, MMF_OOM_SKIP); i++)
		step_within(&never, 1, 1);
}

static bool pages_stay_for_a_scan(void)
{
	play.mm = scanned_mm();
	mmgrab(play.mm);
	meanwhile("khugepaged.tested", exit_meanwhile, NULL);
	khugepaged_do_scan();
	BUG_ON(meanwhile_ran() != 1);
	threads_join(play.exiter);
	mmdrop(play.mm);
	return true;
}

static void scan(void *arg)
{
	(void)arg;
	khugepaged_do_scan();
}

/* The cursor is in the mm: the first pass has ended in the middle of it. */
static bool an_ended_space_is_not_scanned(void)
{
	struct mm_struct *mm = small_mm();

	enable_with(1, (struct khugepaged_limits){ 0, 0, 0 });
	advise_huge(mm);
	khugepaged_do_scan();
	meanwhile("exit.unmapped", scan, NULL);
	mm_exit(mm);
	BUG_ON(meanwhile_ran() != 1);
	return true;
}

static void unmap(void *mm)
{
	BUG_ON(sys_munmap(mm, AREA, LEN));
}

static bool a_vma_that_is_gone_gets_no_huge_page(void)
{
	struct mm_struct *mm = scanned_mm();

	meanwhile("collapse.allocated", unmap, mm);
	khugepaged_do_scan();
	BUG_ON(meanwhile_ran() != 1);
	mm_exit(mm);
	return true;
}

static void drop(void *mm)
{
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_DONTNEED));
}

static bool a_table_that_is_gone_is_not_collapsed(void)
{
	struct mm_struct *mm = scanned_mm();

	meanwhile("collapse.revalidated", drop, mm);
	khugepaged_do_scan();
	BUG_ON(meanwhile_ran() != 1);
	mm_exit(mm);
	return true;
}

static bool a_slot_keeps_the_struct(void)
{
	struct mm_struct *mm = scanned_mm();

	mm_exit(mm);
	return true;
}

static const struct knocked_steps scenes[] = {
	{ { "khugepaged:exit-wait", { "MMF_OOM_SKIP" } }, pages_stay_for_a_scan },
	{ { "khugepaged:cursor", { "MMF_OOM_SKIP" } }, pages_stay_for_a_scan },
	{ { "khugepaged:test-exit", { "MMF_OOM_SKIP" } }, an_ended_space_is_not_scanned },
	{ { "khugepaged:revalidate", { "vma_anon_vma(c->vma)" } },
	  a_vma_that_is_gone_gets_no_huge_page },
	{ { "collapse:pmd-order", { "entry_is_table" } }, a_table_that_is_gone_is_not_collapsed },
	{ { "khugepaged:slot-ref", { "map_count", "mm_count", "!old" } }, a_slot_keeps_the_struct },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), swap_world_up);
}
