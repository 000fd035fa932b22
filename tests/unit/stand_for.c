/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stand_for: what one thread sets up for others lies where they would have put it, on a machine of four nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/world.h"
#include "workloads/lib/workload.h"

#define NODES	4u
#define FRAMES	(1ul << 15)	/* a node's */
#define PAGES	4096l		/* of each worker */

static const unsigned int nodes[NODES] = { 2, 0, 3, 1 };	/* of the workers */

/* Pages of data, and tables of PTEs, that are in use on node @nid. */
static unsigned long in_use(unsigned int nid, enum page_type type)
{
	unsigned long nr = 0;

	for (unsigned long pfn = 0; pfn < machine.max_pfn; pfn++)
		if (pfn_valid(pfn) && pfn_to_nid(pfn) == nid && page_type(pfn_to_page(pfn)) == type)
			nr += type != PAGE_TABLE || pfn_to_page(pfn)->level == LEVEL_PTE;
	return nr;
}

/* Set up by a thread of node 0 that takes its frames as @data and @tables say. */
static struct workload_run set_up(const char *name, const unsigned int *of_workers, enum mem_policy data,
				  enum mem_policy tables)
{
	struct workload_run run = {
		.workload = workload_find(name),
		.policy = policy_default()->policy,
		.threads = NODES,
		.choice = { PAGES },
		.nodes = of_workers,
	};

	assert_non_null(run.workload);
	cpu_stand_for(0);
	cpu_set_mempolicy(FRAME_DATA, (struct mempolicy){ data, 0 });
	cpu_set_mempolicy(FRAME_TABLE, (struct mempolicy){ tables, 0 });
	assert_int_equal(run.workload->setup(&run), 0);
	return run;
}

static void take_down(struct workload_run *run)
{
	run->workload->teardown(run);
	rcu_barrier();
}

static const char *const with_tables[] = { "walk_dense", "walk_thp", "gup_read", "fork_exit" };
static const char *const with_data[] = { "gup_read", "gup_write", "fork_exit" };

/* Row: M1. */
/* Every node has one worker, and so what one worker has. */
static void each_worker_has_its_own_beside_it(void **state)
{
	(void)state;
	for (unsigned int w = 0; w < ARRAY_SIZE(with_tables); w++) {
		struct workload_run run = set_up(with_tables[w], nodes, MEM_LOCAL, MEM_LOCAL);

		for (unsigned int nid = 0; nid < NODES; nid++)
			assert_int_equal(in_use(nid, PAGE_TABLE), PAGES / PTRS_PER_PTE);
		take_down(&run);
	}
	for (unsigned int w = 0; w < ARRAY_SIZE(with_data); w++) {
		struct workload_run run = set_up(with_data[w], nodes, MEM_LOCAL, MEM_LOCAL);

		for (unsigned int nid = 0; nid < NODES; nid++)
			assert_int_equal(in_use(nid, PAGE_ANON), PAGES);
		take_down(&run);
	}
}

/* Two workers, of nodes 1 and 2: their pages beside them, their tables one node on. */
static void data_and_tables_go_their_own_ways(void **state)
{
	const unsigned int two[NODES] = { 1, 2, 1, 2 };
	struct workload_run run = set_up("gup_write", two, MEM_LOCAL, MEM_REMOTE);

	(void)state;
	for (unsigned int nid = 0; nid < NODES; nid++) {
		assert_int_equal(in_use(nid, PAGE_ANON), nid == 1 || nid == 2 ? 2 * PAGES : 0);
		assert_int_equal(in_use(nid, PAGE_TABLE), nid == 2 || nid == 3 ? 2 * PAGES / PTRS_PER_PTE : 0);
	}
	take_down(&run);
}

/* The check can fail: no thread is represented, and all memory is on the node of the one thread. */
static void without_nodes_all_is_on_the_node_of_the_set_up(void **state)
{
	struct workload_run run = set_up("gup_write", NULL, MEM_LOCAL, MEM_LOCAL);

	(void)state;
	assert_int_equal(in_use(0, PAGE_ANON), NODES * PAGES);
	assert_int_equal(in_use(0, PAGE_TABLE), NODES * PAGES / PTRS_PER_PTE);
	take_down(&run);
}

static int up(void **state)
{
	const struct machine_config config = { NODES, FRAMES, 0 };

	(void)state;
	return faultline_start(&config) || cpu_register(0, MEM_LOCAL, 1);
}

static int down(void **state)
{
	struct leaks leaks;

	(void)state;
	rcu_barrier();
	frame_drain_cpu();
	leaks = faultline_stop();
	cpu_unregister();
	return teardown(!leaks.frames && !leaks.vmas && !leaks.anon_vmas && !leaks.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_worker_has_its_own_beside_it),
		cmocka_unit_test(data_and_tables_go_their_own_ways),
		cmocka_unit_test(without_nodes_all_is_on_the_node_of_the_set_up),
	};

	return cmocka_run_group_tests(tests, up, down);
}
