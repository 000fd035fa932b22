/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lockrank.h - the lock order, and in check builds the locks that each thread holds.
 *
 * A thread may wait for a lock only if its rank lies below (is later in lockrank.def than) every rank it holds. Two
 * locks of one rank need an explicit "nested" acquisition, once; or any number is taken under an outer lock, which one
 * thread holds at a time (down_write_nest_lock()). Under a leaf no lock is waited for. A trylock never waits, so it is
 * recorded but can't break the order; later waits are checked against it.
 *
 * Held lists are written only by their thread and readable by all, so that a watchdog can name a stuck thread and its
 * lock. In builds without FAULTLINE_CHECK only the texts exist.
 */
#ifndef FAULTLINE_CORE_LOCK_LOCKRANK_H
#define FAULTLINE_CORE_LOCK_LOCKRANK_H

#include <stdio.h>

#include "core/base/compiler.h"

enum lock_rank {
#define LOCKRANK(id, lock, kind, protects, not_protects, taken, inside) RANK_##id,
#include "core/lock/lockrank.def"
#undef LOCKRANK
	NR_LOCK_RANKS,
	RANK_FIRST_LEAF = RANK_FRAME_LIST,
};

enum held_mode { HELD_READ, HELD_WRITE };

/* The lock's name, for people. */
const char *lockrank_name(enum lock_rank rank);
/* True if only one thread at a time can hold a lock of @rank, by its kind; readers share the others. */
bool lockrank_is_exclusive(enum lock_rank rank);
/* Prints the order and every lock's definition as Markdown: LOCKING.md is this text. */
void lockrank_print(FILE *out);
/* Prints what every registered thread holds and waits for, one line each; nothing without FAULTLINE_CHECK. */
void lockrank_dump(FILE *out);

#if FAULTLINE_CHECK
/* Around a slow path: this thread waits for the lock that it acquired last. */
void lockrank_wait_begin(void);
void lockrank_wait_end(void);

/* Returns whether another cpu holds @lock, by its held list; stores the cpu and the place of its acquisition. */
bool lockrank_other_holder(const void *lock, int *cpu, const char **site);

/*
 * Locks that the calling thread holds; whether it holds @lock at all, and for write. Without FAULTLINE_CHECK it holds
 * each.
 */
unsigned int lockrank_held_count(void);
bool lockrank_is_held(const void *lock);
bool lockrank_is_held_write(const void *lock);
/* Each dies unless the calling thread holds @lock, in that mode. */
void lockrank_assert_held(const void *lock);
void lockrank_assert_held_read(const void *lock);
void lockrank_assert_held_write(const void *lock);
void lockrank_assert_none_held(void);
/* Dies when the calling thread holds a spinlock. */
void lockrank_assert_may_sleep(void);
#else
static force_inline void lockrank_wait_begin(void) {}
static force_inline void lockrank_wait_end(void) {}
static force_inline bool lockrank_is_held(const void *lock) { (void)lock; return true; }
static force_inline void lockrank_assert_held(const void *lock) { (void)lock; }
static force_inline void lockrank_assert_held_read(const void *lock) { (void)lock; }
static force_inline void lockrank_assert_held_write(const void *lock) { (void)lock; }
static force_inline void lockrank_assert_none_held(void) {}
static force_inline void lockrank_assert_may_sleep(void) {}
#endif

#endif
