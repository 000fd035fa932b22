/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm, exit: machines and address spaces that begin, cannot begin, and end; leaks are reported. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/host/arena.h"
#include "core/host/rcu.h"
#include "core/op/exit.h"
#include "core/phys/folio.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

static const struct machine_config usual = { 1, 1024, 64 };

static void nothing_leaked(struct leaks leaks)
{
	assert_int_equal(leaks.frames, 0);
	assert_int_equal(leaks.vmas, 0);
	assert_int_equal(leaks.anon_vmas, 0);
	assert_int_equal(leaks.bytes, 0);
}

static void a_machine_starts_and_stops(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(faultline_start(&usual), 0);
		assert_true(is_zero_pfn(page_to_pfn(zero_page)));
		assert_false(is_zero_pfn(page_to_pfn(zero_page) + 1));
		assert_int_equal(page_type(zero_page), PAGE_ZERO);
		nothing_leaked(faultline_stop());
		assert_null(zero_page);
	}
}

static void one_machine_at_a_time(void **state)
{
	const struct machine_config impossible[] = { { 0, 1024, 0 }, { 1, 1, 0 }, { 1, 1024, 65 }, { 65, 1024, 0 } };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(impossible); i++)
		assert_int_equal(faultline_start(&impossible[i]), -EINVAL);
	assert_int_equal(faultline_start(&usual), 0);
	assert_int_equal(faultline_start(&usual), -EBUSY);
	assert_non_null(zero_page);
	nothing_leaked(faultline_stop());
}

static void a_machine_that_cannot_start_leaves_nothing(void **state)
{
	unsigned int nth = 0;
	int err;

	(void)state;
	needs_checks();
	do {
		inject_alloc_failure(++nth);
		err = faultline_start(&usual);
		inject_alloc_failure(0);
		if (err) {
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(arena_live_bytes(), 0);
		}
	} while (err);
	assert_true(nth > 1);
	nothing_leaked(faultline_stop());
}

/* Less than an mm and its zero page need. */
static void a_machine_can_be_too_small(void **state)
{
	const struct machine_config tiny = { 1, 2, 0 };

	(void)state;
	assert_int_equal(faultline_start(&tiny), 0);	/* pfn 1 is the zero page */
	assert_null(mm_create(&(struct mm_policy){ .spin = SPIN_TTAS }));
	nothing_leaked(faultline_stop());
}

static void leaks_are_reported(void **state)
{
	struct page *page;
	struct leaks leaks;
	void *bytes;

	(void)state;
	assert_int_equal(faultline_start(&usual), 0);
	page = alloc_page(PAGE_ANON);
	bytes = node_alloc(0, 100, 0);
	assert_non_null(page);
	leaks = faultline_stop();
	assert_int_equal(leaks.frames, 1);
	assert_true(leaks.bytes >= 100);
	node_free(bytes, 0, 100);
}

/* Pages, zero pages, guards, empty tables, many VMAs: all of it goes. */
static void an_exit_takes_everything_back(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		unsigned long frames;
		struct mm_struct *mm;

		assert_int_equal(faultline_start(&(struct machine_config){ 1, 16384, 64 }), 0);
		frames = machine_free_frames();
		mm = world_mm(world_policies[p]);
		for (unsigned long i = 1; i < 200; i++) {
			unsigned long addr = i * PMD_SIZE + (level_real(LEVEL_PMD) ? i % 64 * PGDIR_SIZE : 0);

			map_at(mm, addr, 4 * PAGE_SIZE, i & 1 ? READ_WRITE : PROT_READ);
			read_at(mm, addr);
			if (i & 1)
				write_at(mm, addr + PAGE_SIZE);
			assert_int_equal(sys_madvise(mm, addr + 2 * PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
		}
		assert_int_equal(tree_count(mm).guard, 199);
		mm_exit(mm);
		rcu_barrier();
		assert_int_equal(machine_free_frames(), frames);
		frame_drain_cpu();
		nothing_leaked(faultline_stop());
	}
}

static void an_mm_in_use_is_not_freed(void **state)
{
	struct mm_struct *mm;

	(void)state;
	assert_int_equal(faultline_start(&usual), 0);
	mm = world_mm("linux-6.15");
	map_at(mm, PGDIR_SIZE, PAGE_SIZE, READ_WRITE);
	assert_dies("map_count", mm_free(mm));
	write_at(mm, PGDIR_SIZE);
	mm->map_count = 0;
	assert_dies("total_vm", mm_free(mm));
	mm->total_vm = 0;
	assert_dies("mm_counter_sum", mm_free(mm));
	mm->map_count = mm->total_vm = 1;
	mm_exit(mm);
	frame_drain_cpu();
	nothing_leaked(faultline_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_starts_and_stops),
		cmocka_unit_test(one_machine_at_a_time),
		cmocka_unit_test(a_machine_that_cannot_start_leaves_nothing),
		cmocka_unit_test(a_machine_can_be_too_small),
		cmocka_unit_test(leaks_are_reported),
		cmocka_unit_test(an_exit_takes_everything_back),
		cmocka_unit_test(an_mm_in_use_is_not_freed),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
