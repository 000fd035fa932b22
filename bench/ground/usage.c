/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.c - asks the kernel what the calling thread used. */
#include "bench/ground/usage.h"

#include <stdio.h>
#include <time.h>

#include "bench/ground/progress.h"

double processor_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The second number of schedstat is the time on run queues, in nanoseconds. */
static double queued_seconds(void)
{
	FILE *file = fopen("/proc/thread-self/schedstat", "re");
	unsigned long long queued = 0;

	if (file && fscanf(file, "%*u %llu", &queued) != 1)
		queued = 0;
	if (file)
		fclose(file);
	return (double)queued / 1e9;
}

struct usage usage_at_start(void)
{
	const double queued = queued_seconds(), processor = processor_seconds();

	return (struct usage){ .real = now_seconds(), .processor = processor, .queued = queued };
}

struct usage usage_at_end(void)
{
	const double real = now_seconds(), processor = processor_seconds();

	return (struct usage){ .real = real, .processor = processor, .queued = queued_seconds() };
}
