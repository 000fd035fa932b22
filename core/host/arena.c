/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arena.c - per-node allocation, and the count of live bytes. */
#include "core/host/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/base/poison.h"
#include "core/host/topology.h"
#include "core/probe/race.h"
#include "core/probe/syncpoint.h"

#define MIN_ALIGN	16	/* bytes: malloc's own */

#if FAULTLINE_PLAIN_ALLOC
static void *backend_alloc(unsigned int node, size_t size, size_t align, bool zero)
{
	void *p = aligned_alloc(align, ALIGN_UP(size, align));

	(void)node;
	if (p && zero)
		memset(p, 0, size);
	return p;
}

static void backend_free(void *p, unsigned int node)
{
	(void)node;
	free(p);
}

int arena_node_of(const void *p)
{
	(void)p;
	return -EOPNOTSUPP;
}
#else
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <sys/mman.h>

/* Lock key: (C) const once @ready is set (A) atomic */
struct node_arena {
	extent_hooks_t hooks;		/* (C) first, so that a hook finds its node_arena; outlives the arena */
	unsigned int node;		/* (C) logical index */
	unsigned int arena;		/* (C) jemalloc's number */
	bool ready;			/* (A) set once, under arenas_mutex */
};

static struct node_arena arenas[ARENA_MAX_NODES];
static pthread_mutex_t arenas_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t caches_key;				/* (C) its destructor gives a thread's caches back */
static _Thread_local unsigned int caches[ARENA_MAX_NODES];	/* (T) jemalloc's number + 1; 0: none yet */

/* Over-maps and trims, then binds before the first touch. A failed binding is counted there; it is not an error. */
static void *extent_alloc(extent_hooks_t *hooks, void *want, size_t size, size_t align, bool *zero, bool *commit,
			  unsigned int ind)
{
	struct node_arena *na = (struct node_arena *)(void *)hooks;
	char *p, *start;

	(void)ind;
	if (want)
		return NULL;
	p = mmap(NULL, size + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	start = (char *)ALIGN_UP((uintptr_t)p, align);
	if (start > p)
		munmap(p, (size_t)(start - p));
	if (p + align > start)
		munmap(start + size, (size_t)(p + align - start));
	topology_bind_memory(start, size, na->node);
	*zero = *commit = true;
	return start;
}

/* Memory touched again after the purge still lies on the node: the binding is the range's, not the page's. */
static bool extent_purge(extent_hooks_t *hooks, void *addr, size_t size, size_t offset, size_t len, unsigned int ind)
{
	(void)hooks, (void)size, (void)ind;
	return madvise((char *)addr + offset, len, MADV_DONTNEED) != 0;
}

static bool extent_split(extent_hooks_t *hooks, void *addr, size_t size, size_t a, size_t b, bool committed,
			 unsigned int ind)
{
	(void)hooks, (void)addr, (void)size, (void)a, (void)b, (void)committed, (void)ind;
	return false;
}

static bool extent_merge(extent_hooks_t *hooks, void *addr, size_t a, void *next, size_t b, bool committed,
			 unsigned int ind)
{
	(void)hooks, (void)addr, (void)a, (void)next, (void)b, (void)committed, (void)ind;
	return false;
}

/*
 * No .dalloc: address space is never unmapped, only its memory is freed (.purge_forced). jemalloc marks the first
 * range of each mapping, never joins another range below it, and relies on the mark staying at the mapping's start.
 * If the first part were unmapped, the rest could meet another arena's mapping and be joined to it: one block in
 * both.
 */
static int arena_create(struct node_arena *na, unsigned int node)
{
	extent_hooks_t *hooks = &na->hooks;
	size_t len = sizeof(na->arena);

	na->node = node;
	na->hooks = (extent_hooks_t){
		.alloc = extent_alloc, .purge_forced = extent_purge, .split = extent_split, .merge = extent_merge,
	};
	return -mallctl("arenas.create", &na->arena, &len, &hooks, sizeof(hooks));
}

static struct node_arena *node_arena(unsigned int node)
{
	struct node_arena *na = &arenas[node];
	int err = 0;

	if (likely(load_acquire(&na->ready)))
		return na;
	pthread_mutex_lock(&arenas_mutex);
	if (!na->ready) {
		err = arena_create(na, node);
		store_release(&na->ready, !err);
	}
	pthread_mutex_unlock(&arenas_mutex);
	return err ? NULL : na;
}

static void caches_destroy(void *arg)
{
	unsigned int *mine = arg;

	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++) {
		unsigned int cache = mine[node] - 1;

		if (mine[node])
			mallctl("tcache.destroy", NULL, NULL, &cache, sizeof(cache));
		mine[node] = 0;
	}
}

