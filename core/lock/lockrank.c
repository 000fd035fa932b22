/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lockrank.c - each thread's held locks, and the check of their order. */
#include "core/lock/lockrank.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/lock/lock_event.h"

static const struct lockrank_info {
	const char *ident, *lock, *kind, *protects, *not_protects, *taken, *inside;
} ranks[NR_LOCK_RANKS] = {
#define LOCKRANK(id, lock, kind, protects, not_protects, taken, inside) \
	[RANK_##id] = { "RANK_" #id, lock, kind, protects, not_protects, taken, inside },
#include "core/lock/lockrank.def"
#undef LOCKRANK
};

const char *lockrank_name(enum lock_rank rank)
{
	return rank < NR_LOCK_RANKS ? ranks[rank].lock : "no lock";
}

static bool is_spinlock(enum lock_rank rank)
{
	return !strncmp(ranks[rank].kind, "spin", 4);
}

bool lockrank_is_exclusive(enum lock_rank rank)
{
	return is_spinlock(rank) || !strncmp(ranks[rank].kind, "bit", 3);
}

void lockrank_print(FILE *out)
{
	fputs("# Locking\n\n"
	      "Printed by `faultline list --locking` from `core/lock/lockrank.def`, the one copy of the order.\n\n"
	      "Outermost first: a thread waits for a lock only if that ranks below all locks it holds. Two locks of\n"
	      "one rank need a \"nested\" acquisition. Under a leaf no lock is waited for. A trylock is allowed in\n"
	      "any order. Check builds end the run at the first acquisition that breaks this, whether or not it\n"
	      "deadlocks.\n\n"
	      "Accesses outside locks, and the order of memory accesses that they need: [ORDERING.md](ORDERING.md).\n\n"
	      "| | lock | rank | kind |\n|---|---|---|---|\n", out);
	for (unsigned int i = 0; i < NR_LOCK_RANKS; i++)
		fprintf(out, "| %u | %s | `%s` | %s |\n", i + 1, ranks[i].lock, ranks[i].ident, ranks[i].kind);
	for (unsigned int i = 0; i < NR_LOCK_RANKS; i++)
		fprintf(out, "\n## %s\n\n- **protects** %s.\n- **does not protect** %s.\n- **taken** %s.\n"
			"- **nests inside** %s.\n", ranks[i].lock, ranks[i].protects, ranks[i].not_protects,
			ranks[i].taken, ranks[i].inside);
}

#if FAULTLINE_CHECK
/* Bound of nested locks of one thread: fork holds about ten. */
#define MAX_HELD	32

/* The detectors of this file. */
#define LOCK_ORDER	"lock order"
#define LOCKS_HELD	"locks held"

/* Lock key: (A) atomic: written by the list's thread, read by any */
struct held_lock {
	const void *lock;	/* (A) */
	const char *site;	/* (A) where it was taken */
	uint8_t rank;		/* (A) enum lock_rank */
	uint8_t mode;		/* (A) enum held_mode */
};

struct held_list {
	unsigned int count;	/* (A) */
	bool waiting;		/* (A) the last one is not held yet */
	struct held_lock locks[MAX_HELD];
} __cacheline_aligned;

static struct held_list cpu_lists[NR_CPUS];
static _Thread_local struct held_list thread_list;	/* (T) of a thread without a cpu: not dumped */

static struct held_list *own_list(void)
{
	return this_cpu ? &cpu_lists[this_cpu->id] : &thread_list;
}

static void record(struct held_list *list, const struct lock_event *event)
{
	struct held_lock *held = &list->locks[list->count];

	if (list->count == MAX_HELD)
		BUG("more than %d locks held, taking %s at %s", MAX_HELD, lockrank_name(event->rank), event->site);
	store_relaxed(&held->lock, event->lock);
	store_relaxed(&held->site, event->site);
	store_relaxed(&held->rank, (uint8_t)event->rank);
	store_relaxed(&held->mode, (uint8_t)event->mode);
	store_release(&list->count, list->count + 1);
}

/*
 * @same: number of locks of @rank so far. Returns whether waiting for a lock of @rank is allowed while @held is held.
 */
static bool in_order(const struct held_lock *held, enum lock_rank rank, bool nested, unsigned int *same)
{
	if (held->rank >= RANK_FIRST_LEAF)
		return false;
	if (held->rank == rank)
		return nested && ++*same == 1;
	return held->rank < rank;
}

/* Recorded before the wait, so that a watchdog finds it. */
static void rank_wanted(const struct lock_event *event)
{
	struct held_list *list = own_list();
	unsigned int same = 0;

	for (unsigned int i = 0; i < list->count; i++) {
		const struct held_lock *held = &list->locks[i];

		if (held->lock == event->lock)
			BUG_BY(LOCK_ORDER, "lock order: %s %p at %s is already held, taken at %s",
			       lockrank_name(event->rank), event->lock, event->site, held->site);
		if (!in_order(held, event->rank, event->how == LOCK_NESTED, &same))
			BUG_BY(LOCK_ORDER, "lock order: %s %p at %s is wanted while %s %p is held, taken at %s",
			       lockrank_name(event->rank), event->lock, event->site, lockrank_name(held->rank),
			       held->lock, held->site);
	}
	record(list, event);
}

static void rank_acquired(const struct lock_event *event)
{
	if (event->how == LOCK_TRIED)
		record(own_list(), event);
}

/* The latest record of @lock, or NULL. */
static struct held_lock *find_held(struct held_list *list, const void *lock)
{
	for (unsigned int i = list->count; i-- > 0;)
		if (list->locks[i].lock == lock)
			return &list->locks[i];
	return NULL;
}

static void rank_released(const struct lock_event *event)
{
	struct held_list *list = own_list();
	struct held_lock *held = find_held(list, event->lock);
	struct held_lock *last = &list->locks[list->count - 1];

	if (!held)
		BUG("lock %p is released but not held", event->lock);
	for (; held < last; held++) {
		store_relaxed(&held->lock, held[1].lock);
		store_relaxed(&held->site, held[1].site);
		store_relaxed(&held->rank, held[1].rank);
		store_relaxed(&held->mode, held[1].mode);
	}
	store_release(&list->count, list->count - 1);
}

static void rank_downgraded(const struct lock_event *event)
{
	lockrank_assert_held_write(event->lock);
	store_relaxed(&find_held(own_list(), event->lock)->mode, HELD_READ);
}

static const struct lock_subscriber lockrank = {
	.wanted = rank_wanted,
	.acquired = rank_acquired,
	.released = rank_released,
	.downgraded = rank_downgraded,
};
LOCK_SUBSCRIBER(lockrank);

void lockrank_wait_begin(void)
{
	store_relaxed(&own_list()->waiting, true);
}

void lockrank_wait_end(void)
{
	store_relaxed(&own_list()->waiting, false);
}

unsigned int lockrank_held_count(void)
{
	return own_list()->count;
}

bool lockrank_is_held(const void *lock)
{
	return find_held(own_list(), lock);
}

bool lockrank_is_held_write(const void *lock)
{
	const struct held_lock *held = find_held(own_list(), lock);

	return held && held->mode == HELD_WRITE;
}

void lockrank_assert_held(const void *lock)
{
	if (unlikely(!lockrank_is_held(lock)))
		BUG_BY(LOCKS_HELD, "lock %p should be held", lock);
}

void lockrank_assert_held_read(const void *lock)
{
	lockrank_assert_held(lock);
	if (unlikely(lockrank_is_held_write(lock)))
		BUG_BY(LOCKS_HELD, "lock %p should be held for read", lock);
}

void lockrank_assert_held_write(const void *lock)
{
	if (unlikely(!lockrank_is_held_write(lock)))
		BUG_BY(LOCKS_HELD, "lock %p should be held for write", lock);
}

void lockrank_assert_none_held(void)
{
	const struct held_list *list = own_list();

	if (unlikely(list->count))
		BUG_BY(LOCKS_HELD, "no lock should be held, but %s %p is, taken at %s",
		       lockrank_name(list->locks[0].rank), list->locks[0].lock, list->locks[0].site);
}

void lockrank_assert_may_sleep(void)
{
	const struct held_list *list = own_list();

	for (unsigned int i = 0; i < list->count; i++)
		if (unlikely(is_spinlock(list->locks[i].rank)))
			BUG_BY(LOCKS_HELD, "a sleep while %s %p is held, taken at %s",
			       lockrank_name(list->locks[i].rank), list->locks[i].lock, list->locks[i].site);
}

bool lockrank_other_holder(const void *lock, int *cpu, const char **site)
{
	for (unsigned int i = 0; i < nr_cpus_used(); i++) {
		const struct held_list *list = &cpu_lists[i];
		unsigned int count = min(load_acquire(&list->count), (unsigned int)MAX_HELD);

		if (this_cpu && this_cpu->id == i)
			continue;
		if (load_relaxed(&list->waiting) && count)
			count--;
		while (count-- > 0) {
			if (load_relaxed(&list->locks[count].lock) != lock)
				continue;
			*cpu = (int)i;
			*site = load_relaxed(&list->locks[count].site);
			return true;
		}
	}
	return false;
}

/* A list that changes meanwhile gives a mix of old and new, each entry valid by itself; a stuck thread's is stable. */
static void dump_list(FILE *out, unsigned int cpu, const struct held_list *list)
{
	unsigned int count = min(load_acquire(&list->count), (unsigned int)MAX_HELD);
	bool waiting = load_relaxed(&list->waiting);

	for (unsigned int i = 0; i < count; i++) {
		const struct held_lock *held = &list->locks[i];

		fprintf(out, "cpu %u %s %s %p for %s, at %s\n", cpu, waiting && i + 1 == count ? "waits for" : "holds",
			lockrank_name(load_relaxed(&held->rank)), load_relaxed(&held->lock),
			load_relaxed(&held->mode) == HELD_WRITE ? "write" : "read", load_relaxed(&held->site));
	}
}

void lockrank_dump(FILE *out)
{
	for (unsigned int i = 0; i < nr_cpus_used(); i++)
		dump_list(out, i, &cpu_lists[i]);
}
#else
void lockrank_dump(FILE *out)
{
	(void)out;
}
#endif
