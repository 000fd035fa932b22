/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watchdog.h - ends a run without progress, and prints which threads are stuck, on what. */
#ifndef FAULTLINE_BENCH_CHECK_WATCHDOG_H
#define FAULTLINE_BENCH_CHECK_WATCHDOG_H

#include "core/faultline.h"

/* What one worker shows to those who watch it, on a line of its own. Lock key: (A) atomic, written by the worker */
struct vital_signs {
	uint64_t ops;			/* (A) finished */
	uint64_t items;			/* (A) done in them */
	uint32_t working;		/* (A) between its first op and its last */
	uint32_t cpu;			/* (A) which cpu it is, while it works */
} __attribute__((aligned(2 * CACHE_LINE)));

struct watch {
	const struct vital_signs *signs;	/* of nr workers */
	const char *(*role_name)(unsigned int worker);
	unsigned int nr;
	/* seconds, as of pace.h, without an op of a worker, a page set up, or a step of the main thread */
	double patience;
	void (*stuck)(void);			/* called on the watchdog's thread, after its report; must not return */
};

/* One watch at a time. Returns 0 or -errno. */
int watchdog_start(const struct watch *watch);
void watchdog_stop(void);
/* The main thread enters a phase that may take as long as the watchdog is patient. */
void watchdog_phase(const char *name);

#endif
