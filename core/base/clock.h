/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.h - a cheap clock for instruments: ticks of the processor's counter where that runs at one rate on all cores,
 * else nanoseconds of the kernel's clock. Ticks are converted to nanoseconds once, at the end.
 */
#ifndef FAULTLINE_CORE_BASE_CLOCK_H
#define FAULTLINE_CORE_BASE_CLOCK_H

#include <time.h>

#include "core/base/compiler.h"

extern bool clock_is_counter;	/* (C) set before main() */

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline uint64_t clock_kernel_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Never 0. Costs about 10 ns, and is as inexact, since the processor may read the counter early. */
static force_inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	if (likely(clock_is_counter))
		return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ __volatile__("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#endif
	return clock_kernel_ns();
}

/* Nanoseconds of one tick, from both clocks since the program began. Waits until 10 ms have passed since then. */
double clock_ns_per_tick(void);
/* Mean number of ticks between two readings with nothing in between. */
double clock_ticks_of_nothing(void);

#endif
