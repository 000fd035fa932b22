/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * placement: threads run, and frames, struct pages, page tables and objects lie, on the nodes they were meant for.
 * What the kernel says of a sample of pages decides. A host of one node shows that one; the rest is told as not checked.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/base/rcu.h"
#include "core/base/topology.h"
#include "core/base/typesafe.h"
#include "core/phys/frame.h"
#include "tests/lib/threads.h"

#define SAMPLE		64
#define FRAMES		8192ul	/* a node's */
#define MAX_THREADS	TEST_MAX_THREADS

static unsigned int nr_nodes;
static unsigned int asked, wrong, unknown;	/* (A) pages; on another node than meant; not told of by the kernel */

static void forget(void)
{
	asked = wrong = unknown = 0;
}

static void expect_all_right(void)
{
	assert_true(asked > 0);
	assert_int_equal(wrong, 0);
	assert_true(unknown <= asked / 8);
}

/* Of a page it is just scanning the kernel may say -ENOENT or -EFAULT: those are counted, and must be few. */
static void expect_on_node(const char *what, void *const *addrs, unsigned int nr, unsigned int node)
{
	unsigned int elsewhere = 0, silent = 0;
	int nodes[SAMPLE] = { 0 };

	BUG_ON(nr > SAMPLE);
	if (topology_locate(addrs, nr, nodes)) {
		fetch_add_relaxed(&unknown, nr);
		return;
	}
	for (unsigned int i = 0; i < nr; i++) {
		silent += nodes[i] == -ENOENT || nodes[i] == -EFAULT;
		elsewhere += nodes[i] >= 0 && nodes[i] != (int)node;
	}
	if (elsewhere)
		print_error("%u of %u %s meant for node %u lie elsewhere\n", elsewhere, nr, what, node);
	fetch_add_relaxed(&wrong, elsewhere);
	fetch_add_relaxed(&unknown, silent);
	fetch_add_relaxed(&asked, nr);
}

static void expect_frames(enum page_type type, unsigned int node)
{
	void *frames[SAMPLE], *descriptions[SAMPLE];
	struct page *pages[SAMPLE];

	for (unsigned int i = 0; i < SAMPLE; i++) {
		pages[i] = alloc_page(type);
		BUG_ON(!pages[i]);
		frames[i] = memset(page_address(pages[i]), 0, FRAME_SIZE);
		descriptions[i] = pages[i];
		BUG_ON(page_to_nid(pages[i]) != node);
	}
	expect_on_node(type == PAGE_TABLE ? "page tables" : "frames", frames, SAMPLE, node);
	expect_on_node("struct pages", descriptions, SAMPLE, node);
	for (unsigned int i = 0; i < SAMPLE; i++)
		free_page(pages[i]);
}

static void expect_objects(unsigned int node)
{
	void *objs[SAMPLE];

	for (unsigned int i = 0; i < SAMPLE; i++) {
		objs[i] = node_alloc(node, 5000, 0);
		BUG_ON(!objs[i]);
		memset(objs[i], 1, 1);
	}
	if (!FAULTLINE_PLAIN_ALLOC)
		expect_on_node("objects", objs, SAMPLE, node);
	for (unsigned int i = 0; i < SAMPLE; i++)
		node_free(objs[i], node, 5000);
}

static struct typesafe_cache *cache;

static void expect_typesafe(unsigned int node)
{
	void *objs[SAMPLE];

	for (unsigned int i = 0; i < SAMPLE; i++) {
		objs[i] = typesafe_alloc(cache);
		BUG_ON(!objs[i]);
		memset(objs[i], 1, 1);
	}
	if (!FAULTLINE_PLAIN_ALLOC)
		expect_on_node("type-stable objects", objs, SAMPLE, node);
	for (unsigned int i = 0; i < SAMPLE; i++)
		typesafe_free(cache, objs[i]);
}

/* ---- threads, each pinned by a plan ---- */
static struct pin pins[MAX_THREADS];
static enum mem_policy policy;
static bool on_its_pu[MAX_THREADS];

