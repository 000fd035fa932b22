/* SPDX-License-Identifier: GPL-2.0-or-later */
/* topology.c - hwloc's view of the host, as two small tables: PUs in the order of plans, and nodes. */
#include "core/host/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/atomic.h"
#include "core/base/cpu.h"

/* Lock key: (C) const between topology_load() and topology_free() (A) atomic */
static hwloc_topology_t topo;		/* (C) NULL: nothing loaded */
static bool is_real;			/* (C) */
static unsigned int nr_nodes, nr_pus;	/* (C) */
static unsigned int nr_forbidden;	/* (C) PUs of the machine that this process may not use: not counted above */
static hwloc_bitmap_t allowed;		/* PUs this process may use, read once: at the first load */
static unsigned int *pu_order;		/* (C) PUs by node, each node's by rank among their core's siblings */
static unsigned int *node_first;	/* (C) nr_nodes + 1 entries: start of a node's PUs in pu_order */
static unsigned int pin_failures;	/* (A) */
static unsigned int bind_failures;	/* (A) */

static hwloc_obj_t node_obj(unsigned int node)
{
	return topo ? hwloc_get_obj_by_type(topo, HWLOC_OBJ_NUMANODE, node) : NULL;
}

static hwloc_obj_t pu_obj(unsigned int pu)
{
	return topo ? hwloc_get_obj_by_type(topo, HWLOC_OBJ_PU, pu) : NULL;
}

static unsigned int count(hwloc_obj_type_t type)
{
	int n = topo ? hwloc_get_nbobjs_by_type(topo, type) : 0;

	return n > 0 ? (unsigned int)n : 0;
}

/* ---- the order of PUs ---- */
struct pu_place {
	unsigned int node, rank, pu;	/* rank: number of PUs of the same core before it */
};

/* By node, then all first siblings of cores, then all second ones. */
static int compare_places(const void *a, const void *b)
{
	const struct pu_place *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->pu < y->pu ? -1 : x->pu > y->pu;
}

/* Siblings are neighbours among the PUs, so a core's count restarts where the core changes. */
static void rank_siblings(struct pu_place *places)
{
	hwloc_obj_t last = NULL;
	unsigned int rank = 0;

	for (unsigned int pu = 0; pu < nr_pus; pu++) {
		hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topo, HWLOC_OBJ_CORE, pu_obj(pu));

		rank = core && core == last ? rank + 1 : 0;
		last = core;
		places[pu] = (struct pu_place){ .node = nr_nodes, .rank = rank, .pu = pu };
	}
}

/* Where several nodes share PUs (fast memory beside the usual), the first node owns them. */
static int find_homes(struct pu_place *places)
{
	const unsigned int end = (unsigned int)(hwloc_bitmap_last(hwloc_topology_get_complete_cpuset(topo)) + 1);
	unsigned int *pu_of = calloc(end + 1, sizeof(*pu_of)), os_index;

	if (!pu_of)
		return -ENOMEM;
	for (unsigned int pu = 0; pu < nr_pus; pu++)
		pu_of[pu_obj(pu)->os_index] = pu + 1;
	for (unsigned int node = 0; node < nr_nodes; node++)
		hwloc_bitmap_foreach_begin(os_index, node_obj(node)->cpuset)
			struct pu_place *place = os_index < end && pu_of[os_index] ?
						 &places[pu_of[os_index] - 1] : NULL;

			if (place && place->node == nr_nodes)
				place->node = node;
		hwloc_bitmap_foreach_end();
	free(pu_of);
	return 0;
}

/* PUs without a node are excluded: they come last, as places of node nr_nodes. */
static void keep_order(const struct pu_place *places)
{
	unsigned int used = 0;

	for (unsigned int node = 0; node < nr_nodes; node++) {
		node_first[node] = used;
		for (; used < nr_pus && places[used].node == node; used++)
			pu_order[used] = places[used].pu;
	}
	node_first[nr_nodes] = used;
}

static int order_pus(void)
{
	struct pu_place *places = calloc(nr_pus, sizeof(*places));
	int err = -ENOMEM;

	pu_order = calloc(nr_pus, sizeof(*pu_order));
	node_first = calloc(nr_nodes + 1, sizeof(*node_first));
	if (places && pu_order && node_first) {
		rank_siblings(places);
		err = find_homes(places);
	}
	if (!err) {
		qsort(places, nr_pus, sizeof(*places), compare_places);
		keep_order(places);
	}
	free(places);
	return err;
}

/* ---- PUs allowed to this process ---- */

/*
 * The mask of taskset(1) or of a cpuset, as it was before any thread was pinned: later a thread's own mask is no
 * answer. Returns 0, -ENOMEM, or -errno if the mask cannot be read.
 */
static int read_allowed(void)
{
	hwloc_bitmap_t mask;

	if (allowed)
		return 0;
	mask = hwloc_bitmap_alloc();
	if (!mask)
		return -ENOMEM;
	if (hwloc_get_cpubind(topo, mask, HWLOC_CPUBIND_THREAD)) {
		hwloc_bitmap_free(mask);
		return -errno;
	}
	allowed = mask;
	return 0;
}

