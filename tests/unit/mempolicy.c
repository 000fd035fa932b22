/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mempolicy: which node frames and page tables are taken from, on machines of many nodes that are only described. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/host/topology.h"
#include "core/phys/frame.h"

#define FRAMES	1024ul		/* a node's */

static const struct mempolicy local = { MEM_LOCAL, 0 }, remote = { MEM_REMOTE, 0 }, interleave = { MEM_INTERLEAVE, 0 };

static void machine_up(unsigned int nodes)
{
	const struct machine_config config = { nodes, FRAMES, 0 };

	events_reset();
	assert_int_equal(machine_init(&config), 0);
}

static void unregister(void)
{
	frame_drain_cpu();
	cpu_unregister();
}

/* After a test that failed half way the next one still starts clean. */
static int clean(void **state)
{
	(void)state;
	if (this_cpu)
		unregister();
	if (machine.frames)
		machine_exit();
	topology_free();
	return 0;
}

static unsigned int node_of(enum page_type type)
{
	struct page *page = alloc_page(type);
	unsigned int nid;

	assert_non_null(page);
	nid = page_to_nid(page);
	free_page(page);
	return nid;
}

static void place(struct mempolicy data, struct mempolicy tables)
{
	cpu_set_mempolicy(FRAME_DATA, data);
	cpu_set_mempolicy(FRAME_TABLE, tables);
}

static void a_policy_chooses_nodes(void **state)
{
	(void)state;
	machine_up(3);
	assert_int_equal(node_of(PAGE_ANON), 0);		/* not a cpu */
	assert_int_equal(node_of(PAGE_TABLE), 0);
	assert_int_equal(cpu_register(2, MEM_LOCAL, 1), 0);
	assert_int_equal(node_of(PAGE_ANON), 2);
	unregister();
	assert_int_equal(cpu_register(2, MEM_REMOTE, 1), 0);	/* the last node's next one is the first */
	assert_int_equal(node_of(PAGE_ANON), 0);
	assert_int_equal(node_of(PAGE_TABLE), 0);
	unregister();
	assert_int_equal(cpu_register(0, MEM_INTERLEAVE, 1), 0);
	for (unsigned int i = 1; i < 10; i++)
		assert_int_equal(node_of(PAGE_ANON), i % 3);
	unregister();
	assert_int_equal(cpu_register(7, MEM_LOCAL, 1), 0);	/* the host has more nodes than the machine */
	assert_int_equal(node_of(PAGE_ANON), 1);
	place((struct mempolicy){ MEM_NODE, 5 }, (struct mempolicy){ MEM_NODE, 0 });
	assert_int_equal(node_of(PAGE_ANON), 2);
	assert_int_equal(node_of(PAGE_TABLE), 0);
	for (unsigned int nid = 0; nid < 3; nid++) {
		struct page *page = alloc_pages_node(nid, 3, 0);

		assert_int_equal(page_to_nid(page), nid);
		free_pages(page, 3);
	}
	assert_int_equal(events_total(EV_FRAME_WRONG_NODE), 0);
}

/* Row: M1. */
/* Every pair of choices: neither use follows the other, and each goes round by itself. */
static void tables_have_their_own_place(void **state)
{
	const struct mempolicy all[] = { local, remote, interleave, { MEM_NODE, 0 }, { MEM_NODE, 3 } };

	(void)state;
	machine_up(4);
	assert_int_equal(cpu_register(2, MEM_LOCAL, 1), 0);
	for (unsigned int d = 0; d < ARRAY_SIZE(all); d++)
		for (unsigned int t = 0; t < ARRAY_SIZE(all); t++) {
			place(all[d], all[t]);
			for (unsigned int i = 1; i <= 8; i++) {
				const unsigned int wanted[] = { 2, 3, (2 + i) % 4, 0, 3 };

				assert_int_equal(node_of(PAGE_ANON), wanted[d]);
				assert_int_equal(node_of(PAGE_TABLE), wanted[t]);
			}
		}
	assert_int_equal(events_total(EV_FRAME_WRONG_NODE), 0);
}

