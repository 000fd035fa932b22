/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * race.h - data races of explore builds: two accesses of two threads to the same bytes, one of them a write, and one
 * of them plain, that nothing orders (happens_before.h). A report ends the episode (detector "data race").
 *
 * A word keeps its latest four accesses: a race with an older one is missed. No correct program is reported, as long as
 * code that is not instrumented makes the calls below.
 */
#ifndef FAULTLINE_CORE_PROBE_RACE_H
#define FAULTLINE_CORE_PROBE_RACE_H

#include "core/probe/schedule.h"

#if FAULTLINE_EXPLORE
/* Nothing was accessed; what is accessed before and after the workers' race is ordered. Locking: no worker runs. */
void race_begins(enum schedule_memory memory);
void race_ends(void);
/* Loads may return older stores than the latest. */
bool race_loads_older(void);

/* @access happens now. */
void race_check(const struct schedule_event *access);

/* ---- in code that is not instrumented ---- */
/* What the thread did is ordered before what others do after their race_acquire() of the same @object. */
void race_release(const void *object);
void race_acquire(const void *object);
/* The thread has read the latest value of @word, and loads no older one from now on. */
void race_read(const uint32_t *word);
/*
 * A check that is not instrumented compares what is there now: all that was done so far is ordered before what its
 * thread does from now on.
 */
void race_see_all(void);
/* The memory was allocated: what others did there before is past. */
void race_fresh(const void *address, size_t size);

/* ---- grace periods have numbers, in the order of their requests; @asked: of the latest ---- */
void race_section_begins(void);
/* An outermost section that began when @began grace periods had been requested. */
void race_section_ends(uint64_t began, uint64_t asked);
/* Sections that begin from now on see what the thread did, as the grace period waits for none of them. */
void race_grace_asked(uint64_t asked);
void race_grace_over(uint64_t number);
#else
static inline void race_begins(enum schedule_memory memory) { (void)memory; }
static inline void race_ends(void) {}
static inline bool race_loads_older(void) { return false; }
static inline void race_release(const void *object) { (void)object; }
static inline void race_acquire(const void *object) { (void)object; }
static inline void race_read(const uint32_t *word) { (void)word; }
static inline void race_see_all(void) {}
static inline void race_fresh(const void *address, size_t size) { (void)address, (void)size; }
static inline void race_section_begins(void) {}
static inline void race_section_ends(uint64_t began, uint64_t asked) { (void)began, (void)asked; }
static inline void race_grace_asked(uint64_t asked) { (void)asked; }
static inline void race_grace_over(uint64_t number) { (void)number; }
#endif

#endif
