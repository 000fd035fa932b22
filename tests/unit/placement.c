/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * placement: threads run, and frames, struct pages, page tables and objects lie, on the nodes they were meant for.
 * The kernel's report of a sample of pages decides. A host of one node shows that one; the rest is reported as not
 * checked.
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

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/host/arena.h"
#include "core/host/rcu.h"
#include "core/host/topology.h"
#include "core/host/typesafe.h"
#include "core/mm/mm.h"
#include "core/op/exit.h"
#include "core/op/fault.h"
#include "core/op/mmap.h"
#include "core/phys/frame.h"
#include "core/policy/policy.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"

#define SAMPLE		64
#define FRAMES		8192ul	/* a node's */
#define MAX_THREADS	TEST_MAX_THREADS

static unsigned int nr_nodes;
static unsigned int asked, wrong, unknown;	/* (A) pages; on another node than meant; not reported by the kernel */

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
static void expect_on_nodes(const char *what, void *const *addrs, unsigned int nr, const unsigned int *meant)
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
		elsewhere += nodes[i] >= 0 && nodes[i] != (int)meant[i];
	}
	if (elsewhere)
		print_error("%u of %u %s, the first meant for node %u, lie elsewhere\n", elsewhere, nr, what, meant[0]);
	fetch_add_relaxed(&wrong, elsewhere);
	fetch_add_relaxed(&unknown, silent);
	fetch_add_relaxed(&asked, nr);
}

static void expect_on_node(const char *what, void *const *addrs, unsigned int nr, unsigned int node)
{
	unsigned int meant[SAMPLE];

	for (unsigned int i = 0; i < SAMPLE; i++)
		meant[i] = node;
	expect_on_nodes(what, addrs, nr, meant);
}

/*
 * The calling cpu's frames of one use: its policy was just set, so those that come in turn begin behind its own node.
 */
static void expect_frames(enum frame_use use, struct mempolicy policy)
{
	void *frames[SAMPLE], *descriptions[SAMPLE];
	unsigned int nodes[SAMPLE], node = mempolicy_node(policy, this_cpu->node);
	struct page *pages[SAMPLE];

	for (unsigned int i = 0; i < SAMPLE; i++) {
		pages[i] = alloc_page(use == FRAME_TABLE ? PAGE_TABLE : PAGE_ANON);
		BUG_ON(!pages[i]);
		frames[i] = memset(page_address(pages[i]), 0, FRAME_SIZE);
		descriptions[i] = pages[i];
		nodes[i] = (node == NODE_IN_TURN ? this_cpu->node + 1 + i : node) % nr_nodes;
		BUG_ON(page_to_nid(pages[i]) != nodes[i]);
	}
	expect_on_nodes(use == FRAME_TABLE ? "page tables" : "frames", frames, SAMPLE, nodes);
	expect_on_nodes("struct pages", descriptions, SAMPLE, nodes);
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
static struct mempolicy policies[NR_FRAME_USES];
static bool on_its_pu[MAX_THREADS];

/* The calling thread takes its frames as @pin and policies say. */
static void settle(const struct pin *pin)
{
	cpu_stand_for(pin->node);
	for (enum frame_use use = 0; use < NR_FRAME_USES; use++)
		cpu_set_mempolicy(use, policies[use]);
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
	on_its_pu[index] = CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set) &&
			   (int)node == topology_node_os_index(pin->node);
	settle(pin);
	for (enum frame_use use = 0; use < NR_FRAME_USES; use++)
		expect_frames(use, policies[use]);
	expect_objects(pin->node);
	expect_typesafe(pin->node);
	frame_drain_cpu();
}

static void run_placed(enum placement placement, unsigned int node, struct mempolicy data, struct mempolicy tables)
{
	unsigned int n = min(topology_pus(), (unsigned int)MAX_THREADS);

	policies[FRAME_DATA] = data;
	policies[FRAME_TABLE] = tables;
	if (topology_plan(placement, n, node, pins))
		return;			/* a node without PUs */
	threads_run(n, look_around, NULL);
	for (unsigned int i = 0; i < n; i++)
		assert_true(on_its_pu[i]);
}

