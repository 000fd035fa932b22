/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cow.c - a reader takes a reference between two checks of a page's count, with the second check and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/phys/folio.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/fault_scene.h"

static void get(void *arg)
{
	folio_get(arg);
}

/* A page that a child had; a write to it while a reference is taken at @point. True when it was reused nevertheless. */
static bool reused(const char *policy, const char *point)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
	struct mm_struct *child;
	struct folio *folio;
	bool same;

	assert_int_equal(do_write(&s, AREA), 0);
	folio = page_folio(page_at(&s, AREA));
	assert_int_equal(sys_fork(s.mm, &child), 0);
	mm_exit(child);
	meanwhile(point, get, folio);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_int_equal(meanwhile_ran(), 1);
	same = page_at(&s, AREA) == &folio->page;
	folio_put(folio);
	mm_exit(s.mm);
	return same;
}

static void the_second_look_counts(void **state)
{
	(void)state;
	for (unsigned int disabled = 0; disabled < 2; disabled++) {
		if (disabled)
			assert_int_equal(knockout_enable("cow:recheck"), 0);
		assert_int_equal(reused("linux-6.15", "cow.small_alone"), disabled);
		assert_int_equal(reused("linux-6.15,anon=64k", "cow.large_alone"), disabled);
		knockout_clear();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_second_look_counts) };

	return cmocka_run_group_tests(tests, world_up, world_down);
}
