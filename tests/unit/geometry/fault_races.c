/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault: what another thread does between a fault's look at an entry and its lock, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/madvise.h"
#include "core/op/munmap.h"
#include "core/op/zap.h"
#include "core/phys/folio.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/fault_scene.h"

static void write_there(void *arg)
{
	BUG_ON(do_user_addr_fault(arg, AREA, FAULT_FLAG_WRITE));
}

static void read_there(void *arg)
{
	BUG_ON(do_user_addr_fault(arg, AREA, 0));
}

static void drop(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, LEN, MADV_DONTNEED));
}

/* Another thread's fault comes first, in every combination: a write ends with one page, and no spare one is lost. */
static void the_first_of_two_faults_counts(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int how = 0; how < 4; how++) {
		struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);
		bool own_writes = how & 1, other_writes = how & 2;

		meanwhile("fault.before_ptl", other_writes ? write_there : read_there, s.mm);
		assert_int_equal(own_writes ? do_write(&s, AREA) : do_read(&s, AREA), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(spurious(&s), !(own_writes && !other_writes));
		assert_int_equal(tree_count(s.mm).anon, own_writes || other_writes);
		assert_int_equal(tree_count(s.mm).zero, !own_writes && !other_writes);
		assert_true(tree_counters_right(s.mm));
		mm_exit(s.mm);
	}
}

/* The page goes between the look at its entry and the lock: the fault starts again, and it is a first write by then. */
static void what_went_meanwhile_is_not_copied(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int shared = 0; shared < 2; shared++) {
		struct scene s = scene_of("linux-6.15,reclaim=off", PROT_READ | PROT_WRITE);
		struct page *page;

		assert_int_equal(do_write(&s, AREA), 0);
		page = page_at(&s, AREA);
		get_page(page);
		share(&s, AREA);
		meanwhile_at("fault.before_ptl", 1 + shared, drop, s.mm);	/* the re-check is after the copy */
		assert_int_equal(do_write(&s, AREA), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_true(pte_write(tree_pte(s.mm, AREA)) && page_at(&s, AREA) != page);
		assert_int_equal(tree_count(s.mm).anon, 1);
		assert_int_equal(page_ref_count(page), 1);
		assert_int_equal(page_mapcount(page), 0);
		put_page(page);
		assert_true(tree_counters_right(s.mm));
		mm_exit(s.mm);
	}
}

/* A bit was missing when it was looked at, and the page is gone when it is to be set. */
static void what_went_meanwhile_gets_no_bits(void **state)
{
	struct scene s;

	(void)state;
	needs_checks();
	s = scene_of("linux-6.15,reclaim=off", PROT_READ | PROT_WRITE);
	assert_int_equal(do_write(&s, AREA), 0);
	put_bits(&s, AREA, ENTRY_PRESENT | ENTRY_WRITE);
	meanwhile("fault.before_ptl", drop, s.mm);
	assert_int_equal(do_read(&s, AREA), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(tree_count(s.mm).anon, 0);
	assert_int_equal(tree_count(s.mm).zero, 1);
	mm_exit(s.mm);
}

/* The whole table goes: the fault starts again from its PMD entry, and makes another. */
static void a_table_that_vanishes_is_made_again(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int write = 0; write < 2; write++) {
		struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);
		uint64_t reclaimed = events_total(EV_PTE_TABLE_RECLAIM);

		assert_int_equal(do_read(&s, AREA + PAGE_SIZE), 0);
		meanwhile_each("fault.before_ptl", 3, drop, s.mm);
		assert_int_equal(write ? do_write(&s, AREA) : do_read(&s, AREA), 0);
		assert_int_equal(meanwhile_ran(), 3);
		assert_int_equal(events_total(EV_PTE_TABLE_RECLAIM) - reclaimed, 3);
		assert_int_equal(tree_count(s.mm).anon + tree_count(s.mm).zero, 1);
		assert_int_equal(tree_count(s.mm).pte_tables, 1);
		assert_true(tree_counters_right(s.mm));
		mm_exit(s.mm);
	}
}

static void unmap_and_map_elsewhere(void *arg)
{
	struct mm_struct *mm = arg;

	BUG_ON(sys_munmap(mm, AREA, LEN));
	BUG_ON(sys_mmap(mm, AREA - LEN, LEN, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
}

/* The VMA is unmapped before it is locked: under mmap_lock the fault is certain that nothing is mapped. */
static void a_lost_vma_lock_is_made_up_for(void **state)
{
	static const char *const policies[] = { "linux-6.15", "linux-6.4" };

	(void)state;
	needs_checks();
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct scene s = scene_of(policies[p], PROT_READ | PROT_WRITE);

		meanwhile("vma_lock.before_get", unmap_and_map_elsewhere, s.mm);
		assert_int_equal(do_read(&s, AREA), VM_FAULT_SIGSEGV | VM_FAULT_BADMAP);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(events_total(EV_FAULT_MMAP_LOCK) - s.mmap_lock, 1);
		mm_exit(s.mm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_of_two_faults_counts, world_up, world_down),
		cmocka_unit_test_setup_teardown(what_went_meanwhile_is_not_copied, world_up, world_down),
		cmocka_unit_test_setup_teardown(what_went_meanwhile_gets_no_bits, world_up, world_down),
		cmocka_unit_test_setup_teardown(a_table_that_vanishes_is_made_again, world_up, world_down),
		cmocka_unit_test_setup_teardown(a_lost_vma_lock_is_made_up_for, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
