/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typesafe.h - type-stable object caches: memory that was one object is only ever that type of object again.
 *
 * An object is constructed once, when its memory comes from the arena, and freed in the state that @ctor left: what
 * readers may look at after the free (locks, reference counts, sequence numbers) is therefore always valid, though it may
 * belong to another object by now. A reader inside rcu_read_lock() may do so for as long as the cache exists; its memory
 * goes back at typesafe_cache_destroy() only, after a grace period.
 *
 * Frees are reused last in, first out, with no delay. Source: SLAB_TYPESAFE_BY_RCU, include/linux/slab.h.
 */
#ifndef FAULTLINE_CORE_BASE_TYPESAFE_H
#define FAULTLINE_CORE_BASE_TYPESAFE_H

#include "core/base/compiler.h"

struct typesafe_cache;

/*
 * typesafe_cache_create - a cache of objects of @size bytes, aligned to @align (0 for 16; at most one 4096-byte page), each
 * given to @ctor once, or cleared when @ctor is NULL. Returns NULL when memory ran out.
 */
struct typesafe_cache *typesafe_cache_create(const char *name, size_t size, size_t align, void (*ctor)(void *obj));
/*
 * Waits for a grace period and gives all memory back. Returns how many objects were still out: 0 when nothing leaked.
 * Locking: no other thread uses the cache, callbacks that free into it have run (rcu_barrier()); not inside rcu_read_lock().
 */
unsigned long typesafe_cache_destroy(struct typesafe_cache *cache);
/* An object of the calling cpu's node, or NULL when memory ran out or an injected failure is due. */
void *typesafe_alloc(struct typesafe_cache *cache) __must_check;
/* @obj is in the state @ctor left it in, as far as readers may look. */
void typesafe_free(struct typesafe_cache *cache, void *obj);
/* Objects out; exact while no thread allocates or frees. */
unsigned long typesafe_live(struct typesafe_cache *cache);

#endif
