/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typesafe.c - slabs of objects per node, free ones listed outside the objects; a magazine per cpu in front of them.
 *
 * Each object is exactly one of: out, in one cpu's magazine, in its slab's list of free ones. A magazine holds objects of
 * one node, its cpu's; others go back to their slab at once.
 */
#include "core/base/typesafe.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/base/rcu.h"
#include "core/base/syncpoint.h"

#define SLAB_SIZE	((size_t)32 << 10)	/* bytes, and the alignment: an object's slab is found from its address */
#define MAX_ALIGN	4096
#define MAGAZINE_SIZE	63u			/* objects; 8 lines with the counts */
/* Check builds keep few back, so that what one thread frees is soon another thread's object. */
#define MAGAZINE_LIMIT	(FAULTLINE_CHECK ? 4u : MAGAZINE_SIZE)

/* Lock key: (D) the depot's mutex (C) const once published (A) atomic */
struct slab {
	unsigned int node;		/* (C) */
	unsigned int nr_objs;		/* (C) */
	char *objs;			/* (C) */
	uint8_t *out;			/* (A) check builds: 1 while the object is out */
	struct slab *next_slab;		/* (C) all slabs of the depot */
	struct slab *next_partial __cacheline_aligned;	/* (D) slabs with free objects */
	unsigned int nr_free;		/* (D) */
	uint16_t free[];		/* (D) indices of free objects, the last one freed last */
};

/* Lock key: (D) the mutex */
struct depot {
	pthread_mutex_t mutex;
	struct slab *slabs;		/* (D) all of this node */
	struct slab *partial;		/* (D) those with free objects */
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

static unsigned int obj_index(const struct typesafe_cache *cache, const struct slab *slab, const void *obj)
{
	return (unsigned int)((size_t)((const char *)obj - slab->objs) / cache->stride);
}

/* ---- slabs ---- */
static unsigned int objs_per_slab(const struct typesafe_cache *cache)
{
	size_t each = cache->stride + sizeof(uint16_t) + sizeof(uint8_t);

	return (unsigned int)((SLAB_SIZE - sizeof(struct slab) - cache->align) / each);
}

static struct slab *slab_create(const struct typesafe_cache *cache, unsigned int node)
{
	struct slab *slab = node_zalloc(node, SLAB_SIZE, SLAB_SIZE);
	uintptr_t end;

	if (!slab)
		return NULL;
	slab->node = node;
	slab->nr_objs = slab->nr_free = objs_per_slab(cache);
	slab->out = (uint8_t *)&slab->free[slab->nr_objs];
	end = (uintptr_t)(slab->out + slab->nr_objs);
	slab->objs = (char *)ALIGN_UP(end, cache->align);
	for (unsigned int i = 0; i < slab->nr_objs; i++) {
		slab->free[i] = (uint16_t)(slab->nr_objs - 1 - i);
		if (cache->ctor)
			cache->ctor(slab->objs + i * cache->stride);
	}
	return slab;
}

/* ---- depots ---- */
/* Up to @nr objects; fewer when memory ran out. */
static unsigned int depot_take(struct typesafe_cache *cache, unsigned int node, void **objs, unsigned int nr)
{
	struct depot *depot = &cache->depots[node];
	unsigned int got = 0;

	pthread_mutex_lock(&depot->mutex);
	while (got < nr) {
		struct slab *slab = depot->partial;

		if (!slab) {
			slab = slab_create(cache, node);
			if (!slab)
				break;
			slab->next_slab = depot->slabs;
			depot->slabs = depot->partial = slab;
		}
		objs[got++] = slab->objs + slab->free[--slab->nr_free] * cache->stride;
		if (!slab->nr_free)
			depot->partial = slab->next_partial;
	}
	pthread_mutex_unlock(&depot->mutex);
	return got;
}

/* @objs are all of @node. */
static void depot_give(struct typesafe_cache *cache, unsigned int node, void **objs, unsigned int nr)
{
	struct depot *depot = &cache->depots[node];

	pthread_mutex_lock(&depot->mutex);
	for (unsigned int i = 0; i < nr; i++) {
		struct slab *slab = slab_of(objs[i]);

		if (!slab->nr_free) {
			slab->next_partial = depot->partial;
			depot->partial = slab;
		}
		slab->free[slab->nr_free++] = (uint16_t)obj_index(cache, slab, objs[i]);
	}
	pthread_mutex_unlock(&depot->mutex);
}

/* ---- magazines ---- */
/* The slot's last thread may have been on another node. */
static struct magazine *my_magazine(struct typesafe_cache *cache)
{
	struct magazine *mag = &cache->magazines[this_cpu->id];

	if (unlikely(mag->node != this_cpu->node)) {
		BUG_ON(this_cpu->node >= ARENA_MAX_NODES);
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

/* Check builds: an object changes hands one way only. */
static force_inline void mark(struct typesafe_cache *cache, void *obj, bool out)
{
	struct slab *slab = slab_of(obj);

	if (FAULTLINE_CHECK && xchg_relaxed(&slab->out[obj_index(cache, slab, obj)], (uint8_t)out) == out)
		BUG("%s %p %s", cache->name, obj, out ? "handed out twice" : "freed twice");
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
	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++)
		pthread_mutex_init(&cache->depots[node].mutex, NULL);
	return cache;
}

unsigned long typesafe_live(struct typesafe_cache *cache)
{
	unsigned long live = 0;

	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++) {
		struct depot *depot = &cache->depots[node];

		pthread_mutex_lock(&depot->mutex);
		for (const struct slab *slab = depot->slabs; slab; slab = slab->next_slab)
			live += slab->nr_objs - slab->nr_free;
		pthread_mutex_unlock(&depot->mutex);
	}
	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		live -= load_relaxed(&cache->magazines[cpu].count);
	return live;
}

static void depot_destroy(struct depot *depot)
{
	struct slab *slab, *next;

	for (slab = depot->slabs; slab; slab = next) {
		next = slab->next_slab;
		node_free(slab, slab->node, SLAB_SIZE);
	}
	pthread_mutex_destroy(&depot->mutex);
}

unsigned long typesafe_cache_destroy(struct typesafe_cache *cache)
{
	unsigned long leaked = typesafe_live(cache);

	synchronize_rcu();
	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++)
		depot_destroy(&cache->depots[node]);
	munmap(cache->magazines, NR_CPUS * sizeof(struct magazine));
	node_free(cache, 0, sizeof(*cache));
	return leaked;
}