/* Keeps the PUs that nproc(1) counts. Nodes stay, since their memory may be used; so do all PUs of an unknown mask. */
static void restrict_to_allowed(void)
{
	nr_forbidden = count(HWLOC_OBJ_PU);
	if (!read_allowed())
		hwloc_topology_restrict(topo, allowed, 0);
	nr_forbidden -= count(HWLOC_OBJ_PU);
}

/*
 * The number of PUs of a description without attributes: the product of its numbers; or more than NR_CPUS. hwloc
 * inserts one PU after the other beside all others, in quadratic time: sizes beyond NR_CPUS are rejected before.
 */
static unsigned long synthetic_pus(const char *text)
{
	unsigned long pus = 1, number;
	int depth = 0;
	char *end;

	for (; *text && pus <= NR_CPUS; text++) {
		depth += (*text == '(' || *text == '[') - (*text == ')' || *text == ']');
		if (depth || *text < '0' || *text > '9')
			continue;
		number = strtoul(text, &end, 10);
		if (*end == ' ' || *end == '(' || !*end)
			pus *= min(number, NR_CPUS + 1ul);
		text = end - 1;
	}
	return pus;
}

int topology_load(const char *synthetic)
{
	int err = -ENOMEM;

	if (topo)
		return -EBUSY;
	if (synthetic && synthetic_pus(synthetic) > NR_CPUS)
		return -E2BIG;
	/*
	 * Where /sys is not mounted hwloc uses less, and would print so on standard error, which is not core's to use.
	 */
	setenv("HWLOC_HIDE_ERRORS", "2", 0);
	if (hwloc_topology_init(&topo)) {
		topo = NULL;
		return -ENOMEM;
	}
	if ((synthetic && hwloc_topology_set_synthetic(topo, synthetic)) || hwloc_topology_load(topo)) {
		err = -EINVAL;
		goto destroy;
	}
	is_real = hwloc_topology_is_thissystem(topo);
	nr_forbidden = 0;
	if (is_real)
		restrict_to_allowed();
	nr_nodes = count(HWLOC_OBJ_NUMANODE);
	nr_pus = count(HWLOC_OBJ_PU);
	store_relaxed(&pin_failures, 0);
	store_relaxed(&bind_failures, 0);
	err = order_pus();
	if (!err)
		return 0;
destroy:
	topology_free();
	return err;
}

void topology_free(void)
{
	if (!topo)
		return;
	hwloc_topology_destroy(topo);
	topo = NULL;
	free(pu_order);
	free(node_first);
	pu_order = node_first = NULL;
	nr_nodes = nr_pus = 0;
	is_real = false;
}

bool topology_is_real(void)
{
	return is_real;
}

unsigned int topology_nodes(void)
{
	return nr_nodes;
}

unsigned int topology_cores(void)
{
	return count(HWLOC_OBJ_CORE);
}

unsigned int topology_pus(void)
{
	return nr_pus;
}

static const hwloc_obj_type_t cache_types[] = { HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE };

unsigned int topology_cache_count(unsigned int level)
{
	return level >= 1 && level <= ARRAY_SIZE(cache_types) ? count(cache_types[level - 1]) : 0;
}

size_t topology_cache_size(unsigned int level)
{
	if (!topology_cache_count(level))
		return 0;
	return hwloc_get_obj_by_type(topo, cache_types[level - 1], 0)->attr->cache.size;
}

int topology_node_os_index(unsigned int node)
{
	return node < nr_nodes ? (int)node_obj(node)->os_index : -1;
}

unsigned long topology_distance(unsigned int from, unsigned int to)
{
	struct hwloc_distances_s *d;
	hwloc_uint64_t there = 0, back;
	unsigned int nr = 1;

	if (from >= nr_nodes || to >= nr_nodes ||
	    hwloc_distances_get_by_type(topo, HWLOC_OBJ_NUMANODE, &nr, &d, HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) ||
	    !nr)
		return 0;
	if (hwloc_distances_obj_pair_values(d, node_obj(from), node_obj(to), &there, &back))
		there = 0;
	hwloc_distances_release(topo, d);
	return there;
}

/* ---- plans ---- */
const char *placement_name(enum placement placement)
{
	static const char *const names[] = { "compact", "scatter", "node" };

	return placement < NR_PLACEMENTS ? names[placement] : NULL;
}

static unsigned int node_pus(unsigned int node)
{
	return node_first[node + 1] - node_first[node];
}

static void plan_compact(unsigned int nthreads, struct pin *pins)
{
	unsigned int node = 0;

	for (unsigned int i = 0; i < nthreads; i++) {
		unsigned int at = i % node_first[nr_nodes];

		if (at == 0)
			node = 0;
		while (at >= node_first[node + 1])
			node++;
		pins[i] = (struct pin){ pu_order[at], node };
	}
}