/* Threads, frames and page tables are placed apart: each pair of choices for memory, under each for threads. */
static void threads_find_their_memory(void **state)
{
	const struct mempolicy all[] = {
		{ MEM_LOCAL, 0 }, { MEM_REMOTE, 0 }, { MEM_INTERLEAVE, 0 }, { MEM_NODE, nr_nodes - 1 }
	};

	(void)state;
	forget();
	for (unsigned int d = 0; d < ARRAY_SIZE(all); d++)
		for (unsigned int t = 0; t < ARRAY_SIZE(all); t++) {
			for (enum placement placement = PLACE_COMPACT; placement <= PLACE_SCATTER; placement++)
				run_placed(placement, 0, all[d], all[t]);
			for (unsigned int node = 0; node < nr_nodes; node++)
				run_placed(PLACE_NODE, node, all[d], all[t]);
		}
	expect_all_right();
	assert_int_equal(topology_pin_failures(), 0);
	assert_int_equal(topology_bind_failures(), 0);
	print_message("%u pages on %u nodes, %u not reported\n", asked, nr_nodes, unknown);
	if (nr_nodes == 1)
		print_message("one node: what is remote was not checked\n");
}

/* ---- an address space ---- */
#define AREA	PUD_SIZE
#define PAGES	(4ul * PTRS_PER_PTE)

/*
 * All that is in use as @type, but no more than a sample, lies where the host was asked to put node @nid. Returns how
 * many.
 */
static unsigned int expect_used(enum page_type type, unsigned int nid)
{
	void *frames[SAMPLE];
	unsigned int nr = 0, sampled = 0;

	for (unsigned long pfn = 0; pfn < machine.max_pfn; pfn++) {
		if (!pfn_valid(pfn) || page_type(pfn_to_page(pfn)) != type)
			continue;
		assert_int_equal(pfn_to_nid(pfn), nid);
		if (nr++ % (PAGES / SAMPLE) == 0 && sampled < SAMPLE)
			frames[sampled++] = page_address(pfn_to_page(pfn));
	}
	if (sampled)
		expect_on_node(type == PAGE_TABLE ? "tables of the mm" : "frames of the mm", frames, sampled, nid);
	return nr;
}

static void fill_and_look(unsigned int thread_node, unsigned int data_node, unsigned int table_node)
{
	struct mm_struct *mm;

	policies[FRAME_DATA] = (struct mempolicy){ MEM_NODE, data_node };
	policies[FRAME_TABLE] = (struct mempolicy){ MEM_NODE, table_node };
	settle(&(struct pin){ 0, thread_node });
	mm = mm_create(&policy_default()->policy);
	BUG_ON(!mm);
	BUG_ON(sys_mmap(mm, AREA, PAGES << PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			0) < 0);
	for (unsigned long i = 0; i < PAGES; i++)
		BUG_ON(do_user_addr_fault(mm, AREA + (i << PAGE_SHIFT), FAULT_FLAG_WRITE));
	assert_int_equal(expect_used(PAGE_ANON, data_node), PAGES);
	assert_true(expect_used(PAGE_TABLE, table_node) >= 4 + 3);
	mm_exit(mm);
	rcu_barrier();
}

/* Every node for the threads, with every one for what they write to, with every one for the tables above that. */
static void an_address_space_lies_where_asked(void **state)
{
	(void)state;
	forget();
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	for (unsigned int cell = 0; cell < nr_nodes * nr_nodes * nr_nodes; cell++)
		fill_and_look(cell / nr_nodes / nr_nodes, cell / nr_nodes % nr_nodes, cell % nr_nodes);
	frame_drain_cpu();
	cpu_unregister();
	expect_all_right();
	assert_int_equal(events_total(EV_FRAME_WRONG_NODE), 0);
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
	if (faultline_start(&config))
		return -1;
	cache = typesafe_cache_create("placed", 5000, 0, NULL);
	return cache ? 0 : -1;
}

static int down(void **state)
{
	unsigned long leaked;
	struct leaks leaks;

	(void)state;
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	leaked = typesafe_cache_destroy(cache);
	leaks = faultline_stop();
	cpu_unregister();
	topology_free();
	return teardown(!leaked && !leaks.frames && !leaks.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_find_their_memory),
		cmocka_unit_test(an_address_space_lies_where_asked),
		cmocka_unit_test(each_node_holds_its_part),
		cmocka_unit_test(a_wrong_node_is_seen),
	};

	return cmocka_run_group_tests(tests, up, down);
}
