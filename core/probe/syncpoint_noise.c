/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syncpoint_noise.c - seeded delays at sync points. */
#include "core/probe/syncpoint.h"

#if FAULTLINE_CHECK
#include <sched.h>
#include <time.h>

#include "core/base/cpu.h"

static unsigned int noise_per_mille;		/* (A) */

void syncpoint_noise(unsigned int per_mille)
{
	store_relaxed(&noise_per_mille, per_mille);
}

/* Long pauses are rare: they open wide windows, short ones open many. */
static __noinline void pause_a_while(void)
{
	uint64_t dice = rng_below(&this_cpu->rng, 64);
	struct timespec nap = { 0, (long)rng_below(&this_cpu->rng, 100000) };

	if (dice == 0) {
		nanosleep(&nap, NULL);
	} else if (dice < 24) {
		sched_yield();
	} else {
		for (uint64_t n = rng_below(&this_cpu->rng, 500); n; n--)
			cpu_relax();
	}
}

static void noise_at(const struct syncpoint *point)
{
	unsigned int per_mille = load_relaxed(&noise_per_mille);

	(void)point;
	if (per_mille && this_cpu && rng_below(&this_cpu->rng, 1000) < per_mille)
		pause_a_while();
}

static const struct syncpoint_subscriber noise = { .hit = noise_at };
SYNCPOINT_SUBSCRIBER(noise);
#endif