/* Nodes of unequal size: a full one is skipped until all are full. */
static void plan_scatter(unsigned int nthreads, struct pin *pins)
{
	unsigned int i = 0, depth = 0;

	while (i < nthreads) {
		unsigned int before = i;

		for (unsigned int node = 0; node < nr_nodes && i < nthreads; node++)
			if (depth < node_pus(node))
				pins[i++] = (struct pin){ pu_order[node_first[node] + depth], node };
		depth = i == before ? 0 : depth + 1;
	}
}

static void plan_node(unsigned int nthreads, unsigned int node, struct pin *pins)
{
	for (unsigned int i = 0; i < nthreads; i++)
		pins[i] = (struct pin){ pu_order[node_first[node] + i % node_pus(node)], node };
}

int topology_plan(enum placement placement, unsigned int nthreads, unsigned int node, struct pin *pins)
{
	if (!nr_nodes || !node_first[nr_nodes])
		return -EINVAL;
	if (placement == PLACE_NODE && (node >= nr_nodes || !node_pus(node)))
		return -EINVAL;
	if (placement == PLACE_COMPACT)
		plan_compact(nthreads, pins);
	else if (placement == PLACE_SCATTER)
		plan_scatter(nthreads, pins);
	else
		plan_node(nthreads, node, pins);
	return 0;
}

/* ---- binding ---- */
int topology_pin_self(const struct pin *pin)
{
	hwloc_obj_t pu = pu_obj(pin->pu);

	if (pu && !hwloc_set_cpubind(topo, pu->cpuset, HWLOC_CPUBIND_THREAD))
		return 0;
	fetch_add_relaxed(&pin_failures, 1);
	return pu ? -errno : -ENODEV;
}

int topology_bind_memory(void *addr, size_t len, unsigned int node)
{
	hwloc_obj_t obj = node_obj(node);

	if (obj && !hwloc_set_area_membind(topo, addr, len, obj->nodeset, HWLOC_MEMBIND_BIND,
					   HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_STRICT))
		return 0;
	fetch_add_relaxed(&bind_failures, 1);
	return obj ? -errno : -ENODEV;
}

unsigned int topology_pin_failures(void)
{
	return load_relaxed(&pin_failures);
}

unsigned int topology_bind_failures(void)
{
	return load_relaxed(&bind_failures);
}

int topology_locate(void *const *addrs, unsigned int nr, int *nodes)
{
	if (!topo)
		return -ENODEV;
	if (syscall(SYS_move_pages, 0l, (unsigned long)nr, addrs, NULL, nodes, 0l) < 0)
		return -errno;
	for (unsigned int i = 0; i < nr; i++) {
		hwloc_obj_t obj = nodes[i] < 0 ? NULL :
				  hwloc_get_numanode_obj_by_os_index(topo, (unsigned int)nodes[i]);

		if (nodes[i] >= 0)
			nodes[i] = obj ? (int)obj->logical_index : -ENODEV;
	}
	return 0;
}

/* ---- for people ---- */
static void describe_node(FILE *out, unsigned int node)
{
	fprintf(out, "node %u (os %d): PUs", node, topology_node_os_index(node));
	for (unsigned int i = node_first[node]; i < node_first[node + 1]; i++)
		fprintf(out, " %u", pu_order[i]);
	if (topology_distance(node, node)) {
		fprintf(out, "; distances");
		for (unsigned int to = 0; to < nr_nodes; to++)
			fprintf(out, " %lu", topology_distance(node, to));
	}
	fputc('\n', out);
}

static void describe_plan(FILE *out, enum placement placement, unsigned int nthreads)
{
	struct pin *pins = calloc(nthreads, sizeof(*pins));

	if (pins && !topology_plan(placement, nthreads, 0, pins)) {
		fprintf(out, "%-8s %u threads on PU/node:", placement_name(placement), nthreads);
		for (unsigned int i = 0; i < nthreads; i++)
			fprintf(out, " %u/%u", pins[i].pu, pins[i].node);
		fputc('\n', out);
	}
	free(pins);
}

void topology_describe(FILE *out, unsigned int nthreads)
{
	fprintf(out, "nodes %u, cores %u, PUs %u%s", nr_nodes, topology_cores(), nr_pus,
		is_real ? "" : " (not this system: nothing is bound)");
	if (nr_forbidden)
		fprintf(out, " (%u more are not allowed to this process)", nr_forbidden);
	fputc('\n', out);
	for (unsigned int level = 1; level <= ARRAY_SIZE(cache_types); level++)
		if (topology_cache_count(level))
			fprintf(out, "L%u%s %zu KiB x %u\n", level, level == 1 ? "d" : "",
				topology_cache_size(level) / 1024, topology_cache_count(level));
	for (unsigned int node = 0; node < nr_nodes; node++)
		describe_node(out, node);
	for (enum placement p = 0; p < NR_PLACEMENTS; p++)
		describe_plan(out, p, nthreads);
}
