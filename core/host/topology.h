/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology.h - the host's nodes, cores and caches; pins threads and binds memory.
 *
 * Nodes and PUs are named by logical index, 0 … n-1, in hwloc's order; os indices are used only in calls to the
 * kernel. A topology that is not this system's (HWLOC_SYNTHETIC without HWLOC_THISSYSTEM=1) plans but binds nothing.
 */
#ifndef FAULTLINE_CORE_HOST_TOPOLOGY_H
#define FAULTLINE_CORE_HOST_TOPOLOGY_H

#include <stdio.h>

#include "core/base/compiler.h"

enum placement {
	PLACE_COMPACT,		/* fill a node's cores, then their SMT siblings, then the next node */
	PLACE_SCATTER,		/* one node after the other in turn */
	PLACE_NODE,		/* all on one node */
	NR_PLACEMENTS
};

/* The place of one thread. */
struct pin {
	unsigned int pu;		/* logical index */
	unsigned int node;		/* logical index of the PU's node */
};

/*
 * topology_load - reads the host's topology, or @synthetic when not NULL (hwloc's notation, "node:2 core:4 pu:1"). Of
 * the host, only PUs that the process was allowed to use at its first load count: taskset(1), cpusets, as nproc(1)
 * counts. hwloc's own environment variables apply. Returns 0, -EINVAL for a description that hwloc rejects, -E2BIG for
 * one of more than NR_CPUS PUs, -ENOMEM, or -EBUSY if one is loaded. Locking: before threads start; topology_free()
 * after they ended.
 */
int topology_load(const char *synthetic);
void topology_free(void);

/* These describe the loaded topology, and return 0 or false without one. */
bool topology_is_real(void);			/* binding acts on this system */
unsigned int topology_nodes(void);
unsigned int topology_cores(void);
unsigned int topology_pus(void);
/* Bytes of one data cache of @level (1: L1d), and the number of such caches; 0 if unknown. */
size_t topology_cache_size(unsigned int level);
unsigned int topology_cache_count(unsigned int level);
/* The kernel's number of a node, -1 if there is no such node. */
int topology_node_os_index(unsigned int node);
/* Relative latency of @to's memory from @from (10: local), 0 if unknown. */
unsigned long topology_distance(unsigned int from, unsigned int to);

/* "compact", "scatter", "node"; NULL past the last one. */
const char *placement_name(enum placement placement);
/*
 * topology_plan - a PU for each of @nthreads threads; more threads than PUs wrap round. @node is PLACE_NODE's. Returns
 * 0, or -EINVAL if there is no such node or it has no PUs.
 */
int topology_plan(enum placement placement, unsigned int nthreads, unsigned int node, struct pin *pins);
/* Binds the calling thread. Returns 0, also if the topology is not real and nothing is bound; or -errno, counted. */
int topology_pin_self(const struct pin *pin);
/*
 * topology_bind_memory - binds untouched, page-aligned memory to @node. Returns 0, also if the topology is not real;
 * or -errno, counted: -ENODEV if there is no such node, as for every node while nothing is loaded. The memory is
 * usable in any case.
 */
int topology_bind_memory(void *addr, size_t len, unsigned int node);
unsigned int topology_pin_failures(void);
unsigned int topology_bind_failures(void);
/*
 * topology_locate - writes the logical node of each of @nr addresses to @nodes, or its -errno: -ENOENT, with some
 * kernels -EFAULT, for a page that is untouched or being scanned. Returns 0, or -errno if the kernel does not report
 * nodes.
 */
int topology_locate(void *const *addrs, unsigned int nr, int *nodes);
/* Prints the topology, and each placement's plan for @nthreads threads. */
void topology_describe(FILE *out, unsigned int nthreads);

#endif
