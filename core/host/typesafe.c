/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typesafe.c - slabs of objects per node; lists of free objects outside of the slabs; a magazine per cpu in front.
 *
 * Conservation: each object is exactly one of: allocated, in one cpu's magazine, on its node's list of free objects. A
 * magazine holds objects of one node, its cpu's; others go to their node's list at once.
 */
#include "core/host/typesafe.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/host/arena.h"
#include "core/host/rcu.h"
#include "core/probe/access.h"
#include "core/probe/decision.h"
#include "core/probe/race.h"
#include "core/probe/syncpoint.h"

#define SLAB_SIZE	((size_t)32 << 10)	/* bytes, and the alignment: an object's address gives its slab */
#define MAX_ALIGN	4096
#define MAGAZINE_SIZE	63u			/* objects; 8 lines with the counts */
/* Check builds cache few objects, so that a freed object is soon another thread's. */
#define MAGAZINE_LIMIT	(FAULTLINE_CHECK ? 4u : MAGAZINE_SIZE)

/* Lock key: (C) const once published (A) atomic */
struct slab {
	struct slab *next;		/* (C) all slabs of the node */
	unsigned int node;		/* (C) */
	char *objs;			/* (C) */
	uint8_t out[];			/* (A) check builds: 1 while the object is allocated */
};

/* Lock key: (D) the mutex */
struct depot {
	pthread_mutex_t mutex;		/* held for a copy, or to grow; nests in any lock, contains allocation only */
	struct slab *slabs;		/* (D) */
	void **free;			/* (D) free objects, the last freed one last */
	unsigned long nr_free;		/* (D) */
	unsigned long nr_objs;		/* (D) in all slabs */
	unsigned long capacity;		/* (D) of @free, at least nr_objs */
} __cacheline_aligned;

/* Lock key: (T) the thread in this cpu slot only (A) atomic: written by (T), read by any */
struct magazine {
	unsigned int count;		/* (A) */
	unsigned int node;		/* (T) of every object in it */
	void *objs[MAGAZINE_SIZE];	/* (T) */
} __cacheline_aligned;

/* Lock key: (C) const once published */
struct typesafe_cache {
	const char *name;		/* (C) */
	size_t stride;			/* (C) bytes from one object to the next */
	size_t align;			/* (C) */
	void (*ctor)(void *obj);	/* (C) */
	struct magazine *magazines;	/* (C) [NR_CPUS], a page is touched when its cpus are used */
	struct depot depots[ARENA_MAX_NODES];
};

static force_inline struct slab *slab_of(const void *obj)
{
	return (struct slab *)((uintptr_t)obj & ~(SLAB_SIZE - 1));
}

/* ---- slabs ---- */
static unsigned int objs_per_slab(const struct typesafe_cache *cache)
{
	return (unsigned int)((SLAB_SIZE - sizeof(struct slab) - cache->align) / (cache->stride + sizeof(uint8_t)));
}

static struct slab *slab_create(const struct typesafe_cache *cache, unsigned int node)
{
	struct slab *slab = node_zalloc(node, SLAB_SIZE, SLAB_SIZE);
	unsigned int nr = objs_per_slab(cache);

	if (!slab)
		return NULL;
	slab->node = node;
	slab->objs = (char *)ALIGN_UP((uintptr_t)(slab->out + nr), cache->align);
	access_quiet_begin();
	for (unsigned int i = 0; cache->ctor && i < nr; i++)
		cache->ctor(slab->objs + i * cache->stride);
	access_quiet_end();
	return slab;
}

/* ---- depots ---- */
static void depot_lock(struct depot *depot)
{
	decision_touch(depot, DECISION_WRITES);
	pthread_mutex_lock(&depot->mutex);
	race_acquire(depot);
}

static void depot_unlock(struct depot *depot)
{
	race_release(depot);
	pthread_mutex_unlock(&depot->mutex);
}

/* Makes room on the list for @nr more objects. */
static bool depot_reserve(struct depot *depot, unsigned int node, unsigned int nr)
{
	unsigned long capacity = max(2 * depot->capacity, depot->nr_objs + nr);
	void **list;

	if (depot->nr_objs + nr <= depot->capacity)
		return true;
	list = node_alloc(node, capacity * sizeof(*list), CACHE_LINE);
	if (!list)
		return false;
	if (depot->nr_free)
		memcpy(list, depot->free, depot->nr_free * sizeof(*list));
	node_free(depot->free, node, depot->capacity * sizeof(*list));
	depot->free = list;
	depot->capacity = capacity;
	return true;
}

/* The first object of a new slab is handed out first. */
static bool depot_grow(const struct typesafe_cache *cache, struct depot *depot, unsigned int node)
{
	unsigned int nr = objs_per_slab(cache);
	struct slab *slab;

	if (!depot_reserve(depot, node, nr))
		return false;
	slab = slab_create(cache, node);
	if (!slab)
		return false;
	slab->next = depot->slabs;
	depot->slabs = slab;
	depot->nr_objs += nr;
	while (nr--)
		depot->free[depot->nr_free++] = slab->objs + nr * cache->stride;
	return true;
}

/* Takes up to @nr objects, the one to use first last; 0 without memory. */
static unsigned int depot_take(struct typesafe_cache *cache, unsigned int node, void **objs, unsigned int nr)
{
	struct depot *depot = &cache->depots[node];

	depot_lock(depot);
	if (!depot->nr_free)
		depot_grow(cache, depot, node);
	if (nr > depot->nr_free)
		nr = (unsigned int)depot->nr_free;
	depot->nr_free -= nr;
	if (nr)
		memcpy(objs, depot->free + depot->nr_free, nr * sizeof(*objs));
	depot_unlock(depot);
	return nr;
}

