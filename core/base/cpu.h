/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpu.h - one registered thread: the kernel's CPU.
 *
 * A thread registers before it enters core. liburcu's callback thread does not, and its this_cpu is NULL.
 */
#ifndef FAULTLINE_CORE_BASE_CPU_H
#define FAULTLINE_CORE_BASE_CPU_H

#include <limits.h>

#include "core/base/atomic.h"
#include "core/base/rng.h"

#define NR_CPUS	4096	/* threads registered at one time, and the length of static per-cpu arrays */
#define DEFAULT_CPUS	1024u	/* default bound of registered threads: the length of each mm's per-cpu arrays */

/* Uses of single frames; each use has its own lists and its own mempolicy. */
enum frame_use { FRAME_DATA, FRAME_TABLE, NR_FRAME_USES };

/* The node of a thread's frames: its own, the next one, each in turn, or a fixed one. */
enum mem_policy { MEM_LOCAL, MEM_REMOTE, MEM_INTERLEAVE, MEM_NODE, NR_MEM_POLICIES };

/* No lock key: the caller's own. */
struct mempolicy {
	enum mem_policy mode;
	unsigned int node;		/* MEM_NODE's, a logical index; else ignored */
};

#define NODE_IN_TURN	UINT_MAX	/* all nodes in turn */

/* Lock key: (C) const while registered (T) this thread only */
struct cpu {
	unsigned int id;			/* (C) slot, 0 … nr_cpu_ids-1, dense from below */
	unsigned int node;			/* (T) logical index of the NUMA node that it runs on, or stands for */
	struct mempolicy mempolicy[NR_FRAME_USES];	/* (T) */
	unsigned int frame_node[NR_FRAME_USES];	/* (T) node of its frames, modulo the machine's; or NODE_IN_TURN */
	unsigned int next_node[NR_FRAME_USES];	/* (T) NODE_IN_TURN: the last frame's node */
	struct rng rng;				/* (T) */
} __cacheline_aligned;

extern _Thread_local struct cpu *this_cpu;	/* (T) NULL in threads that did not register */
extern unsigned int nr_cpu_ids;			/* (C) while an mm or a registered thread exists: bound of slots */

/*
 * cpus_allow - up to @nr threads may be registered at one time, or DEFAULT_CPUS if that is more. Returns 0, or
 * -EINVAL for more than NR_CPUS. Locking: there is no mm and no registered thread. Source: kernel/smp.c
 * set_nr_cpu_ids().
 */
int cpus_allow(unsigned int nr);

/*
 * cpu_register - registers the calling thread as a cpu of node @node (a logical index), seeded with @seed.
 * @mem_policy, any but MEM_NODE, chooses the node of its frames, for both uses. Begins its clients. Returns 0,
 * -EBUSY if it is registered already, -ENOSPC if nr_cpu_ids threads are.
 */
int cpu_register(unsigned int node, enum mem_policy mem_policy, uint64_t seed);
/* Sets the mempolicy of the calling cpu's frames of one use. Source: mm/mempolicy.c set_mempolicy(2). */
void cpu_set_mempolicy(enum frame_use use, struct mempolicy policy);
/*
 * Sets the calling cpu's node to @node: objects are allocated there, and frames as its mempolicies say of that node.
 * The thread stays pinned where it is: a thread that prepares another thread's memory stands for it meanwhile.
 */
void cpu_stand_for(unsigned int node);
/* The node of the frames of a thread on @node, modulo the machine's nodes; or NODE_IN_TURN. */
unsigned int mempolicy_node(struct mempolicy policy, unsigned int node);
/* What else a thread needs while it is a cpu. */
struct cpu_client {
	void (*begin)(void);	/* (C) this_cpu is set */
	void (*end)(void);	/* (C) this_cpu is still set */
};

/* Adds @object, a struct cpu_client of the file. Clients do not depend on each other: the order is the linker's. */
#define CPU_CLIENT(object) \
	static const struct cpu_client *const object##_entry_ \
		__attribute__((section("faultline_cpu_clients"), used)) = &(object)

/*
 * Ends the clients. A thread unregisters before it exits. Callers drain per-thread caches first (frame_drain_cpu()).
 */
void cpu_unregister(void);
/* Returns a bound of all slots ever used: the length to iterate of a per-cpu array. */
unsigned int nr_cpus_used(void);

#endif
