/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.c - the length of a tick. */
#include "core/base/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define BASELINE_NS	10000000u	/* readings some 100 ns apart are then right to 1 in 10^5 */

#define READINGS	2000
#define LONGEST_NOTHING	1000	/* ticks */

bool clock_is_counter;

static struct {
	uint64_t ticks, ns;
} begin;	/* (C) set before main() */

/* On x86 all cores share one counter at one rate only if CPUID reports an invariant counter. */
static bool counter_is_invariant(void)
{
#if defined(__x86_64__)
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) && (edx & (1u << 8));
#else
	return true;
#endif
}

static void __attribute__((constructor)) clock_begin(void)
{
	clock_is_counter = counter_is_invariant();
	begin.ns = clock_kernel_ns();
	begin.ticks = clock_ticks();
}

double clock_ns_per_tick(void)
{
	uint64_t ns;

	while ((ns = clock_kernel_ns() - begin.ns) < BASELINE_NS)
		;
	return (double)ns / (double)(clock_ticks() - begin.ticks);
}

/* Skips readings between which the thread was preempted. */
double clock_ticks_of_nothing(void)
{
	uint64_t sum = 0, nr = 0;

	for (unsigned int i = 0; i < READINGS; i++) {
		uint64_t from = clock_ticks(), ticks = clock_ticks() - from;

		if (ticks >= LONGEST_NOTHING)
			continue;
		sum += ticks;
		nr++;
	}
	return nr ? (double)sum / (double)nr : 0;
}
