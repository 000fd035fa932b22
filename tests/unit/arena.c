/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arena: alignment, contents, the node asked for, what is out, failures. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if !FAULTLINE_PLAIN_ALLOC
#include <jemalloc/jemalloc.h>
#endif

#include "core/base/cpu.h"
#include "core/host/arena.h"
#include "core/host/topology.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/threads.h"

static void aligned_and_cleared(void **state)
{
	static const size_t sizes[] = { 1, 24, 200, 4096, 5000, 1 << 20 }, aligns[] = { 0, 16, 64, 4096, 32768 };

	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++)
		for (unsigned int a = 0; a < ARRAY_SIZE(aligns); a++) {
			unsigned char *p = node_alloc(0, sizes[s], aligns[a]);

			assert_non_null(p);
			assert_true(IS_ALIGNED((uintptr_t)p, aligns[a] ? aligns[a] : 16));
			memset(p, 0xff, sizes[s]);
			node_free(p, 0, sizes[s]);
			p = node_zalloc(0, sizes[s], aligns[a]);
			assert_non_null(p);
			for (size_t i = 0; i < sizes[s]; i++)
				assert_int_equal(p[i], 0);
			node_free(p, 0, sizes[s]);
		}
	node_free(NULL, 0, 100);
	assert_int_equal(arena_live_bytes(), 0);
}

/* Plain malloc() must never be served from a node's memory, nor a node from another's, whatever was freed before. */
static void blocks_stay_with_their_node(void **state)
{
	void *blocks[3][100], *other;

	(void)state;
	if (FAULTLINE_PLAIN_ALLOC) {
		assert_int_equal(arena_node_of(state), -EOPNOTSUPP);
		skip();
	}
	for (int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 100; i++)
			for (unsigned int node = 0; node < 3; node++) {
				blocks[node][i] = node_alloc(node, 200, 64);
				assert_int_equal(arena_node_of(blocks[node][i]), node);
			}
		for (unsigned int i = 0; i < 100; i++)
			for (unsigned int node = 0; node < 3; node++)
				node_free(blocks[node][i], node, 200);
		other = malloc(200);
		assert_int_equal(arena_node_of(other), -ENOENT);
		free(other);
	}
	other = node_alloc(1, 3 << 20, 4096);
	assert_int_equal(arena_node_of(other), 1);
	node_free(other, 1, 3 << 20);
}

static void local_is_the_cpus_node(void **state)
{
	void *p;

	(void)state;
	assert_int_equal(local_node(), 0);
	assert_int_equal(cpu_register(2, MEM_LOCAL, 1), 0);
	assert_int_equal(local_node(), 2);
	p = local_zalloc(100, 0);
	assert_int_equal(arena_live_bytes_node(2), 100);
	assert_int_equal(arena_live_bytes_node(0), 0);
	node_free(p, 2, 100);
	cpu_unregister();
	assert_int_equal(arena_live_bytes(), 0);
}

/* One thread's allocations are freed by another, which is no cpu. */
static void *free_it(void *p)
{
	node_free(p, 1, 300);
	return NULL;
}

static void the_count_adds_up_over_threads(void **state)
{
	pthread_t thread;
	void *p;

	(void)state;
	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), 0);
	p = node_alloc(1, 300, 0);
	assert_int_equal(arena_live_bytes(), 300);
	assert_int_equal(pthread_create(&thread, NULL, free_it, p), 0);
	pthread_join(thread, NULL);
	cpu_unregister();
	assert_int_equal(arena_live_bytes(), 0);
	assert_int_equal(arena_live_bytes_node(1), 0);
}

#define SLOTS	64

/* Blocks change hands through @slots; each carries its size at both ends. */
static void swap_blocks(void *arg, unsigned int index)
{
	void **slots = arg;

	(void)index;
	for (int i = 0; i < 5000; i++) {
		size_t n = 2 + rng_below(&this_cpu->rng, 200);
		size_t *p = node_alloc(1, n * sizeof(size_t), 0);

		p[0] = p[n - 1] = n;
		p = xchg_acq_rel(&slots[rng_below(&this_cpu->rng, SLOTS)], (void *)p);
		if (!p)
			continue;
		assert_true(p[0] == p[p[0] - 1]);
		node_free(p, 1, p[0] * sizeof(size_t));
	}
}

