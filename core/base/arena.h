/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - memory for the core's own objects, on the node that is named.
 *
 * Release and check builds: one jemalloc arena per node, whose memory is bound before its first touch, and per thread and
 * node an explicit cache. Sanitizer builds (FAULTLINE_PLAIN_ALLOC): aligned_alloc() and free(), because no sanitizer
 * watches jemalloc's blocks; nodes are then names only.
 */
#ifndef FAULTLINE_CORE_BASE_ARENA_H
#define FAULTLINE_CORE_BASE_ARENA_H

#include "core/base/compiler.h"

#define ARENA_MAX_NODES	64

/*
 * node_alloc - @size bytes aligned to @align (a power of two, or 0 for 16) on node @node, contents undefined.
 * node_zalloc - the same, cleared. local_zalloc - cleared, on the calling cpu's node (node 0 for other threads).
 * NULL when memory ran out, or when an injected failure is due (inject_alloc_failure()).
 */
void *node_alloc(unsigned int node, size_t size, size_t align) __must_check;
void *node_zalloc(unsigned int node, size_t size, size_t align) __must_check;
void *local_zalloc(size_t size, size_t align) __must_check;
/* Gives back what node_alloc(@node, @size) returned; NULL is fine. Check builds overwrite it first. */
void node_free(void *p, unsigned int node, size_t size);
/* The node local_zalloc() takes from in this thread; node_free() wants it told. */
unsigned int local_node(void);

/* Bytes allocated and not yet freed, by all threads, on all nodes: 0 after a tear-down that lost nothing. */
size_t arena_live_bytes(void);
/* The same on @node alone. Both are exact while no thread allocates or frees. */
size_t arena_live_bytes_node(unsigned int node);
/*
 * The node whose arena holds @p, an address that node_alloc() returned. -ENOENT when none does, -EOPNOTSUPP with plain
 * allocation.
 */
int arena_node_of(const void *p);

#endif
