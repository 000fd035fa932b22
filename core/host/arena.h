/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - memory for the core's own objects, on a named node.
 *
 * Release and check builds: one jemalloc arena per node, whose memory is bound before its first touch, and an
 * explicit cache per thread and node. Sanitizer builds (FAULTLINE_PLAIN_ALLOC): aligned_alloc() and free(), because
 * sanitizers do not check jemalloc's blocks; nodes are then names only.
 */
#ifndef FAULTLINE_CORE_HOST_ARENA_H
#define FAULTLINE_CORE_HOST_ARENA_H

#include "core/base/compiler.h"

#define ARENA_MAX_NODES	64

/*
 * node_alloc - @size bytes aligned to @align (a power of two, or 0 for 16) on node @node, contents undefined.
 * node_zalloc - the same, cleared. local_zalloc - cleared, on the calling cpu's node (node 0 for other threads).
 * Return NULL without memory, or when an injected failure is due (inject_alloc_failure()).
 */
void *node_alloc(unsigned int node, size_t size, size_t align) __must_check;
void *node_zalloc(unsigned int node, size_t size, size_t align) __must_check;
void *local_zalloc(size_t size, size_t align) __must_check;
/* Frees the result of node_alloc(@node, @size); NULL has no effect. Check builds poison it first. */
void node_free(void *p, unsigned int node, size_t size);
/* The node of local_zalloc() in this thread; node_free() needs it. */
unsigned int local_node(void);

/* Bytes allocated and not yet freed, by all threads, on all nodes: 0 after a tear-down without leaks. */
size_t arena_live_bytes(void);
/* The same on @node alone. Both are exact while no thread allocates or frees. */
size_t arena_live_bytes_node(unsigned int node);
/*
 * Returns the node whose arena holds @p, an address from node_alloc(); -ENOENT for other addresses, -EOPNOTSUPP with
 * plain allocation.
 */
int arena_node_of(const void *p);

#endif
