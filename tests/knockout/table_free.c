/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table_free.c - table-free, step by step: a reader has read a PMD entry and stands still; another thread empties and
 * unlinks the table and waits for it to be freed. The reader's section must keep it; without the section it is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/threads.h"

#define WINDOW		0x40000000UL
#define FREED_MS	300		/* a table without readers is freed within this time */

static struct mm_struct *mm;
static unsigned int reader_stands, table_freed;	/* steps */
static _Thread_local bool is_reader;
static bool freed_under_reader;			/* by the reader, before it ends */

static void stand_still(void *arg)
{
	(void)arg;
	if (!is_reader || load_relaxed(&reader_stands))
		return;
	step_reach(&reader_stands, 1);
	freed_under_reader = step_within(&table_freed, 1, FREED_MS);
}

static void read_or_free(void *arg, unsigned int index)
{
	(void)arg;
	if (index == 0) {
		is_reader = true;
		do_user_addr_fault(mm, WINDOW, FAULT_FLAG_WRITE);
	} else {
		step_await(&reader_stands, 1);
		sys_madvise(mm, WINDOW, PMD_SIZE, MADV_DONTNEED);
		rcu_barrier();
		step_reach(&table_freed, 1);
	}
	frame_drain_cpu();
}

/* True when the reader came through with its table still a table. */
static bool reader_comes_through(const struct attempt *attempt)
{
	bool good;

	(void)attempt;
	BUG_ON(faultline_start(&(struct machine_config){ .nr_nodes = 1, .frames_per_node = 4096 }));
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	mm = mm_create(&policy_default()->policy);
	BUG_ON(!mm ||
	       sys_mmap(mm, WINDOW, PMD_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	BUG_ON(do_user_addr_fault(mm, WINDOW, FAULT_FLAG_WRITE));
	BUG_ON(syncpoint_hook("ptl.map.read_pmd", stand_still, NULL));
	threads_run(2, read_or_free, NULL);
	syncpoint_hook(NULL, NULL, NULL);
	good = !freed_under_reader && load_relaxed(&reader_stands) && rests(&mm, 1);
	mm_exit(mm);
	frame_drain_cpu();
	cpu_unregister();
	faultline_stop();
	return good;
}

static void the_section_keeps_the_table(void **state)
{
	(void)state;
	assert_true(clean_is_quiet(reader_comes_through, NULL));
}

/* Row: L2. */
static void without_it_the_table_is_gone(void **state)
{
	(void)state;
#if defined(FAULTLINE_RCU_QSBR)
	skip();		/* in QSBR every thread is a reader all the time */
#endif
	assert_true(knocked_is_seen(&(struct knocked){ "table-free:B", { "points_to_table" } }, reader_comes_through,
				    NULL, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_section_keeps_the_table),
		cmocka_unit_test(without_it_the_table_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
