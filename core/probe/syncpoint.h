/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syncpoint.h - named places in every protocol: threads report that they pass one, and subscribers are notified; and
 * failing allocations. Empty in builds without FAULTLINE_CHECK.
 *
 * A subscriber is one file with a SYNCPOINT_SUBSCRIBER(): syncpoint_noise.c (seeded delays), syncpoint_hook.c
 * (functions of step-by-step tests), schedule_step.c. They are called in the linker's order, and do not rely on it.
 */
#ifndef FAULTLINE_CORE_PROBE_SYNCPOINT_H
#define FAULTLINE_CORE_PROBE_SYNCPOINT_H

#include <errno.h>

#include "core/base/atomic.h"

/* ---- sync points ---- */
struct syncpoint {
	const char *name;
	uint64_t hits;		/* (A) */
};

#if FAULTLINE_CHECK
/* Returns NULL past the last one; the order is the linker's. */
struct syncpoint *syncpoint_get(unsigned int index);
/*
 * From now on each hit pauses with probability @per_mille / 1000: mostly a short spin, at times a yield or a sleep of
 * up to 100 µs, chosen by the thread's own generator, so that a seed repeats a thread's choices. 0 disables it.
 */
void syncpoint_noise(unsigned int per_mille);
/*
 * Calls @fn(@arg) at each hit of @name; a NULL @fn removes the hook. At most one hook is set at a time. Returns
 * -ENOENT if no such point was compiled in. Locking: set while no other thread is in core.
 */
int syncpoint_hook(const char *name, void (*fn)(void *arg), void *arg);
/* All hits are 0. Locking: none. */
void syncpoints_reset(void);

/* Lock key: (C) const */
struct syncpoint_subscriber {
	void (*hit)(const struct syncpoint *point);	/* (C) in the thread that passes @point */
};

/* Adds @object, a const struct syncpoint_subscriber of the file, to the table. As DETECTOR(). */
#define SYNCPOINT_SUBSCRIBER(object) \
	const struct syncpoint_subscriber *const syncpoint_subscriber_##object \
		__attribute__((section("faultline_syncpoint_subscribers"), used)) = &(object)

/* SYNCPOINT() calls this: counts the hit, and notifies. */
void syncpoint_hit(struct syncpoint *point);

#define SYNCPOINT(text) do { \
	static struct syncpoint point_ = { .name = (text) }; \
	static struct syncpoint *const entry_ __attribute__((section("faultline_syncpoints"), used)) = &point_; \
	(void)entry_; \
	syncpoint_hit(&point_); \
} while (0)

/* ---- failing allocations ---- */
/* The @nth allocation of this thread from now on fails once (1: the next); 0 disables it. */
void inject_alloc_failure(unsigned long nth);
/* Allocations this thread made since inject_alloc_failure() was last called. */
unsigned long inject_alloc_count(void);
/* Allocations call this: true if this one fails. */
bool inject_alloc_fails(void);
#else
static inline struct syncpoint *syncpoint_get(unsigned int index) { (void)index; return NULL; }
static inline void syncpoint_noise(unsigned int per_mille) { (void)per_mille; }
static inline void syncpoints_reset(void) {}

static inline int syncpoint_hook(const char *name, void (*fn)(void *arg), void *arg)
{
	(void)name, (void)fn, (void)arg;
	return -ENOENT;
}

#define SYNCPOINT(text)	do { } while (0)

static inline void inject_alloc_failure(unsigned long nth) { (void)nth; }
static inline unsigned long inject_alloc_count(void) { return 0; }
static inline bool inject_alloc_fails(void) { return false; }
#endif

#endif
