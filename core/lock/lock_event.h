/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lock_event.h - what happens to locks: each lock reports it here, and subscribers are notified.
 *
 *   wanted       before a wait for the lock, whether or not it waits; not before a try
 *   acquired     the calling thread holds it
 *   released     about to be released. Without "acquired" before: the thread waited and did not take it
 *   downgraded   about to go from writer to reader, with no other writer in between
 *
 * A subscriber is one file with a LOCK_SUBSCRIBER(): lockrank.c, shadow.c. They are called in the linker's order, and
 * do not rely on it. Builds without FAULTLINE_CHECK call none. lockstat alone, which profile builds have too, is called
 * inline.
 */
#ifndef FAULTLINE_CORE_LOCK_LOCK_EVENT_H
#define FAULTLINE_CORE_LOCK_LOCK_EVENT_H

#include "core/lock/lockrank.h"
#include "core/lock/lockstat.h"

/* A word beside each lock for its subscribers. Lock key: (A) atomic. Empty in builds without FAULTLINE_CHECK. */
struct probe_word {
#if FAULTLINE_CHECK
	uint32_t inside;	/* (A) shadow.c: readers, and the writer in units of SHADOW_WRITER */
#endif
};

/*
 * How a lock is taken: a wait; a wait with one lock of the rank held; a wait under an outer lock, with any number of
 * the rank held; a try, or a lock that the caller has made.
 */
enum lock_how { LOCK_WAITED, LOCK_NESTED, LOCK_NEST_LOCK, LOCK_TRIED };

/* The place of an acquisition, as one string. */
#define LOCK_SITE_TEXT(x)	#x
#define LOCK_SITE_LINE(x)	LOCK_SITE_TEXT(x)
#define LOCK_SITE		__FILE__ ":" LOCK_SITE_LINE(__LINE__)

#if FAULTLINE_CHECK
/* No lock key: on the reporting thread's stack. */
struct lock_event {
	const void *lock;
	struct probe_word *word;	/* NULL: a lock without one; and in "wanted" */
	const char *site;		/* LOCK_SITE; NULL in "released" and "downgraded" */
	enum lock_rank rank;
	enum held_mode mode;		/* the new one in "downgraded" */
	enum lock_how how;		/* in "wanted" and "acquired" */
};

/* Lock key: (C) const. NULL: not notified. */
struct lock_subscriber {
	void (*wanted)(const struct lock_event *event);		/* (C) dies if the wait could deadlock */
	void (*acquired)(const struct lock_event *event);	/* (C) */
	void (*released)(const struct lock_event *event);	/* (C) */
	void (*downgraded)(const struct lock_event *event);	/* (C) */
};

/* Adds @object, a const struct lock_subscriber of the file, to the table. As DETECTOR(). */
#define LOCK_SUBSCRIBER(object) \
	const struct lock_subscriber *const lock_subscriber_##object \
		__attribute__((section("faultline_lock_subscribers"), used)) = &(object)

/* Each calls the subscribers of one event above. */
void lock_notify_wanted(const void *lock, enum lock_rank rank, enum held_mode mode, enum lock_how how,
			const char *site);
void lock_notify_acquired(const void *lock, struct probe_word *word, enum lock_rank rank, enum held_mode mode,
			  enum lock_how how, const char *site);
void lock_notify_released(const void *lock, struct probe_word *word, enum lock_rank rank, enum held_mode mode);
void lock_notify_downgraded(const void *lock, struct probe_word *word, enum lock_rank rank);

/* Locking: no other thread can reach the lock. */
static force_inline void probe_word_init(struct probe_word *word)
{
	store_relaxed(&word->inside, 0u);
}
#else
static force_inline void lock_notify_wanted(const void *lock, enum lock_rank rank, enum held_mode mode,
					    enum lock_how how, const char *site)
{
	(void)lock, (void)rank, (void)mode, (void)how, (void)site;
}

static force_inline void lock_notify_acquired(const void *lock, struct probe_word *word, enum lock_rank rank,
					      enum held_mode mode, enum lock_how how, const char *site)
{
	(void)lock, (void)word, (void)rank, (void)mode, (void)how, (void)site;
}

static force_inline void lock_notify_released(const void *lock, struct probe_word *word, enum lock_rank rank,
					      enum held_mode mode)
{
	(void)lock, (void)word, (void)rank, (void)mode;
}

static force_inline void lock_notify_downgraded(const void *lock, struct probe_word *word, enum lock_rank rank)
{
	(void)lock, (void)word, (void)rank;
}

static force_inline void probe_word_init(struct probe_word *word) { (void)word; }
#endif

/* ---- called by a lock's own functions ---- */

/* lock_wanted, lock_acquired, lock_released, lock_downgraded - report the events above; messages name @site. */
static force_inline void lock_wanted(const void *lock, enum lock_rank rank, enum held_mode mode, enum lock_how how,
				     const char *site)
{
	lock_notify_wanted(lock, rank, mode, how, site);
}

static force_inline void lock_acquired(const void *lock, struct probe_word *word, enum lock_rank rank,
				       enum held_mode mode, enum lock_how how, const char *site)
{
	lock_notify_acquired(lock, word, rank, mode, how, site);
	lockstat_acquired(lock, rank);
}

static force_inline void lock_released(const void *lock, struct probe_word *word, enum lock_rank rank,
				       enum held_mode mode)
{
	lockstat_released(lock);
	lock_notify_released(lock, word, rank, mode);
}

static force_inline void lock_downgraded(const void *lock, struct probe_word *word, enum lock_rank rank)
{
	lock_notify_downgraded(lock, word, rank);
}

/* Around a slow path: this thread waits for the lock that it wanted last. */
static force_inline void lock_wait_begin(struct wait_cost *cost)
{
	lockrank_wait_begin();
	lockstat_wait_begin(cost);
}

/* The wait that lock_wait_begin() began is over: its @cost counts for @rank. */
static force_inline void lock_wait_end(enum lock_rank rank, const struct wait_cost *cost)
{
	lockrank_wait_end();
	lockstat_add(rank, cost);
}

#endif
