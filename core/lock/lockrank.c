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
	      "one rank need a \"nested\" acquisition; more are taken under an outer lock, which one thread holds at\n"
	      "a time. Under a leaf no lock is waited for. A trylock is allowed in any order. Check builds end the\n"
	      "run at the first acquisition that breaks this, whether or not it deadlocks.\n\n"
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
/* Bound of locks under an outer one: those of 65530 VMAs, a file's or an anon_vma's each, and both of a few. */
#define MAX_CROWD	(1u << 17)

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

/* Which one a thread waits for, and so does not hold yet: the last of its own list, or of the crowd. */
enum waits_for { WAITS_FOR_NONE, WAITS_FOR_LAST, WAITS_FOR_CROWD };

struct held_list {
	unsigned int count;	/* (A) */
	bool wanted_crowd;	/* (A) the latest one wanted is in the crowd */
	uint8_t waiting;	/* (A) enum waits_for */
	struct held_lock locks[MAX_HELD];
} __cacheline_aligned;

/*
 * The locks taken under an outer lock: one thread has that at a time, so one list is enough. Lock key: (A) atomic:
 * written by the owner's thread, read by any.
 */
static struct {
	struct held_list *owner;	/* (A) NULL: empty */
	unsigned int count;		/* (A) */
	struct held_lock locks[MAX_CROWD];
} crowd;

static struct held_list cpu_lists[NR_CPUS];
static _Thread_local struct held_list thread_list;	/* (T) of a thread without a cpu: not dumped */

static struct held_list *own_list(void)
{
	return this_cpu ? &cpu_lists[this_cpu->id] : &thread_list;
}

/* The number of @list's locks that are in the crowd. */
static unsigned int crowd_of(const struct held_list *list)
{
	return unlikely(load_relaxed(&crowd.owner) == list) ? load_acquire(&crowd.count) : 0;
}

static void record_at(struct held_lock *locks, unsigned int *count, unsigned int room, const struct lock_event *event)
{
	struct held_lock *held = &locks[*count];

	if (*count == room)
		BUG("more than %u locks held, taking %s at %s", room, lockrank_name(event->rank), event->site);
	store_relaxed(&held->lock, event->lock);
	store_relaxed(&held->site, event->site);
	store_relaxed(&held->rank, (uint8_t)event->rank);
	store_relaxed(&held->mode, (uint8_t)event->mode);
	store_release(count, *count + 1);
}

static void record(struct held_list *list, const struct lock_event *event)
{
	store_relaxed(&list->wanted_crowd, event->how == LOCK_NEST_LOCK);
	if (likely(event->how != LOCK_NEST_LOCK)) {
		record_at(list->locks, &list->count, MAX_HELD, event);
		return;
	}
	if (load_relaxed(&crowd.owner) && load_relaxed(&crowd.owner) != list)
		BUG_BY(LOCK_ORDER, "lock order: %s %p at %s is wanted while another thread holds locks of its kind",
		       lockrank_name(event->rank), event->lock, event->site);
	store_relaxed(&crowd.owner, list);
	record_at(crowd.locks, &crowd.count, MAX_CROWD, event);
}

/* @same: number of locks of the rank so far. Returns whether waiting for the lock is allowed while @held is held. */
static bool in_order(const struct held_lock *held, const struct lock_event *event, unsigned int *same)
{
	if (held->rank >= RANK_FIRST_LEAF)
		return false;
	if (held->rank == event->rank)
		return event->how == LOCK_NEST_LOCK || (event->how == LOCK_NESTED && ++*same == 1);
	return held->rank < event->rank;
}

static void check_wanted(const struct held_lock *locks, unsigned int count, const struct lock_event *event)
{
	unsigned int same = 0;

	for (const struct held_lock *held = locks; held < locks + count; held++) {
		if (held->lock == event->lock)
			BUG_BY(LOCK_ORDER, "lock order: %s %p at %s is already held, taken at %s",
			       lockrank_name(event->rank), event->lock, event->site, held->site);
		if (!in_order(held, event, &same))
			BUG_BY(LOCK_ORDER, "lock order: %s %p at %s is wanted while %s %p is held, taken at %s",
			       lockrank_name(event->rank), event->lock, event->site, lockrank_name(held->rank),
			       held->lock, held->site);
	}
}

/* Recorded before the wait, so that a watchdog finds it. */
static void rank_wanted(const struct lock_event *event)
{
	struct held_list *list = own_list();

	check_wanted(list->locks, list->count, event);
	check_wanted(crowd.locks, crowd_of(list), event);
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
	for (unsigned int i = crowd_of(list); i-- > 0;)
		if (crowd.locks[i].lock == lock)
			return &crowd.locks[i];
	return NULL;
}

static bool is_in_crowd(const struct held_lock *held)
{
	return held >= crowd.locks && held < crowd.locks + MAX_CROWD;
}

static void copy_held(struct held_lock *to, const struct held_lock *from)
{
	store_relaxed(&to->lock, from->lock);
	store_relaxed(&to->site, from->site);
	store_relaxed(&to->rank, from->rank);
	store_relaxed(&to->mode, from->mode);
}

/* The crowd has no order. */
static void leave_crowd(struct held_lock *held)
{
	copy_held(held, &crowd.locks[crowd.count - 1]);
	store_release(&crowd.count, crowd.count - 1);
	if (!crowd.count)
		store_relaxed(&crowd.owner, NULL);
}

static void rank_released(const struct lock_event *event)
{
	struct held_list *list = own_list();
	struct held_lock *held = find_held(list, event->lock);
	struct held_lock *last = &list->locks[list->count - 1];

	if (!held)
		BUG("lock %p is released but not held", event->lock);
	if (unlikely(is_in_crowd(held))) {
		leave_crowd(held);
		return;
	}
	for (; held < last; held++)
		copy_held(held, held + 1);
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
	struct held_list *list = own_list();

	store_relaxed(&list->waiting, (uint8_t)(list->wanted_crowd ? WAITS_FOR_CROWD : WAITS_FOR_LAST));
}

void lockrank_wait_end(void)
{
	store_relaxed(&own_list()->waiting, (uint8_t)WAITS_FOR_NONE);
}

unsigned int lockrank_held_count(void)
{
	return own_list()->count + crowd_of(own_list());
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
		if (load_relaxed(&list->waiting) == WAITS_FOR_LAST && count)
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

static void dump_lock(FILE *out, unsigned int cpu, const struct held_lock *held, bool waiting)
{
	fprintf(out, "cpu %u %s %s %p for %s, at %s\n", cpu, waiting ? "waits for" : "holds",
		lockrank_name(load_relaxed(&held->rank)), load_relaxed(&held->lock),
		load_relaxed(&held->mode) == HELD_WRITE ? "write" : "read", load_relaxed(&held->site));
}

/* A list that changes meanwhile gives a mix of old and new, each entry valid by itself; a stuck thread's is stable. */
static void dump_list(FILE *out, unsigned int cpu, const struct held_list *list)
{
	unsigned int count = min(load_acquire(&list->count), (unsigned int)MAX_HELD), many = crowd_of(list);
	enum waits_for waiting = load_relaxed(&list->waiting);

	for (unsigned int i = 0; i < count; i++)
		dump_lock(out, cpu, &list->locks[i], waiting == WAITS_FOR_LAST && i + 1 == count);
	for (unsigned int i = 0; i < many; i++)
		dump_lock(out, cpu, &crowd.locks[i], waiting == WAITS_FOR_CROWD && i + 1 == many);
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
