/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * race.h - data races of explore builds: two accesses of two threads to the same bytes, one of them a write, and one
 * of them plain, that nothing orders. A report ends the episode (detector "data race").
 *
 * Each thread has a vector clock (FastTrack, Flanagan and Freund, PLDI 2009). An acquire orders it behind the release
 * whose value it reads: by a store, by read-modify-writes that follow it, and by fences, which ThreadSanitizer does not
 * understand. Locks order by their atomic accesses; grace periods, callbacks, and mutexes of the C library call
 * race_release() and race_acquire(). A word keeps its latest four accesses: a race with an older one is missed. No
 * correct program is reported, as long as these calls are complete.
 */
#ifndef FAULTLINE_CORE_PROBE_RACE_H
#define FAULTLINE_CORE_PROBE_RACE_H

#include "core/base/compiler.h"

#if FAULTLINE_EXPLORE
/* Nothing was accessed; what is accessed before and after the workers' race is ordered. Locking: no worker runs. */
void race_begins(void);
void race_ends(void);

/* ---- accesses by the instruction at @pc; @order: of C11, as __ATOMIC_ACQUIRE ---- */
void race_plain(const void *address, size_t size, bool write, const void *pc);
void race_load(const void *address, size_t size, int order, const void *pc);
void race_store(const void *address, size_t size, int order, const void *pc);
void race_update(const void *address, size_t size, int order, const void *pc);
void race_fence(int order);

/* ---- in code that is not instrumented ---- */
/* What the thread did is ordered before what others do after their race_acquire() of the same @object. */
void race_release(const void *object);
void race_acquire(const void *object);
/* The memory was allocated: what others did there before is past. */
void race_fresh(const void *address, size_t size);
#else
static inline void race_begins(void) {}
static inline void race_ends(void) {}
static inline void race_release(const void *object) { (void)object; }
static inline void race_acquire(const void *object) { (void)object; }
static inline void race_fresh(const void *address, size_t size) { (void)address, (void)size; }
#endif

#endif
