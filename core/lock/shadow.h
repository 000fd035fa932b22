/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shadow.h - in check builds the owners of a lock, in its probe word and independent of it.
 *
 * A holder enters the word after it got the lock, and leaves it before the release. If the lock works, a writer finds
 * the word empty, and a reader finds no writer in it; else the second of two conflicting owners dies at once, and both
 * are named. The word's accesses are relaxed: they add no order to a lock that has lost its own.
 *
 * lock_event.h does this for locks. The functions here are for what is owned without holding a lock all the time: a VMA
 * by its writer.
 */
#ifndef FAULTLINE_CORE_LOCK_SHADOW_H
#define FAULTLINE_CORE_LOCK_SHADOW_H

#include "core/lock/lock_event.h"

#if FAULTLINE_CHECK
/* The calling thread owns @lock, taken at @site. Dies if a conflicting owner is inside. */
void shadow_enter(struct probe_word *word, const void *lock, enum lock_rank rank, enum held_mode mode,
		  const char *site);
/* Before the release. */
void shadow_leave(struct probe_word *word, enum held_mode mode);
/* The calling thread holds @lock for read beside a writer of @by: dies. */
void shadow_met_writer(const void *lock, enum lock_rank rank, const char *site, const void *by);
#endif

#endif
