/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lazyfree_thp.c - reclaim of a lazily freed huge page with a knock-out, step by step: its leaf is restored while
 * munmap() passes over it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/mman.h>

#include "core/op/madvise.h"
#include "core/op/munmap.h"
#include "core/op/reclaim.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/thp_scene.h"

#define WHILE_MS	100	/* that reclaim stands still: munmap() waits for it, at the leaf or at the anon_vma */

static struct {
	struct mm_struct *mm;
	struct folio *folio;		/* with a reference once it is looked up */
	struct test_threads *unmapper;
} play;

static void unmap(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(sys_munmap(play.mm, AREA, LEN));
	frame_drain_cpu();
}

/* A lookup by frame takes a reference, for which the leaf is restored. */
static void look_up_and_unmap(void *arg)
{
	unsigned int never = 0;

	(void)arg;
	folio_get(play.folio);
	play.unmapper = threads_start(1, unmap, NULL);
	step_within(&never, 1, WHILE_MS);
}

static bool a_leaf_is_there_or_gone(void)
{
	play.mm = scene_of(THP_POLICY, PROT_READ | PROT_WRITE).mm;
	BUG_ON(do_user_addr_fault(play.mm, AREA, FAULT_FLAG_WRITE));
	play.folio = huge_folio(play.mm, AREA);
	BUG_ON(sys_madvise(play.mm, AREA, PMD_SIZE, MADV_FREE));
	meanwhile("unmap.leaf_cleared", look_up_and_unmap, NULL);
	folio_get(play.folio);
	BUG_ON(reclaim_folio(play.folio) != -EBUSY || meanwhile_ran() != 1);
	threads_join(play.unmapper);
	mm_exit(play.mm);
	folio_put(play.folio);
	return true;
}

static const struct knocked_steps scenes[] = {
	{ { "lazyfree-thp:restore", { "mm_counter_sum", "deposit", "table", "mapcount" } }, a_leaf_is_there_or_gone },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), world_up_with_words);
}
