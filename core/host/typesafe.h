/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typesafe.h - type-stable object caches: an object's memory is only ever reused for that type of object.
 *
 * An object is constructed once, when its memory comes from the arena, and freed in the state that @ctor set. So
 * fields that readers may access after the free (locks, reference counts, sequence numbers) are always valid, though
 * they may belong to another object. A reader inside rcu_read_lock() may access them for as long as the cache exists;
 * memory is freed only by typesafe_cache_destroy(), after a grace period.
 *
 * Frees are reused last in, first out, with no delay. Source: SLAB_TYPESAFE_BY_RCU, include/linux/slab.h.
 */
#ifndef FAULTLINE_CORE_HOST_TYPESAFE_H
#define FAULTLINE_CORE_HOST_TYPESAFE_H

#include "core/base/compiler.h"

struct typesafe_cache;

/*
 * typesafe_cache_create - a cache of objects of @size bytes, aligned to @align (0 for 16; at most one 4096-byte page),
 * each passed to @ctor once, or cleared if @ctor is NULL. Returns NULL without memory.
 */
struct typesafe_cache *typesafe_cache_create(const char *name, size_t size, size_t align, void (*ctor)(void *obj));
/*
 * Waits for a grace period and frees all memory. Returns the number of objects that were still allocated: 0 without
 * leaks. Locking: no other thread uses the cache, callbacks that free into it have run (rcu_barrier()); not inside
 * rcu_read_lock().
 */
unsigned long typesafe_cache_destroy(struct typesafe_cache *cache);
/* An object of the calling cpu's node, or NULL without memory or when an injected failure is due. */
void *typesafe_alloc(struct typesafe_cache *cache) __must_check;
/* @obj is in the state that @ctor set, in the fields that readers may access. */
void typesafe_free(struct typesafe_cache *cache, void *obj);
/* Number of allocated objects; exact while no thread allocates or frees. */
unsigned long typesafe_live(struct typesafe_cache *cache);

#endif
