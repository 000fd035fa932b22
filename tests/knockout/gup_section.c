/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_section.c - step by step: tables are freed while GUP-fast walks down, and the freeing thread does not wait for
 * it; and GUP-fast of no pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/gup.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"

DECLARE_KNOCKOUT(GUP_SECTION);

#define AREA	(3 * PGDIR_SIZE)

static void unmap_and_wait(void *mm)
{
	BUG_ON(sys_munmap(mm, AREA, PMD_SIZE));
	if (KNOCKED_OUT(GUP_SECTION))
		rcu_barrier();		/* else it would wait for its own waiter */
}

static struct mm_struct *mm_with_page(void)
{
	struct mm_struct *mm;

	world_start(4096, 0);
	mm = world_mm("linux-6.15");
	map_at(mm, AREA, PMD_SIZE, READ_WRITE);
	write_at(mm, AREA);
	return mm;
}

static bool pin_while_unmapped(const struct attempt *attempt)
{
	struct mm_struct *mm = mm_with_page();
	struct page *page;
	long got;

	(void)attempt;
	meanwhile("gup.read_p4d", unmap_and_wait, mm);
	got = pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE | FOLL_FAST_ONLY, &page);
	BUG_ON(meanwhile_ran() != 1);
	mm_exit(mm);
	return world_stop() && got == 0;
}

static void upper_tables_stay_in_the_section(void **state)
{
	(void)state;
	assert_true(clean_is_quiet(pin_while_unmapped, NULL));
#if !defined(FAULTLINE_RCU_QSBR)	/* in QSBR every thread is a reader all the time */
	assert_true(knocked_is_seen(&(struct knocked){ "gup:section", { "points_to_table" } }, pin_while_unmapped, NULL,
				    1));
#endif
}

static bool pin_nothing(const struct attempt *attempt)
{
	struct mm_struct *mm = mm_with_page();
	struct page *behind = NULL;
	long got;

	(void)attempt;
	got = pin_user_pages_fast(mm, AREA, 0, FOLL_FAST_ONLY, &behind);
	if (behind)
		fprintf(stderr, "%ld pages beyond the array", got);
	mm_exit(mm);
	return !behind && world_stop() && !got;
}

static void no_page_is_taken_where_none_is_asked_for(void **state)
{
	(void)state;
	assert_true(only_knocked_is_seen(&(struct knocked){ "gup-fast:none", { "1 pages beyond the array" } },
					 pin_nothing, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upper_tables_stay_in_the_section),
		cmocka_unit_test(no_page_is_taken_where_none_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
