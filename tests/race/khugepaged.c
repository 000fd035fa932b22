/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged.c - passes of khugepaged beside everything that changes what they scan, by a worker and by its thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/khugepaged.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/wanted.h"

#define AREA	(3 * PGDIR_SIZE)
#define USERS	2

static const char *const policies[] = {
	"linux-6.15", "linux-6.4", "linux-2.6.14", "linux-6.15,tables=shootdown", "linux-6.19",
};

static const struct wanted wanted[] = { MET(EV_KHUGEPAGED_COLLAPSED, 5), MET(EV_KHUGEPAGED_BUSY, 1) };

/* Rows: K1, K2, K3. */
static void passes_hold_among_others(void **state)
{
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	while (another_storm(&storms))
		crew_storm(workload_find("khugepaged_vs_all"), policies[storms.index % ARRAY_SIZE(policies)],
			   storms.index % 2 ? 2 : 4, storms.seed, 120);
}

/* An mm of its own, with small pages that the thread may collapse at any time. */
static void live_and_exit(void *arg, unsigned int index)
{
	const unsigned int rounds = test_rounds(60);

	(void)index;
	for (unsigned int i = 0; i < rounds; i++) {
		struct mm_struct *mm = world_mm(arg);

		map_at(mm, AREA, 2 * PMD_SIZE, READ_WRITE);
		write_at(mm, AREA);
		write_at(mm, AREA + PMD_SIZE);
		BUG_ON(sys_madvise(mm, AREA, 2 * PMD_SIZE, MADV_HUGEPAGE));
		for (unsigned long page = 1; page < 32; page++)
			write_at(mm, AREA + page * PAGE_SIZE);
		mm_exit(mm);
		rcu_quiescent();
	}
	frame_drain_cpu();
}

/* Rows: K1, K2. */
static void address_spaces_come_and_go_beside_its_thread(void **state)
{
	static char policy[] = "linux-6.15,thp=madvise";
	struct khugepaged_settings settings = KHUGEPAGED_DEFAULTS;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	for (unsigned int i = 0; i < test_rounds(4); i++) {
		world_start(1ul << 16, CACHE_LINE);
		syncpoint_noise(i % 2 ? 100 : 0);
		khugepaged_enable(&settings);
		assert_int_equal(khugepaged_start(i % 2), 0);
		threads_run(USERS, live_and_exit, policy);
		khugepaged_stop();
		syncpoint_noise(0);
		khugepaged_disable();
		assert_int_equal(khugepaged_nr_slots(), 0);
		assert_true(world_stop());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_hold_among_others),
		cmocka_unit_test(address_spaces_come_and_go_beside_its_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
