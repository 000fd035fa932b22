/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bad_entry.c - bad-entry:compare, step by step: a thread has found a corrupt entry; another one clears it and maps a
 * page. The first one must leave that; without the comparison the page's table is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>

#include "core/faultline.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AT	PGDIR_SIZE

static void touch(void *mm)
{
	BUG_ON(do_user_addr_fault(mm, AT + PMD_SIZE, FAULT_FLAG_WRITE));
}

static bool found_by_two(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	bool good;

	BUG_ON(sys_mmap(mm, AT, 2 * PMD_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	BUG_ON(do_user_addr_fault(mm, AT, FAULT_FLAG_WRITE));
	*tree_entry(mm->pt.pgd, LEVEL_PMD, AT + PMD_SIZE) = ENTRY_WRITE;
	meanwhile("bad_entry.found", touch, mm);
	BUG_ON(sys_madvise(mm, AT, PAGE_SIZE, MADV_DONTNEED));
	BUG_ON(do_user_addr_fault(mm, AT + PMD_SIZE + PAGE_SIZE, FAULT_FLAG_WRITE));
	BUG_ON(meanwhile_ran() != 1);
	bad_ptes_reset();
	good = rests(&mm, 1);
	mm_exit(mm);
	return good;
}

/* Row: W9. */
static void a_table_linked_meanwhile_stays(void **state)
{
	(void)state;
	assert_true(only_knocked_steps_are_seen(&(const struct knocked_steps){
		{ "bad-entry:compare", { "pages mapped, counted" } }, found_by_two,
	}, world_up));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_linked_meanwhile_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
