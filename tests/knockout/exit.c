/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit.c - an exit beside others with a knock-out, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/op/oom_kill.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/mirror_scene.h"

#define WHILE_MS	300	/* that a reaper stands still: an exit waits for it, unless knocked out */

static struct {
	struct mm_struct *mm;
	const struct cpu *reaper;
	unsigned int inside;	/* 1: the reaper found a PMD table */
} play;

/* A killed process, and a reference to its struct. */
static struct mm_struct *killed(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	mm_kill(mm);
	mmgrab(mm);
	return mm;
}

static void stand_still(void *arg)
{
	(void)arg;
	if (this_cpu != play.reaper || load_relaxed(&play.inside))
		return;
	step_reach(&play.inside, 1);
	step_within(&play.inside, 2, WHILE_MS);
	rcu_barrier();
}

static void exit_meanwhile(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	step_await(&play.inside, 1);
	mm_exit(play.mm);
	frame_drain_cpu();
}

static bool tables_stay_for_a_reaper(void)
{
	struct test_threads *exiter;

	play.mm = killed();
	play.reaper = this_cpu;
	BUG_ON(syncpoint_hook("zap.before_table", stand_still, NULL));
	exiter = threads_start(1, exit_meanwhile, NULL);
	BUG_ON(sys_process_mrelease(play.mm, 0));
	threads_join(exiter);
	syncpoint_hook(NULL, NULL, NULL);
	mmdrop(play.mm);
	return true;
}

static void write_remotely(void *mm)
{
	if (!mmget_not_zero(mm))
		return;
	do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE);
	mmput(mm);
}

static bool an_ended_space_stays_so(void)
{
	struct mm_struct *mm = killed();

	meanwhile("exit.unmapped", write_remotely, mm);
	mm_exit(mm);
	BUG_ON(meanwhile_ran() != 1);
	mmdrop(mm);
	return true;
}

static bool a_killed_process_finds_no_zeroes(void)
{
	struct mm_struct *mm = killed();
	vm_fault_t ret;

	BUG_ON(sys_process_mrelease(mm, 0));
	ret = do_user_addr_fault(mm, AREA, 0);
	if (!ret)
		fprintf(stderr, "a page that was reaped is there again");
	mm_exit(mm);
	mmdrop(mm);
	return ret == VM_FAULT_SIGBUS;
}

static const struct knocked_steps scenes[] = {
	{ { "exit:write-lock", { "one of the page tables, is accessed after the unlink" } }, tables_stay_for_a_reaper },
	{ { "mm:get-not-zero", { "MMF_OOM_SKIP", "mm_users" } }, an_ended_space_stays_so },
	{ { "oom:unstable", { "is there again" } }, a_killed_process_finds_no_zeroes },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), swap_world_up);
}