static void key_create(void)
{
	int err = pthread_key_create(&caches_key, caches_destroy);

	BUG_ON(err);
}

static __noinline int cache_create(unsigned int node)
{
	unsigned int cache;
	size_t len = sizeof(cache);

	pthread_once(&key_once, key_create);
	if (mallctl("tcache.create", &cache, &len, NULL, 0))
		return -ENOMEM;
	caches[node] = cache + 1;
	pthread_setspecific(caches_key, caches);
	return 0;
}

/* Allocation and freeing name the cache: else jemalloc serves a block of any arena from the thread's own cache. */
static int flags_for(const struct node_arena *na)
{
	int cache = MALLOCX_TCACHE_NONE;

	if (likely(caches[na->node]) || !cache_create(na->node))
		cache = MALLOCX_TCACHE(caches[na->node] - 1);
	return MALLOCX_ARENA(na->arena) | cache;
}

static void *backend_alloc(unsigned int node, size_t size, size_t align, bool zero)
{
	const struct node_arena *na = node_arena(node);

	if (!na)
		return NULL;
	return mallocx(size, flags_for(na) | MALLOCX_ALIGN(align) | (zero ? MALLOCX_ZERO : 0));
}

static void backend_free(void *p, unsigned int node)
{
	dallocx(p, flags_for(&arenas[node]));
}

int arena_node_of(const void *p)
{
	unsigned int arena;
	size_t len = sizeof(arena);

	if (mallctl("arenas.lookup", &arena, &len, &p, sizeof(p)))
		return -ENOENT;
	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++)
		if (load_acquire(&arenas[node].ready) && arenas[node].arena == arena)
			return (int)node;
	return -ENOENT;
}
#endif

/* Bytes allocated minus bytes freed by each cpu, a row each; the last row is shared by threads without a cpu. */
static int64_t live[NR_CPUS + 1][ARENA_MAX_NODES];	/* (A) */

static void account(unsigned int node, int64_t bytes)
{
	if (likely(this_cpu))
		count_own(&live[this_cpu->id][node], bytes);
	else
		fetch_add_relaxed(&live[NR_CPUS][node], bytes);
}

static void *alloc(unsigned int node, size_t size, size_t align, bool zero)
{
	void *p;

	BUG_ON(node >= ARENA_MAX_NODES || !size);
	if (unlikely(inject_alloc_fails()))
		return NULL;
	p = backend_alloc(node, size, max(align, (size_t)MIN_ALIGN), zero);
	if (likely(p)) {
		account(node, (int64_t)size);
		race_fresh(p, size);
	}
	return p;
}

void *node_alloc(unsigned int node, size_t size, size_t align)
{
	return alloc(node, size, align, false);
}

void *node_zalloc(unsigned int node, size_t size, size_t align)
{
	return alloc(node, size, align, true);
}

unsigned int local_node(void)
{
	return this_cpu ? this_cpu->node : 0;
}

void *local_zalloc(size_t size, size_t align)
{
	return alloc(local_node(), size, align, true);
}

void node_free(void *p, unsigned int node, size_t size)
{
	if (!p)
		return;
	poison(p, size);
	account(node, -(int64_t)size);
	backend_free(p, node);
}

size_t arena_live_bytes_node(unsigned int node)
{
	int64_t sum = load_relaxed(&live[NR_CPUS][node]);

	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		sum += load_relaxed(&live[cpu][node]);
	return (size_t)sum;
}

size_t arena_live_bytes(void)
{
	size_t sum = 0;

	for (unsigned int node = 0; node < ARENA_MAX_NODES; node++)
		sum += arena_live_bytes_node(node);
	return sum;
}