/* @objs are all of @node. */
static void depot_give(struct typesafe_cache *cache, unsigned int node, void **objs, unsigned int nr)
{
	struct depot *depot = &cache->depots[node];

	depot_lock(depot);
	memcpy(depot->free + depot->nr_free, objs, nr * sizeof(*objs));
	depot->nr_free += nr;
	depot_unlock(depot);
}

/* ---- magazines ---- */
/* The slot's last thread may have had another node. */
static struct magazine *my_magazine(struct typesafe_cache *cache)
{
	struct magazine *mag = &cache->magazines[this_cpu->id];

	if (unlikely(mag->node != this_cpu->node)) {
		BUG_ON(this_cpu->node >= ARENA_MAX_NODES);
		if (load_relaxed(&mag->count))
			depot_give(cache, mag->node, mag->objs, load_relaxed(&mag->count));
		store_relaxed(&mag->count, 0);
		mag->node = this_cpu->node;
	}
	return mag;
}

static void *magazine_alloc(struct typesafe_cache *cache)
{
	struct magazine *mag = my_magazine(cache);
	unsigned int count = load_relaxed(&mag->count);

	if (unlikely(!count)) {
		count = depot_take(cache, mag->node, mag->objs, MAGAZINE_LIMIT / 2);
		if (!count)
			return NULL;
	}
	store_relaxed(&mag->count, count - 1);
	return mag->objs[count - 1];
}

static void magazine_free(struct typesafe_cache *cache, struct magazine *mag, void *obj)
{
	unsigned int count = load_relaxed(&mag->count), half = MAGAZINE_LIMIT / 2;

	if (unlikely(count == MAGAZINE_LIMIT)) {
		depot_give(cache, mag->node, mag->objs, half);
		memmove(mag->objs, mag->objs + half, (count - half) * sizeof(mag->objs[0]));
		count -= half;
	}
	mag->objs[count] = obj;
	store_relaxed(&mag->count, count + 1);
}

/* Check builds: an object is allocated and freed alternately. */
static force_inline void mark(struct typesafe_cache *cache, void *obj, bool out)
{
	struct slab *slab = slab_of(obj);
	size_t index = (size_t)((char *)obj - slab->objs) / cache->stride;

	if (FAULTLINE_CHECK && xchg_relaxed(&slab->out[index], (uint8_t)out) == out)
		BUG_BY("twice", "%s %p %s", cache->name, obj, out ? "handed out twice" : "freed twice");
}

void *typesafe_alloc(struct typesafe_cache *cache)
{
	void *obj;

	if (unlikely(inject_alloc_fails()))
		return NULL;
	if (likely(this_cpu))
		obj = magazine_alloc(cache);
	else if (!depot_take(cache, 0, &obj, 1))
		obj = NULL;
	if (likely(obj))
		mark(cache, obj, true);
	return obj;
}

void typesafe_free(struct typesafe_cache *cache, void *obj)
{
	unsigned int node = slab_of(obj)->node;

	mark(cache, obj, false);
	if (likely(this_cpu && this_cpu->node == node))
		magazine_free(cache, my_magazine(cache), obj);
	else
		depot_give(cache, node, &obj, 1);
}

/* ---- caches ---- */
/* Adaptive: the usual hold is a copy of a few lines, not worth a sleep. */
static void depots_init(struct typesafe_cache *cache)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++)
		pthread_mutex_init(&cache->depots[node].mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

struct typesafe_cache *typesafe_cache_create(const char *name, size_t size, size_t align, void (*ctor)(void *obj))
{
	struct typesafe_cache *cache = node_zalloc(0, sizeof(*cache), CACHE_LINE);

	if (!cache)
		return NULL;
	cache->name = name;
	cache->align = max(align, (size_t)16);
	cache->stride = ALIGN_UP(size, cache->align);
	cache->ctor = ctor;
	BUG_ON(cache->align > MAX_ALIGN || !objs_per_slab(cache));
	cache->magazines = mmap(NULL, NR_CPUS * sizeof(struct magazine), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (cache->magazines == MAP_FAILED) {
		node_free(cache, 0, sizeof(*cache));
		return NULL;
	}
	depots_init(cache);
	return cache;
}

unsigned long typesafe_live(struct typesafe_cache *cache)
{
	unsigned long live = 0;

	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++) {
		struct depot *depot = &cache->depots[node];

		depot_lock(depot);
		live += depot->nr_objs - depot->nr_free;
		depot_unlock(depot);
	}
	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		live -= load_relaxed(&cache->magazines[cpu].count);
	return live;
}

static void depot_destroy(struct depot *depot, unsigned int node)
{
	struct slab *slab, *next;

	for (slab = depot->slabs; slab; slab = next) {
		next = slab->next;
		node_free(slab, node, SLAB_SIZE);
	}
	node_free(depot->free, node, depot->capacity * sizeof(*depot->free));
	pthread_mutex_destroy(&depot->mutex);
}

unsigned long typesafe_cache_destroy(struct typesafe_cache *cache)
{
	unsigned long leaked = typesafe_live(cache);

	synchronize_rcu();
	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++)
		depot_destroy(&cache->depots[node], node);
	munmap(cache->magazines, NR_CPUS * sizeof(struct magazine));
	node_free(cache, 0, sizeof(*cache));
	return leaked;
}
