/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock_play.h - threads that pass through a lock of any kind: whether it lets two in, or forgets who sleeps on it. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_LOCK_PLAY_H
#define FAULTLINE_TESTS_LIB_HARNESS_LOCK_PLAY_H

#include <stdbool.h>

/* A test's lock. */
struct played_lock {
	void (*init)(void), (*lock)(void), (*unlock)(void);
	void (*wake)(void);		/* wakes a sleeper, though the lock was not released */
	const char *before_park;	/* the sync point of a thread about to sleep */
	unsigned int sleepers;		/* of one lock, for unlock_wakes() */
	void (*sleep)(void);		/* what they do, if not lock() and unlock() */
};

/* How often one of four threads found another one inside. */
unsigned int lock_overlaps(const struct played_lock *played);
/* One unlock of a lock that threads sleep on. True when all of them return within @patience_ms. Needs sync points. */
bool unlock_wakes(const struct played_lock *played, unsigned int patience_ms);
/* True when a sleeper is forgotten with @knockout disabled, in several tries: a thread not yet asleep escapes. */
bool sleeper_is_forgotten_without(const char *knockout, const struct played_lock *played);

#endif
