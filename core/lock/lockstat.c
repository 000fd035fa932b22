/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lockstat.c - contention by lock rank, counted on slow paths alone. */
#include "core/lock/lockstat.h"

/* Lock key: (A) atomic: written by this cpu, read by any */
struct lockstat_cpu {
	uint64_t count[NR_LOCK_RANKS][NR_LOCKSTATS];	/* (A) */
} __cacheline_aligned;

static struct lockstat_cpu stats[NR_CPUS];

void lockstat_add(enum lock_rank rank, const struct wait_cost *cost)
{
	uint64_t *count;

	if (!this_cpu)
		return;
	count = stats[this_cpu->id].count[rank];
	for (unsigned int what = 0; what < NR_LOCKSTATS; what++)
		count_own(&count[what], cost->count[what]);
}

uint64_t lockstat_total(enum lock_rank rank, enum lockstat what)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < nr_cpus_used(); i++)
		sum += load_relaxed(&stats[i].count[rank][what]);
	return sum;
}

void lockstat_reset(void)
{
	for (unsigned int i = 0; i < nr_cpus_used(); i++)
		for (unsigned int rank = 0; rank < NR_LOCK_RANKS; rank++)
			for (unsigned int what = 0; what < NR_LOCKSTATS; what++)
				store_relaxed(&stats[i].count[rank][what], 0);
}

const char *lockstat_name(enum lockstat what)
{
	static const char *const names[] = {
#define X(id, name) name,
		LOCKSTATS(X)
#undef X
	};

	return what < NR_LOCKSTATS ? names[what] : NULL;
}
