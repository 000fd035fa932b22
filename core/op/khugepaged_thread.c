/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged_thread.c - a thread that makes passes of khugepaged. */
#include <pthread.h>

#include "core/lock/wait.h"
#include "core/op/khugepaged.h"
#include "core/phys/frame.h"

/* Lock key: (O) the thread that starts and stops it (C) const while it runs (A) atomic */
static struct {
	pthread_t thread;		/* (O) */
	unsigned int millisecs;		/* (C) */
	uint32_t should_stop;		/* (A) set before a wake-up */
} khugepaged;

/* Passes that found nothing to do are followed by a sleep, others by one of that length. Source: khugepaged(). */
static void *run_khugepaged(void *arg)
{
	(void)arg;
	BUG_ON(cpu_register(0, MEM_LOCAL, run_seed));
	while (!load_relaxed(&khugepaged.should_stop)) {
		uint32_t seen = khugepaged_wakeups();

		khugepaged_do_scan();
		rcu_quiescent();
		if (!load_relaxed(&khugepaged.should_stop))
			khugepaged_wait(seen, khugepaged.millisecs);
	}
	frame_drain_cpu();
	cpu_unregister();
	return NULL;
}

int khugepaged_start(unsigned int millisecs)
{
	khugepaged.millisecs = millisecs;
	store_relaxed(&khugepaged.should_stop, 0);
	return -pthread_create(&khugepaged.thread, NULL, run_khugepaged, NULL);
}

void khugepaged_stop(void)
{
	store_relaxed(&khugepaged.should_stop, 1u);
	khugepaged_wake();
	sleep_begin();
	pthread_join(khugepaged.thread, NULL);
	sleep_end();
}
