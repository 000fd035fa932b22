/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_huge.c - anonymous huge pages under migration with a knock-out, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/fork.h"
#include "core/pgtable/swapent.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/migrator_scene.h"
#include "tests/lib/scene/thp_scene.h"

static struct test_threads *migrate_leaf(struct mm_struct *mm)
{
	folio_get(huge_folio(mm, AREA));
	return start_migrator_of(huge_folio(mm, AREA));
}

/* What is pinned stays the parent's own, under migration or not. */
static bool fork_of_a_pinned_huge_page(void)
{
	struct mm_struct *mm = mm_with_page(THP_POLICY), *child;
	struct test_threads *threads;
	struct page *page;
	bool good;

	BUG_ON(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page) != 1);
	threads = migrate_leaf(mm);
	BUG_ON(sys_fork(mm, &child));
	end_migrator(threads);
	unpin_user_page(page);
	good = rests((struct mm_struct *[]){ mm, child }, 2);
	mm_exit(child);
	mm_exit(mm);
	return good;
}

static void end_it(void *threads)
{
	end_migrator(threads);
}

static bool the_migration_ends_before_a_fault_waits(void)
{
	struct mm_struct *mm = mm_with_page(THP_POLICY);
	struct test_threads *threads = migrate_leaf(mm);
	bool good;

	meanwhile("fault.before_pmd_lock", end_it, threads);
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	BUG_ON(meanwhile_ran() != 1);
	good = rests(&mm, 1);
	mm_exit(mm);
	return good;
}

static const struct knocked_steps scenes[] = {
	{ { "migrate-pmd:share", { "is exclusive, but 2 entries map it" } }, fork_of_a_pinned_huge_page },
	{ { "migration-wait:leaf", { "assertion failed: folio_test_locked" } },
	  the_migration_ends_before_a_fault_waits },
};

int main(void)
{
	return knocked_steps_main(scenes, THP_POSSIBLE ? ARRAY_SIZE(scenes) : 0, world_up_with_words);
}
