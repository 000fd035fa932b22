/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap: what others do while a page goes out or comes in, step by step. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/reclaim.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

#define ELSEWHERE	(AREA + 16 * PMD_SIZE)

/* ---- swap-in ---- */

static void read_it(void *arg)
{
	BUG_ON(read_word(arg, 0) != 100);
}

static void write_it(void *arg)
{
	write_word(arg, 0, 200);
}

static void drop_it(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, PAGE_SIZE, MADV_DONTNEED));
}

/* Page 0, out, is read, and another thread comes before at @point. Returns what is read then. */
static uint64_t read_and_meanwhile(struct mm_struct *mm, const char *point, void (*fn)(void *arg),
				   struct mm_struct *other)
{
	uint64_t word;

	page_out(mm, 0);
	assert_true(swapped(mm, 0));
	meanwhile(point, fn, other);
	word = read_word(mm, 0);
	assert_int_equal(meanwhile_ran(), 1);
	return word;
}

/* The second to come finds what the first has read: one frame, read once. */
static void two_faults_read_a_slot_once(void **state)
{
	static const char *const points[] = { "swapin.allocated", "swapin.got_folio" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		struct mm_struct *mm = mm_with_words("linux-6.15", 1);
		uint64_t reads = events_total(EV_SWAP_IN);

		assert_int_equal(read_and_meanwhile(mm, points[i], read_it, mm), 100);
		assert_int_equal(events_total(EV_SWAP_IN) - reads, 1);
		assert_int_equal(nr_swap_used(), 0);
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

#if FAULTLINE_CHECK
static unsigned int locks_left;		/* that the fault holds once its folio is unlocked */

static void count_locks(void *unused)
{
	(void)unused;
	locks_left = lockrank_held_count();
}
#endif

/* The fault's reference becomes the entry's: the next holder of the PTL may free the folio, which is then unlocked. */
static void what_comes_in_is_unlocked_under_its_ptl(void **state)
{
	(void)state;
	needs_checks();
#if FAULTLINE_CHECK
	struct mm_struct *mm = mm_with_words("linux-6.15,vma_lock=none", 1);

	page_out(mm, 0);
	locks_left = 0;
	BUG_ON(syncpoint_hook("folio_lock.unlocked", count_locks, NULL));
	assert_int_equal(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE), 0);
	BUG_ON(syncpoint_hook(NULL, NULL, NULL));
	assert_int_equal(locks_left, 2);	/* mmap_lock, the PTL */
	mm_exit(mm);
#endif
}

static void parent_and_child_read_a_slot_once(void **state)
{
	struct mm_struct *mm, *child;
	uint64_t reads;

	(void)state;
	needs_checks();
	mm = mm_with_words("linux-6.15", 1);
	assert_int_equal(sys_fork(mm, &child), 0);
	reads = events_total(EV_SWAP_IN);
	assert_int_equal(read_and_meanwhile(mm, "swapin.allocated", read_it, child), 100);
	assert_int_equal(events_total(EV_SWAP_IN) - reads, 1);
	assert_ptr_equal(folio_at(mm, 0), folio_at(child, 0));
	assert_int_equal(nr_swap_used(), 0);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* The entry is another by the time of the lock: what it says then counts. */
static void a_change_during_swap_in_counts(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = mm_with_words("linux-6.15,reclaim=off", 1);
	assert_int_equal(read_and_meanwhile(mm, "swapin.got_folio", write_it, mm), 200);
	assert_at_rest(mm);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED), 0);
	write_word(mm, 0, 100);
	page_out(mm, 0);
	meanwhile("swapin.got_folio", drop_it, mm);
	assert_int_equal(do_user_addr_fault(mm, AREA, 0), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(is_zero_pfn(pte_pfn(pte_at(mm, 0))));
	assert_int_equal(nr_swap_used(), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- swap-out ---- */

/* What is written before the entry goes is what goes out. */
static void a_last_write_goes_out_too(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = mm_with_words("linux-6.15", 1);
	meanwhile("reclaim.in_slot", write_it, mm);
	page_out(mm, 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(swapped(mm, 0));
	assert_int_equal(read_word(mm, 0), 200);
	assert_at_rest(mm);
	mm_exit(mm);
}

static struct mm_struct *child_of_hook;

static void fork_it(void *arg)
{
	BUG_ON(!swapped(arg, 0));
	BUG_ON(sys_fork(arg, &child_of_hook));
}

static void move_it(void *arg)
{
	BUG_ON(sys_mremap(arg, AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE) !=
	       (long)ELSEWHERE);
}

static void unmap_it(void *arg)
{
	BUG_ON(sys_munmap(arg, AREA, LEN));
}

/* reclaim_folio() of page 0 with no lock held, so that @fn may take mmap_lock. */
static int reclaim_and_meanwhile(struct mm_struct *mm, void (*fn)(void *arg))
{
	struct folio *folio = folio_at(mm, 0);
	int err;

	folio_get(folio);
	meanwhile("reclaim.unmapped", fn, mm);
	err = reclaim_folio(folio);
	assert_int_equal(meanwhile_ran(), 1);
	return err;
}

static void a_fork_during_swap_out_shares_the_slot(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = mm_with_words("linux-6.15", 1);
	assert_int_equal(reclaim_and_meanwhile(mm, fork_it), 0);
	assert_true(swapped(child_of_hook, 0) && !pte_swp_exclusive(pte_at(mm, 0)));
	assert_at_rest(mm, child_of_hook);
	write_word(child_of_hook, 0, 300);
	assert_int_equal(read_word(mm, 0), 100);
	assert_at_rest(mm, child_of_hook);
	mm_exit(child_of_hook);
	mm_exit(mm);
}

static void a_mapping_may_move_or_go_during_swap_out(void **state)
{
	unsigned long frames;
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = mm_with_words("linux-6.15", 1);
	assert_int_equal(reclaim_and_meanwhile(mm, move_it), 0);
	assert_at_rest(mm);
	assert_int_equal(do_user_addr_fault(mm, ELSEWHERE, 0), 0);
	assert_int_equal(*(uint64_t *)page_payload(pte_page(tree_pte(mm, ELSEWHERE))), 100);
	mm_exit(mm);
	mm = mm_with_words("linux-6.15", 1);
	frames = machine_free_frames();
	reclaim_and_meanwhile(mm, unmap_it);
	rcu_barrier();
	assert_true(machine_free_frames() > frames);
	assert_int_equal(nr_swap_used(), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* The thread that faults it in, and its folio. */
struct want {
	struct mm_struct *mm;
	struct folio *folio;
	struct test_threads *waiter;
};

static void want_it(void *arg, unsigned int index)
{
	(void)index;
	BUG_ON(read_word(((struct want *)arg)->mm, 0) != 100);
}

/* Until the fault has found the folio in the cache, and waits for its lock under mmap_lock. */
static void begin_a_fault(void *arg)
{
	struct want *want = arg;
	uint64_t retries = events_total(EV_FAULT_RETRY);

	want->waiter = threads_start(1, want_it, want);
	while (events_total(EV_FAULT_RETRY) == retries || folio_ref_count(want->folio) < 3)
		cpu_relax();
}

/* Row: L7. */
static void a_fault_during_swap_out_gets_it_back(void **state)
{
	uint64_t writes = events_total(EV_SWAP_OUT), reads = events_total(EV_SWAP_IN);
	struct want want;

	(void)state;
	needs_checks();
	want.mm = mm_with_words("linux-6.15", 1);
	want.folio = folio_at(want.mm, 0);
	folio_get(want.folio);
	meanwhile("reclaim.unmapped", begin_a_fault, &want);
	assert_int_equal(reclaim_folio(want.folio), -EBUSY);
	assert_int_equal(meanwhile_ran(), 1);
	threads_join(want.waiter);
	assert_ptr_equal(folio_at(want.mm, 0), want.folio);
	assert_true(PageAnonExclusive(&want.folio->page));
	assert_int_equal(events_total(EV_SWAP_OUT) - writes + events_total(EV_SWAP_IN) - reads, 0);
	assert_int_equal(nr_swap_used(), 0);
	assert_at_rest(want.mm);
	mm_exit(want.mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_faults_read_a_slot_once, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(what_comes_in_is_unlocked_under_its_ptl, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(parent_and_child_read_a_slot_once, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_change_during_swap_in_counts, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_last_write_goes_out_too, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_fork_during_swap_out_shares_the_slot, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_mapping_may_move_or_go_during_swap_out, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_fault_during_swap_out_gets_it_back, swap_world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