static unsigned int meant_node(const struct pin *pin)
{
	return policy == MEM_REMOTE ? (pin->node + 1) % nr_nodes : pin->node;
}

static void look_around(void *arg, unsigned int index)
{
	const struct pin *pin = &pins[index];
	unsigned int cpu, node;
	cpu_set_t set;

	(void)arg;
	BUG_ON(topology_pin_self(pin));
	sched_yield();
	BUG_ON(sched_getaffinity(0, sizeof(set), &set) || getcpu(&cpu, &node));
	on_its_pu[index] = CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set) && (int)node == topology_node_os_index(pin->node);
	this_cpu->node = pin->node;
	this_cpu->mem_policy = policy;
	expect_frames(PAGE_ANON, meant_node(pin));
	expect_frames(PAGE_TABLE, meant_node(pin));
	expect_objects(pin->node);
	expect_typesafe(pin->node);
	frame_drain_cpu();
}

static void run_placed(enum placement placement, enum mem_policy mem_policy)
{
	unsigned int n = min(topology_pus(), (unsigned int)MAX_THREADS);

	policy = mem_policy;
	assert_int_equal(topology_plan(placement, n, 0, pins), 0);
	threads_run(n, look_around, NULL);
	for (unsigned int i = 0; i < n; i++)
		assert_true(on_its_pu[i]);
}

static void threads_find_their_memory(void **state)
{
	(void)state;
	forget();
	for (enum placement placement = PLACE_COMPACT; placement <= PLACE_SCATTER; placement++) {
		run_placed(placement, MEM_LOCAL);
		run_placed(placement, MEM_REMOTE);
	}
	expect_all_right();
	assert_int_equal(topology_pin_failures(), 0);
	assert_int_equal(topology_bind_failures(), 0);
	print_message("%u pages on %u nodes, %u not told of\n", asked, nr_nodes, unknown);
	if (nr_nodes == 1)
		print_message("one node: what is remote was not checked\n");
}

/* Every node, those without PUs too. */
/* Row: M1. */
static void each_node_holds_its_part(void **state)
{
	(void)state;
	forget();
	for (unsigned int nid = 0; nid < nr_nodes; nid++) {
		void *frames[SAMPLE];
		struct page *pages[SAMPLE];

		for (unsigned int i = 0; i < SAMPLE; i++) {
			pages[i] = alloc_pages_node(nid, i % 8, PAGE_ANON);
			frames[i] = page_address(pages[i]);
			memset(frames[i], 1, FRAME_SIZE);
		}
		expect_on_node("frames", frames, SAMPLE, nid);
		for (unsigned int i = 0; i < SAMPLE; i++)
			free_pages(pages[i], i % 8);
		expect_objects(nid);
	}
	expect_all_right();
}

/* That the question can be answered wrongly: first touch on a node other than asked for is seen. */
static void a_wrong_node_is_seen(void **state)
{
	struct page *page = alloc_pages_node(0, 0, PAGE_ANON);
	void *frame = memset(page_address(page), 1, FRAME_SIZE);

	(void)state;
	forget();
	expect_on_node("(on purpose) frames", &frame, 1, 0);
	assert_int_equal(wrong, 0);
	expect_on_node("(on purpose) frames", &frame, 1, 1);
	assert_int_equal(wrong, 1);
	free_page(page);
}

static int up(void **state)
{
	struct machine_config config = { 0, FRAMES, 4096 };

	(void)state;
	if (topology_load(NULL))
		return -1;
	nr_nodes = config.nr_nodes = topology_nodes();
	if (machine_init(&config))
		return -1;
	cache = typesafe_cache_create("placed", 5000, 0, NULL);
	return cache ? 0 : -1;
}

static int down(void **state)
{
	unsigned long leaked;

	(void)state;
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	leaked = typesafe_cache_destroy(cache);
	cpu_unregister();
	leaked += machine_exit() + arena_live_bytes();
	topology_free();
	return leaked != 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_find_their_memory),
		cmocka_unit_test(each_node_holds_its_part),
		cmocka_unit_test(a_wrong_node_is_seen),
	};

	return cmocka_run_group_tests(tests, up, down);
}
