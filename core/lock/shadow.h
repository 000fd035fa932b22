/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shadow.h - in check builds a word beside each lock, of which the lock knows nothing: who is inside.
 *
 * Whoever got the lock enters the word, and leaves it before letting go. If the lock does what it promises, a writer finds the
 * word empty, and a reader finds no writer in it; so the second of two that should not have met is told at once, and both
 * are named. The word's accesses are relaxed: it lends no order to a lock that has lost its own.
 */
#ifndef FAULTLINE_CORE_LOCK_SHADOW_H
#define FAULTLINE_CORE_LOCK_SHADOW_H

#include "core/lock/lockrank.h"

/* Lock key: (A) atomic. Takes no room in builds without FAULTLINE_CHECK. */
struct shadow {
#if FAULTLINE_CHECK
	uint32_t inside;	/* (A) readers, and the writer in units of SHADOW_WRITER */
#endif
};

#if FAULTLINE_CHECK
void shadow_init(struct shadow *shadow);
/* The calling thread has @lock, which it took at @site, and is inside; dies if somebody is who should not be. */
void shadow_enter_write(struct shadow *shadow, const void *lock, enum lock_rank rank, const char *site);
void shadow_enter_read(struct shadow *shadow, const void *lock, enum lock_rank rank, const char *site);
/* It is about to let go. */
void shadow_leave_write(struct shadow *shadow);
void shadow_leave_read(struct shadow *shadow);
/* From writer to reader, none between. */
void shadow_downgrade(struct shadow *shadow);
/* The calling thread is inside @lock for read, beside a writer that holds @by for write: dies. */
void shadow_met_writer(const void *lock, enum lock_rank rank, const char *site, const void *by);
#else
static force_inline void shadow_init(struct shadow *shadow) { (void)shadow; }
static force_inline void shadow_enter_write(struct shadow *shadow, const void *lock, enum lock_rank rank, const char *site)
{
	(void)shadow, (void)lock, (void)rank, (void)site;
}
static force_inline void shadow_enter_read(struct shadow *shadow, const void *lock, enum lock_rank rank, const char *site)
{
	(void)shadow, (void)lock, (void)rank, (void)site;
}
static force_inline void shadow_leave_write(struct shadow *shadow) { (void)shadow; }
static force_inline void shadow_leave_read(struct shadow *shadow) { (void)shadow; }
static force_inline void shadow_downgrade(struct shadow *shadow) { (void)shadow; }
#endif

#endif
