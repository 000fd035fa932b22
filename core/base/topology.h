/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology.h - the host's nodes, cores and caches; where threads are pinned and memory is bound.
 *
 * Nodes and PUs are named by logical index, 0 … n-1, in hwloc's order; os indices appear only where the kernel is called.
 * A topology that is not this system's (HWLOC_SYNTHETIC without HWLOC_THISSYSTEM=1) plans but binds nothing.
 */
#ifndef FAULTLINE_CORE_BASE_TOPOLOGY_H
#define FAULTLINE_CORE_BASE_TOPOLOGY_H

#include <stdio.h>

#include "core/base/compiler.h"

enum placement {
	PLACE_COMPACT,		/* fill a node's cores, then their SMT siblings, then the next node */
	PLACE_SCATTER,		/* one node after the other in turn */
	PLACE_NODE,		/* all on one node */
	NR_PLACEMENTS
};

/* Where one thread goes. */
struct pin {
	unsigned int pu;		/* logical index */
	unsigned int node;		/* logical index of the PU's node */
};

/*
 * topology_load - read the host's topology, or @synthetic when not NULL (hwloc's notation, "node:2 core:4 pu:1").
 * Of the host, only PUs that the process was allowed to use at its first load count: taskset(1), cpusets, as nproc(1)
 * counts. hwloc's own environment variables apply. Returns 0, -EINVAL for a description that hwloc refuses, -E2BIG for
 * one of more than NR_CPUS PUs, -ENOMEM, or -EBUSY when one is loaded. Locking: before threads start; topology_free()
 * after they ended.
 */
int topology_load(const char *synthetic);
void topology_free(void);

/* These are of the loaded topology, and 0 or false when none is. */
bool topology_is_real(void);			/* binding acts on this system */
unsigned int topology_nodes(void);
unsigned int topology_cores(void);
unsigned int topology_pus(void);
/* Bytes of one data cache of @level (1: L1d), and how many there are; 0 when unknown. */
size_t topology_cache_size(unsigned int level);
unsigned int topology_cache_count(unsigned int level);
/* The kernel's number of a node, -1 when there is no such node. */
int topology_node_os_index(unsigned int node);
/* Relative latency of @to's memory seen from @from (10: local), 0 when unknown. */
unsigned long topology_distance(unsigned int from, unsigned int to);

const char *placement_name(enum placement placement);
/*
 * topology_plan - a PU for each of @nthreads threads; more threads than PUs go round again. @node is PLACE_NODE's.
 * Returns 0, or -EINVAL when there is no such node or it has no PUs.
 */
int topology_plan(enum placement placement, unsigned int nthreads, unsigned int node, struct pin *pins);
/* Binds the calling thread. Returns 0, also where nothing is bound because the topology is not real; or -errno, counted. */
int topology_pin_self(const struct pin *pin);
/*
 * topology_bind_memory - bind untouched, page-aligned memory to @node. Returns 0, also where the topology is not real;
 * or -errno, counted: -ENODEV when there is no such node, which is so for every node while nothing is loaded.
 * The memory is usable in any case.
 */
int topology_bind_memory(void *addr, size_t len, unsigned int node);
unsigned int topology_pin_failures(void);
unsigned int topology_bind_failures(void);
/*
 * topology_locate - the logical node each of @nr addresses lies on into @nodes, or its -errno: -ENOENT, with some
 * kernels -EFAULT, for a page that was not touched yet or is just being scanned.
 * Returns 0, or -errno when the kernel does not tell.
 */
int topology_locate(void *const *addrs, unsigned int nr, int *nodes);
/* Writes what is known, and each placement's plan for @nthreads threads. */
void topology_describe(FILE *out, unsigned int nthreads);

#endif
