/* SPDX-License-Identifier: GPL-2.0-or-later */
/* topology: plans on described machines, binding on this one, and the printed plans. */
#include <errno.h>
#include <hwloc.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/host/topology.h"
#include "tests/lib/harness/scratch.h"

static int unload(void **state)
{
	(void)state;
	unsetenv("HWLOC_SYNTHETIC");
	unsetenv("HWLOC_THISSYSTEM");
	unsetenv("HWLOC_XMLFILE");
	topology_free();
	return 0;
}

static void expect_plan(enum placement placement, unsigned int node, unsigned int n, const struct pin *wanted)
{
	struct pin pins[64];

	assert_int_equal(topology_plan(placement, n, node, pins), 0);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(pins[i].pu, wanted[i].pu);
		assert_int_equal(pins[i].node, wanted[i].node);
	}
}

static void two_nodes_of_four_cores(void **state)
{
	const struct pin compact[] = { { 0, 0 }, { 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 1 },
				       { 5, 1 }, { 6, 1 }, { 7, 1 }, { 0, 0 } };
	const struct pin scatter[] = { { 0, 0 }, { 4, 1 }, { 1, 0 }, { 5, 1 }, { 2, 0 },
				       { 6, 1 }, { 3, 0 }, { 7, 1 }, { 0, 0 } };
	const struct pin second[] = { { 4, 1 }, { 5, 1 }, { 6, 1 }, { 7, 1 }, { 4, 1 } };

	(void)state;
	assert_int_equal(topology_load("node:2 core:4 pu:1"), 0);
	assert_int_equal(topology_nodes(), 2);
	assert_int_equal(topology_cores(), 8);
	assert_int_equal(topology_pus(), 8);
	expect_plan(PLACE_COMPACT, 0, 9, compact);
	expect_plan(PLACE_SCATTER, 0, 9, scatter);
	expect_plan(PLACE_NODE, 1, 5, second);
	assert_int_equal(topology_plan(PLACE_NODE, 1, 2, (struct pin[1]){ { 0, 0 } }), -EINVAL);
}

/* Two PUs a core: all cores of a node come before any sibling, all of a node before the next one. */
/* Row: M1. */
static void four_nodes_with_siblings(void **state)
{
	struct pin compact[64], scatter[64];

	(void)state;
	assert_int_equal(topology_load("node:4 core:8 pu:2"), 0);
	assert_int_equal(topology_pus(), 64);
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int in_node = i % 16, turn = i / 4;

		compact[i] = (struct pin){ i / 16 * 16 + in_node % 8 * 2 + in_node / 8, i / 16 };
		scatter[i] = (struct pin){ i % 4 * 16 + turn % 8 * 2 + turn / 8, i % 4 };
	}
	expect_plan(PLACE_COMPACT, 0, 64, compact);
	expect_plan(PLACE_SCATTER, 0, 64, scatter);
	expect_plan(PLACE_NODE, 3, 16, &compact[48]);
}

static void loading(void **state)
{
	struct pin pin = { 0, 0 };

	(void)state;
	assert_int_equal(topology_plan(PLACE_COMPACT, 1, 0, &pin), -EINVAL);
	assert_int_equal(topology_nodes(), 0);
	assert_int_equal(topology_load("nonsense"), -EINVAL);
	assert_int_equal(topology_load("node:1 core:1 pu:1"), 0);
	assert_int_equal(topology_load(NULL), -EBUSY);
	assert_int_equal(topology_node_os_index(0), 0);
	assert_int_equal(topology_node_os_index(1), -1);
}

static void caches(void **state)
{
	(void)state;
	assert_int_equal(topology_load("node:2 l3:1(size=8388608) core:2 l2:1(size=1048576) l1d:1(size=32768) pu:2"),
			 0);
	assert_int_equal(topology_cache_size(1), 32768);
	assert_int_equal(topology_cache_size(2), 1048576);
	assert_int_equal(topology_cache_size(3), 8388608);
	assert_int_equal(topology_cache_count(1), 4);
	assert_int_equal(topology_cache_count(3), 2);
	assert_int_equal(topology_cache_size(0), 0);
	assert_int_equal(topology_cache_size(4), 0);
}

/* Distances come with a real host or a file: a described machine is given some and written to @path. */
static void write_with_distances(const char *path)
{
	hwloc_uint64_t values[] = { 10, 21, 17, 10 };
	hwloc_distances_add_handle_t handle;
	hwloc_topology_t topo;
	hwloc_obj_t nodes[2];

	assert_int_equal(hwloc_topology_init(&topo), 0);
	assert_int_equal(hwloc_topology_set_synthetic(topo, "node:2 core:1 pu:1"), 0);
	assert_int_equal(hwloc_topology_load(topo), 0);
	for (unsigned int i = 0; i < 2; i++)
		nodes[i] = hwloc_get_obj_by_type(topo, HWLOC_OBJ_NUMANODE, i);
	handle = hwloc_distances_add_create(topo, "NUMALatency", HWLOC_DISTANCES_KIND_MEANS_LATENCY |
					    HWLOC_DISTANCES_KIND_FROM_OS, 0);
	assert_non_null(handle);
	assert_int_equal(hwloc_distances_add_values(topo, handle, 2, nodes, values, 0), 0);
	assert_int_equal(hwloc_distances_add_commit(topo, handle, 0), 0);
	assert_int_equal(hwloc_topology_export_xml(topo, path, 0), 0);
	hwloc_topology_destroy(topo);
}