/* Blocks of many frames, and those of a node that has no more, which come from the next and are counted. */
static void a_full_node_is_reported(void **state)
{
	struct page *table;

	(void)state;
	machine_up(2);
	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), 0);
	place((struct mempolicy){ MEM_NODE, 1 }, (struct mempolicy){ MEM_NODE, 1 });
	for (unsigned int order = 0; order < 4; order++) {
		struct page *page = alloc_pages(order, PAGE_ANON);

		assert_int_equal(page_to_nid(page), 1);
		free_pages(page, order);
	}
	frame_drain_cpu();
	while (alloc_pages_node(1, 0, PAGE_ANON | ALLOC_THISNODE))
		;
	assert_int_equal(events_total(EV_FRAME_WRONG_NODE), 0);
	table = alloc_page(PAGE_TABLE);
	assert_non_null(table);
	assert_int_equal(page_to_nid(table), 0);
	assert_int_equal(events_total(EV_FRAME_WRONG_NODE), 1);
	free_page(table);
	for (unsigned long pfn = FRAMES; pfn < 2 * FRAMES; pfn++)
		free_page(pfn_to_page(pfn));
	unregister();
	assert_int_equal(machine_exit(), 0);
}

/* What a run does with a plan: each thread in its place, and its frames relative to that. */
static void expect_plan(const char *described, enum placement placement, unsigned int node, struct mempolicy data,
			struct mempolicy tables, unsigned int n, const unsigned int *data_nodes,
			const unsigned int *table_nodes)
{
	struct pin pins[16];

	assert_int_equal(topology_load(described), 0);
	assert_false(topology_is_real());
	assert_int_equal(topology_plan(placement, n, node, pins), 0);
	machine_up(topology_nodes());
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(topology_pin_self(&pins[i]), 0);
		assert_int_equal(cpu_register(pins[i].node, MEM_LOCAL, i), 0);
		place(data, tables);
		assert_int_equal(node_of(PAGE_ANON), data_nodes[i]);
		assert_int_equal(node_of(PAGE_TABLE), table_nodes[i]);
		unregister();
	}
	assert_int_equal(machine_exit(), 0);
	topology_free();
}

#define NODES(...)	((const unsigned int[]){ __VA_ARGS__ })

static void plans_on_described_machines(void **state)
{
	const char *two = "node:2 core:4 pu:1", *four = "node:4 core:2 pu:2";

	(void)state;
	expect_plan(two, PLACE_COMPACT, 0, local, remote, 6, NODES(0, 0, 0, 0, 1, 1), NODES(1, 1, 1, 1, 0, 0));
	expect_plan(two, PLACE_SCATTER, 0, remote, local, 4, NODES(1, 0, 1, 0), NODES(0, 1, 0, 1));
	expect_plan(four, PLACE_SCATTER, 0, remote, interleave, 5, NODES(1, 2, 3, 0, 1), NODES(1, 2, 3, 0, 1));
	expect_plan(four, PLACE_NODE, 3, interleave, (struct mempolicy){ MEM_NODE, 2 }, 3, NODES(0, 0, 0),
		    NODES(2, 2, 2));
	expect_plan(four, PLACE_COMPACT, 0, (struct mempolicy){ MEM_NODE, 1 }, local, 6, NODES(1, 1, 1, 1, 1, 1),
		    NODES(0, 0, 0, 0, 1, 1));
	expect_plan("node:1 core:2 pu:1", PLACE_SCATTER, 0, interleave, local, 2, NODES(0, 0), NODES(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_policy_chooses_nodes, clean),
		cmocka_unit_test_teardown(tables_have_their_own_place, clean),
		cmocka_unit_test_teardown(a_full_node_is_reported, clean),
		cmocka_unit_test_teardown(plans_on_described_machines, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
