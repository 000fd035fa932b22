/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults that need a folio which another thread holds for long: they sleep until it is free, and the wait counts as no
 * retry.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/futex.h"
#include "core/op/migrate_device.h"
#include "core/phys/folio_lock.h"
#include "core/probe/detector.h"
#include "core/probe/retry.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/hugetlb_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define EARLY	300u	/* times that each waiter is woken for nothing: as many rounds, were they counted */
#define POLICY	"linux-6.15"
#define THP	"linux-6.15,thp=always"
#define FAULT_LOOP	"a fault, restarted"
#define HUGETLB_LOOP	"a fault in hugetlb memory, restarted"

static unsigned int parked;	/* (A) sleeps that waiters began */

static void count_park(void *arg)
{
	(void)arg;
	fetch_add_release(&parked, 1u);
}

static void write_there(void *arg, unsigned int index)
{
	(void)index;
	BUG_ON(do_user_addr_fault(arg, AREA, FAULT_FLAG_WRITE));
	frame_drain_cpu();
}

/* Waiters return early, as when another flag of the folio changes under them. */
static void wake_for_nothing(struct folio *folio, unsigned int round)
{
	if (round % 2)
		fetch_and_relaxed(&folio->page.flags, ~PG_REFERENCED);
	else
		fetch_or_relaxed(&folio->page.flags, PG_REFERENCED);
	kernel_futex_wake(&folio->page.flags, INT_MAX);
}

/* Of the loop of that text, beyond the first; 0 in builds that do not count. */
static unsigned int most_rounds(const char *loop)
{
	struct retry_summary summary;
	unsigned int i = 0;

	while ((summary = retry_summary(i++)).name && strcmp(summary.name, loop))
		;
	BUG_ON(!summary.name && FAULTLINE_PROFILE);
	return summary.most;
}

/*
 * @n threads write to AREA, and cannot but wait for @folio, whose lock is held until each has slept EARLY times. Then
 * all go on.
 * @loop: that of their faults, by its text.
 */
static void held_for_long(struct mm_struct *mm, struct folio *folio, unsigned int n, const char *loop)
{
	struct test_threads *writers;

	detectors_reset();
	store_relaxed(&parked, 0u);
	folio_lock(folio);
	assert_int_equal(syncpoint_hook("folio_lock.before_park", count_park, NULL), 0);
	writers = threads_start(n, write_there, mm);
	for (unsigned int round = 0; round < EARLY; round++) {
		step_await(&parked, n * (round + 1));
		wake_for_nothing(folio, round);
	}
	step_await(&parked, n * EARLY);
	folio_unlock(folio);
	threads_join(writers);
	syncpoint_hook(NULL, NULL, NULL);
	assert_true(most_rounds(loop) <= 2);	/* what did change once */
}

static void by_faults_on_a_huge_page_of_the_pool(void **state)
{
	struct mm_struct *mm, *child;
	struct folio *folio;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 2, 1);
	BUG_ON(huge_write(mm, AREA) || sys_fork(mm, &child));
	mm_exit(child);
	folio = huge_folio_at(mm, AREA);
	held_for_long(mm, folio, 1, HUGETLB_LOOP);
	assert_ptr_equal(huge_folio_at(mm, AREA), folio);
	assert_true(pmd_write(huge_at(mm, AREA)) && PageAnonExclusive(&folio->page));
	end_of(mm);
}

/* The child has the huge page reserved for the parent, and no other is left. */
static void by_a_fault_that_takes_a_huge_page_back(void **state)
{
	struct mm_struct *mm, *child;
	struct folio *folio;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 1, 1);
	BUG_ON(huge_write(mm, AREA) || sys_fork(mm, &child));
	folio = huge_folio_at(mm, AREA);
	held_for_long(mm, folio, 1, HUGETLB_LOOP);
	assert_ptr_equal(huge_folio_at(mm, AREA), folio);
	assert_true(pmd_write(huge_at(mm, AREA)));
	assert_int_equal(huge_read(child, AREA), VM_FAULT_SIGBUS);
	end_of(mm, child);
}

/* Its leaf is not split meanwhile. */
static void by_a_fault_on_a_huge_page(void **state)
{
	struct mm_struct *child;
	struct folio *folio;
	struct scene s;

	(void)state;
	needs_huge_pages();
	s = scene_of(THP, PROT_READ | PROT_WRITE);
	BUG_ON(do_write(&s, AREA) || sys_fork(s.mm, &child));
	mm_exit(child);
	folio = huge_folio_at(s.mm, AREA);
	held_for_long(s.mm, folio, 1, FAULT_LOOP);
	assert_true(pmd_trans_huge(huge_at(s.mm, AREA)) && pmd_write(huge_at(s.mm, AREA)));
	assert_ptr_equal(huge_folio_at(s.mm, AREA), folio);
	assert_at_rest(s.mm);
	mm_exit(s.mm);
}

static struct mm_struct *mm_on_device(void)
{
	struct mm_struct *mm = mm_with_words(POLICY, 1);

	assert_int_equal(sys_migrate_to_device(mm, AREA, PAGE_SIZE), 1);
	return mm;
}

/* One unlock wakes one of them, who passes it on. */
static void by_three_faults_on_a_page_of_a_device(void **state)
{
	struct mm_struct *mm = mm_on_device();

	(void)state;
	held_for_long(mm, folio_at(mm, 0), 3, FAULT_LOOP);
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(page_type(&folio_at(mm, 0)->page), PAGE_ANON);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* A reference alone keeps it there too, and dropping it wakes no waiter. */
static void by_a_fault_on_a_page_of_a_device_with_a_reference(void **state)
{
	struct mm_struct *mm = mm_on_device();
	struct folio *folio = folio_at(mm, 0);
	uint64_t busy = events_total(EV_DEVICE_BUSY);
	struct test_threads *writer;

	(void)state;
	detectors_reset();
	folio_get(folio);
	writer = threads_start(1, write_there, mm);
	while (events_total(EV_DEVICE_BUSY) < busy + EARLY)
		yield_core();
	folio_put(folio);
	threads_join(writer);
	assert_true(most_rounds(FAULT_LOOP) <= 2);
	assert_int_equal(read_word(mm, 0), 100);
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_faults_on_a_huge_page_of_the_pool, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(by_a_fault_that_takes_a_huge_page_back, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(by_a_fault_on_a_huge_page, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(by_three_faults_on_a_page_of_a_device, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(by_a_fault_on_a_page_of_a_device_with_a_reference, two_nodes_up,
						world_down),
	};

	return FAULTLINE_CHECK ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