static void blocks_change_hands(void **state)
{
	static void *slots[SLOTS];
	size_t out = 0;

	(void)state;
	threads_run(4, swap_blocks, slots);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i])
			out += *(size_t *)slots[i] * sizeof(size_t);
	assert_int_equal(arena_live_bytes(), out);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i])
			node_free(slots[i], 1, *(size_t *)slots[i] * sizeof(size_t));
	assert_int_equal(arena_live_bytes(), 0);
}

#if !FAULTLINE_PLAIN_ALLOC
/* What is free goes back at once, as it would some seconds later. */
static void purge(void)
{
	char name[32];

	snprintf(name, sizeof(name), "arena.%u.purge", MALLCTL_ARENAS_ALL);
	assert_int_equal(mallctl(name, NULL, NULL, NULL, 0), 0);
}

/* An arena such as malloc()'s own grows by several ranges, and everything in it is free again. */
static void fill_and_empty_another_arena(void)
{
	void *blocks[8];
	unsigned int arena;
	size_t len = sizeof(arena);
	int flags;

	assert_int_equal(mallctl("arenas.create", &arena, &len, NULL, 0), 0);
	flags = MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE;
	for (unsigned int i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = mallocx(3 << 19, flags);
		assert_non_null(blocks[i]);
		assert_int_equal(arena_node_of(blocks[i]), -ENOENT);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(blocks); i++)
		dallocx(blocks[i], flags);
	purge();
}
#endif

/*
 * jemalloc joins free ranges that meet, unless the upper one is marked as the start of a mapping. Were a node's memory
 * unmapped in parts, a part without that mark could meet another arena's range, and a block be in both.
 */
static void ranges_of_arenas_meet(void **state)
{
	(void)state;
#if FAULTLINE_PLAIN_ALLOC
	skip();
#else
	for (unsigned int node = 0; node < ARENA_MAX_NODES - 1; node++) {
		void *p = node_alloc(node, 16384, 4096);

		assert_non_null(p);
		node_free(p, node, 16384);
		purge();
		fill_and_empty_another_arena();
		p = node_alloc(node, 3 << 19, 4096);
		assert_int_equal(arena_node_of(p), node);
		node_free(p, node, 3 << 19);
	}
	assert_int_equal(arena_live_bytes(), 0);
#endif
}

/* Memory of a node that the host lacks is memory all the same; the failure is counted. */
static void absent_nodes_are_counted(void **state)
{
	unsigned int before;
	void *p;

	(void)state;
	assert_int_equal(topology_load(NULL), 0);
	before = topology_bind_failures();
	p = node_zalloc(ARENA_MAX_NODES - 1, 100, 0);
	assert_non_null(p);
	memset(p, 1, 100);
	node_free(p, ARENA_MAX_NODES - 1, 100);
	if (!FAULTLINE_PLAIN_ALLOC && topology_nodes() < ARENA_MAX_NODES)
		assert_true(topology_bind_failures() > before);
	topology_free();
}

static void injected_failures(void **state)
{
	void *p;

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();
	inject_alloc_failure(2);
	p = node_alloc(0, 10, 0);
	assert_non_null(p);
	assert_null(node_zalloc(0, 10, 0));
	node_free(p, 0, 10);
	inject_alloc_failure(1);
	assert_null(local_zalloc(10, 0));
	inject_alloc_failure(0);
	assert_int_equal(arena_live_bytes(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligned_and_cleared),
		cmocka_unit_test(blocks_stay_with_their_node),
		cmocka_unit_test(local_is_the_cpus_node),
		cmocka_unit_test(the_count_adds_up_over_threads),
		cmocka_unit_test(blocks_change_hands),
		cmocka_unit_test(ranges_of_arenas_meet),
		cmocka_unit_test(absent_nodes_are_counted),
		cmocka_unit_test(injected_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
