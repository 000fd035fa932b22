/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shadow.h - in check builds a word beside each lock, independent of it, that records its owners.
 *
 * A holder enters the word after it got the lock, and leaves it before the release. If the lock works, a writer finds
 * the word empty, and a reader finds no writer in it; else the second of two conflicting owners dies at once, and both
 * are named. The word's accesses are relaxed: they add no order to a lock that has lost its own.
 */
#ifndef FAULTLINE_CORE_LOCK_SHADOW_H
#define FAULTLINE_CORE_LOCK_SHADOW_H

#include "core/lock/lockrank.h"

/* Lock key: (A) atomic. Empty in builds without FAULTLINE_CHECK. */
struct shadow {
#if FAULTLINE_CHECK
	uint32_t inside;	/* (A) readers, and the writer in units of SHADOW_WRITER */
#endif
};

#if FAULTLINE_CHECK
void shadow_init(struct shadow *shadow);
/* The calling thread holds @lock, taken at @site. Dies if a conflicting owner is inside. */
void shadow_enter_write(struct shadow *shadow, const void *lock, enum lock_rank rank, const char *site);
void shadow_enter_read(struct shadow *shadow, const void *lock, enum lock_rank rank, const char *site);
/* Before the release. */
void shadow_leave_write(struct shadow *shadow);
void shadow_leave_read(struct shadow *shadow);
/* From writer to reader, with no other writer in between. */
void shadow_downgrade(struct shadow *shadow);
/* The calling thread holds @lock for read beside a writer of @by: dies. */
void shadow_met_writer(const void *lock, enum lock_rank rank, const char *site, const void *by);
#else
static force_inline void shadow_init(struct shadow *shadow) { (void)shadow; }
static force_inline void shadow_enter_write(struct shadow *shadow, const void *lock, enum lock_rank rank,
					    const char *site)
{
	(void)shadow, (void)lock, (void)rank, (void)site;
}
static force_inline void shadow_enter_read(struct shadow *shadow, const void *lock, enum lock_rank rank,
					   const char *site)
{
	(void)shadow, (void)lock, (void)rank, (void)site;
}
static force_inline void shadow_leave_write(struct shadow *shadow) { (void)shadow; }
static force_inline void shadow_leave_read(struct shadow *shadow) { (void)shadow; }
static force_inline void shadow_downgrade(struct shadow *shadow) { (void)shadow; }
#endif

#endif
