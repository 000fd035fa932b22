/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmap_walk.c - a VMA is unmapped while a reverse-map walk visits it: without the lock, its chain is freed then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/rmap_walk.h"
#include "core/op/munmap.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

static struct mm_struct *mm, *child;
static struct test_threads *unmapper;
static unsigned int unmapped;		/* step */

static void unmap(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(sys_munmap(mm, AREA, LEN));
	step_reach(&unmapped, 1);
}

/* In the walk: unmaps the first VMA visited, or waits for the walk's lock. */
static void begin_to_unmap(void *arg)
{
	(void)arg;
	if (unmapper)
		return;
	unmapper = threads_start(1, unmap, NULL);
	step_within(&unmapped, 1, 100);
}

static bool visit(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *visits)
{
	(void)folio, (void)vma, (void)addr;
	++*(unsigned int *)visits;
	return true;
}

static bool a_vma_that_is_visited_is_unmapped(void)
{
	unsigned int visits = 0;
	struct rmap_walk_control rwc = { .arg = &visits, .rmap_one = visit };
	struct folio *folio;

	mm = mm_with_words("linux-6.15", 1);
	BUG_ON(sys_fork(mm, &child));
	folio = folio_at(child, 0);
	folio_get(folio);
	folio_lock(folio);
	BUG_ON(syncpoint_hook("rmap_walk.vma", begin_to_unmap, NULL));
	rmap_walk(folio, &rwc);
	syncpoint_hook(NULL, NULL, NULL);
	folio_unlock(folio);
	threads_join(unmapper);
	folio_put(folio);
	mm_exit(child);
	mm_exit(mm);
	return visits == 2;
}

/* Row: A8. */
static void only_a_walk_without_its_lock_is_detected(void **state)
{
	static const struct knocked_steps scene = {
		{ "rmap:lock", { "one of the anon_vma chains, is accessed after the unlink" } },
		a_vma_that_is_visited_is_unmapped,
	};

	(void)state;
	assert_true(only_knocked_steps_are_seen(&scene, world_up_with_words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_walk_without_its_lock_is_detected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