static void distances(void **state)
{
	char path[PATH_MAX];
	int fd = mkstemp(scratch_name(path, "topology"));

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_with_distances(path);
	setenv("HWLOC_XMLFILE", path, 1);
	assert_int_equal(topology_load(NULL), 0);
	unlink(path);
	assert_int_equal(topology_distance(0, 0), 10);
	assert_int_equal(topology_distance(0, 1), 21);
	assert_int_equal(topology_distance(1, 0), 17);
	assert_int_equal(topology_distance(0, 2), 0);
	topology_free();
	unsetenv("HWLOC_XMLFILE");
	assert_int_equal(topology_load("node:2 core:1 pu:1"), 0);
	assert_int_equal(topology_distance(0, 1), 0);
}

/* A described machine: binding succeeds and does nothing, and says that it is not real. */
static void described_binds_nothing(void **state)
{
	const struct pin pin = { 1, 0 };
	cpu_set_t before, after;

	(void)state;
	assert_int_equal(topology_load("node:1 core:4 pu:1"), 0);
	assert_false(topology_is_real());
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(topology_pin_self(&pin), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

static void pins_for_real(void **state)
{
	cpu_set_t before, set;
	struct pin pins[2];

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(topology_load(NULL), 0);
	assert_true(topology_is_real());
	assert_int_equal(topology_plan(PLACE_SCATTER, 2, 0, pins), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(topology_pin_self(&pins[i]), 0);
		assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
		assert_int_equal(CPU_COUNT(&set), 1);
		assert_true(CPU_ISSET(sched_getcpu(), &set));
	}
	assert_int_equal(topology_pin_failures(), 0);
	assert_int_equal(topology_pin_self(&(struct pin){ topology_pus(), 0 }), -ENODEV);
	assert_int_equal(topology_pin_failures(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

/* More nodes than the host has: what can't be bound is counted, and usable. */
static void failures_are_counted(void **state)
{
	unsigned int host_nodes;
	char *p;

	(void)state;
	assert_int_equal(topology_load(NULL), 0);
	host_nodes = topology_nodes();
	topology_free();
	setenv("HWLOC_SYNTHETIC", "node:2 core:1 pu:1", 1);
	setenv("HWLOC_THISSYSTEM", "1", 1);
	assert_int_equal(topology_load(NULL), 0);
	assert_true(topology_is_real());
	assert_int_equal(topology_nodes(), 2);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(topology_bind_memory(p, 4096, 0), 0);
	assert_int_equal(topology_bind_failures(), 0);
	if (host_nodes < 2) {
		assert_int_equal(topology_bind_memory(p + 4096, 4096, 1), -EINVAL);
		assert_int_equal(topology_bind_failures(), 1);
	}
	assert_int_equal(topology_bind_memory(p + 4096, 4096, 7), -ENODEV);
	memset(p, 1, 8192);
	munmap(p, 8192);
}

static void locates_touched_pages(void **state)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *addrs[] = { p, p + 4096 };
	int nodes[2];

	(void)state;
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(topology_locate(addrs, 2, nodes), -ENODEV);
	assert_int_equal(topology_load(NULL), 0);
	madvise(p, 8192, MADV_NOHUGEPAGE);
	*p = 1;
	assert_int_equal(topology_locate(addrs, 2, nodes), 0);
	assert_in_range(nodes[0], 0, topology_nodes() - 1);
	assert_true(nodes[1] == -ENOENT || nodes[1] == -EFAULT);
	munmap(p, 8192);
}

static void description(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(topology_load("node:2 core:1 pu:2"), 0);
	topology_describe(out, 3);
	fclose(out);
	assert_non_null(strstr(text, "nodes 2, cores 2, PUs 4 (not this system: nothing is bound)"));
	assert_non_null(strstr(text, "node 1 (os 1): PUs 2 3"));
	assert_non_null(strstr(text, "compact  3 threads on PU/node: 0/0 1/0 2/1"));
	assert_non_null(strstr(text, "scatter  3 threads on PU/node: 0/0 2/1 1/0"));
	assert_non_null(strstr(text, "node     3 threads on PU/node: 0/0 1/0 0/0"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(two_nodes_of_four_cores, unload),
		cmocka_unit_test_teardown(four_nodes_with_siblings, unload),
		cmocka_unit_test_teardown(loading, unload),
		cmocka_unit_test_teardown(caches, unload),
		cmocka_unit_test_teardown(distances, unload),
		cmocka_unit_test_teardown(described_binds_nothing, unload),
		cmocka_unit_test_teardown(pins_for_real, unload),
		cmocka_unit_test_teardown(failures_are_counted, unload),
		cmocka_unit_test_teardown(locates_touched_pages, unload),
		cmocka_unit_test_teardown(description, unload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
