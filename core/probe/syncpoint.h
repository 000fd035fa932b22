/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syncpoint.h - named places in every protocol for seeded delays and hooks of step-by-step tests; failing allocations.
 * Empty in builds without FAULTLINE_CHECK.
 */
#ifndef FAULTLINE_CORE_PROBE_SYNCPOINT_H
#define FAULTLINE_CORE_PROBE_SYNCPOINT_H

#include "core/base/atomic.h"

/* ---- sync points ---- */
struct syncpoint {
	const char *name;
	uint64_t hits;		/* (A) */
};

/* Returns NULL past the last one; the order is the linker's. Hits are zero where sync points are compiled out. */
struct syncpoint *syncpoint_get(unsigned int index);
/*
 * From now on each hit pauses with probability @per_mille / 1000: mostly a short spin, at times a yield or a sleep of
 * up to 100 µs, chosen by the thread's own generator, so that a seed repeats a thread's choices. 0 disables it.
 */
void syncpoint_noise(unsigned int per_mille);
/*
 * Calls @hook(@arg) at each hit of @name, before any delay; NULL removes the hook. At most one hook is set at a time.
 * Returns -ENOENT if no such point was compiled in. Locking: set while no other thread is in core.
 */
int syncpoint_hook(const char *name, void (*hook)(void *arg), void *arg);
void syncpoints_reset(void);

/* ---- failing allocations ---- */
/* The @nth allocation of this thread from now on fails once (1: the next); 0 disables it. */
void inject_alloc_failure(unsigned long nth);
/* Allocations this thread made since inject_alloc_failure() was last called. */
unsigned long inject_alloc_count(void);

#if FAULTLINE_CHECK
/* SYNCPOINT() and allocations call these: a hit; true if this allocation fails. */
void syncpoint_hit(struct syncpoint *point);
bool inject_alloc_fails(void);

#define SYNCPOINT(text) do { \
	static struct syncpoint point_ = { .name = (text) }; \
	static struct syncpoint *const entry_ __attribute__((section("faultline_syncpoints"), used)) = &point_; \
	(void)entry_; \
	syncpoint_hit(&point_); \
} while (0)
#else
#define SYNCPOINT(text)	do { } while (0)
static inline bool inject_alloc_fails(void) { return false; }
#endif

#endif
