/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lockstat.h - contention by lock rank, counted on slow paths alone: an uncontended lock pays nothing. */
#ifndef FAULTLINE_CORE_LOCK_LOCKSTAT_H
#define FAULTLINE_CORE_LOCK_LOCKSTAT_H

#include "core/base/cpu.h"
#include "core/lock/lockrank.h"

#define LOCKSTATS(X) \
	X(WAIT,		"acquisitions that waited") \
	X(SPIN,		"rounds spun") \
	X(YIELD,	"times the core was given up") \
	X(PARK,		"times parked in the kernel")

enum lockstat {
#define X(id, name) LOCKSTAT_##id,
	LOCKSTATS(X)
#undef X
	NR_LOCKSTATS
};

/* What one wait cost so far. */
struct wait_cost {
	uint32_t count[NR_LOCKSTATS];	/* (T) */
};

/* Adds one finished wait for a lock of @rank; threads that are no cpus are not counted. */
void lockstat_add(enum lock_rank rank, const struct wait_cost *cost);
/* The sum over all threads, past and present, since lockstat_reset(). */
uint64_t lockstat_total(enum lock_rank rank, enum lockstat what);
/* Locking: while no other thread is in core; what is counted meanwhile may survive. */
void lockstat_reset(void);
/* NULL past the last one. */
const char *lockstat_name(enum lockstat what);

#endif
