/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.h - in explore builds, atomic loads may return older stores, as the memory order of the plan allows. Memory
 * itself has the latest value at all times.
 *
 *   sc    the latest store
 *   tso   stores reach memory in the order of each program, later than loads that follow them (x86): a load reads
 *         memory as it was, but not before the thread's previous load, fence or update read it, nor before a store of
 *         its own
 *   c11   any store that C11 allows: none that is older than one that happens before, than one that a load that happens
 *         before has read, or than one that full fences order so (hb_floor())
 *
 * Of the stores that a load may return, chance chooses, from the plan's seed. In all of them stores to a location are
 * in the order in which they were executed, read-modify-writes and what is plain read the latest store, and a load
 * never returns what is stored after it. So what needs a store to be overtaken by a later one (2+2W), or a load to read
 * from the future (LB), is not reached. Plain accesses that would see an older store are data races (race.h).
 *
 * Code that is not instrumented stores behind our back: if the value in memory is not that of the latest store, older
 * ones are forgotten, and what was released stays released. So are they where accesses of different size overlap.
 */
#ifndef FAULTLINE_CORE_PROBE_MEMORY_H
#define FAULTLINE_CORE_PROBE_MEMORY_H

#include "core/probe/schedule.h"

struct word;

/* Locking: no worker runs. */
void memory_begins(enum schedule_memory model);

/*
 * Accesses, by address, size and order, before they happen. Locking: the thread with the turn.
 */
/* Gives a load its value. Returns the number of the store that it returns, for memory_load(). */
uint32_t memory_choose(struct schedule_event *access);
void memory_load(uint32_t store, int order);
/* A compare-and-exchange that fails. */
void memory_load_latest(const struct schedule_event *access);
void memory_store(const struct schedule_event *access);
void memory_update(const struct schedule_event *access);
void memory_fence(int order);
/* tso: the thread's later loads read memory as it was at @time, or later. */
void memory_catch_up(uint64_t time);
uint64_t memory_now(void);

/* The memory has a new life. */
void memory_forget(struct word *word);

#endif
