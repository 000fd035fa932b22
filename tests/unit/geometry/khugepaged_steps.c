/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged_steps.c - what else happens while khugepaged scans an mm; and its thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/gup.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/khugepaged_scene.h"

static void scan(void *scanned)
{
	*(unsigned long *)scanned = khugepaged_do_scan();
}

/* Row: K2 */
static void an_mm_that_is_busy_is_skipped(void **state)
{
	struct mm_struct *mm;
	unsigned long scanned = 1;
	uint64_t busy;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = scanned_mm();
	busy = events_total(EV_KHUGEPAGED_BUSY);
	meanwhile("fork.vma_linked", scan, &scanned);	/* under mmap_lock for write */
	do {
		struct mm_struct *child;

		BUG_ON(sys_fork(mm, &child));
		mm_exit(child);
	} while (0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(scanned, 0);
	assert_true(events_total(EV_KHUGEPAGED_BUSY) > busy);
	end(mm);
}

static void unmap(void *mm)
{
	BUG_ON(sys_munmap(mm, AREA, LEN));
}

static void map_again(void *mm)
{
	unmap(mm);
	map_at(mm, AREA, LEN, READ_WRITE);
	write_at(mm, AREA);
}

static void pin_one(void *mm)
{
	struct page *page;

	BUG_ON(pin_user_pages_fast(mm, page_addr(2), 1, FOLL_WRITE, &page) != 1);
}

static void drop_most(void *mm)
{
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_DONTNEED));
}

/*
 * Everything is decided again once mmap_lock is taken for write, and what the VMA lock alone protects once the VMA is
 * locked. Row: K2
 */
static void what_was_scanned_may_change(void **state)
{
	static const char unlocked[] = "collapse.allocated", locked[] = "collapse.revalidated";
	static const struct {
		const char *point;
		void (*fn)(void *mm);
		enum scan_result result;
	} cases[] = {
		{ unlocked, unmap, SCAN_VMA_NULL }, { unlocked, map_again, SCAN_VMA_CHECK },
		{ unlocked, pin_one, SCAN_PAGE_COUNT }, { unlocked, drop_most, SCAN_PMD_NULL },
		{ locked, drop_most, SCAN_PMD_NULL },
	};

	(void)state;
	needs_checks();
	needs_leaves();
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mm_struct *mm = scanned_mm();

		meanwhile(cases[i].point, cases[i].fn, mm);
		assert_int_equal(result_of(mm, LIMITS(HPAGE_PMD_NR - 1, 0, 0)), cases[i].result);
		assert_int_equal(meanwhile_ran(), 1);
		if (cases[i].fn == pin_one)
			unpin_user_page(pte_page(pte_at(mm, 2)));
		assert_at_rest(mm);
		end(mm);
	}
}

static void end_it(void *mm)
{
	mm_exit(mm);
}

/* The scan has dropped mmap_lock: it is not waited for, and finds no users when it takes it again. Row: K2 */
static void an_mm_may_end_while_it_is_scanned(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = scanned_mm();
	meanwhile("collapse.allocated", end_it, mm);
	assert_int_equal(khugepaged_do_scan(), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(khugepaged_nr_slots(), 0);
	khugepaged_disable();
}

/* ---- the thread ---- */

static bool within(struct mm_struct *mm, unsigned long addr)
{
	unsigned int never = 0;

	for (unsigned int i = 0; i < 2000 && !has_leaf(mm, addr); i++)
		step_within(&never, 1, 1);
	return has_leaf(mm, addr);
}

/* Row: K3 */
static void a_thread_makes_passes(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = small_mm();
	enable();
	assert_int_equal(khugepaged_start(1), 0);
	advise_huge(mm);			/* which wakes it */
	assert_true(within(mm, AREA));
	next_range(mm);
	assert_true(within(mm, AREA + PMD_SIZE));
	khugepaged_stop();
	assert_at_rest(mm);
	end(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_mm_that_is_busy_is_skipped),
		cmocka_unit_test(what_was_scanned_may_change),
		cmocka_unit_test(an_mm_may_end_while_it_is_scanned),
		cmocka_unit_test(a_thread_makes_passes),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
