/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syncpoint.c - sync points and failing allocations. */
#include "core/probe/syncpoint.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "core/base/cpu.h"
#include "core/base/registry.h"
#include "core/probe/schedule.h"

#if FAULTLINE_CHECK
REGISTRY(struct syncpoint, syncpoints);

static unsigned int noise_per_mille;		/* (A) */
static const char *hooked;			/* (A) NULL, or a name: an inline function's point is in many files */
static void (*hook_fn)(void *arg);		/* (C) while threads run */
static void *hook_arg;				/* (C) while threads run */
static _Thread_local unsigned long alloc_fail_at, alloc_seen;	/* (T) */

struct syncpoint *syncpoint_get(unsigned int index)
{
	for_each_registered(struct syncpoint, p, syncpoints)
		if (index-- == 0)
			return *p;
	return NULL;
}

void syncpoint_noise(unsigned int per_mille)
{
	store_relaxed(&noise_per_mille, per_mille);
}

int syncpoint_hook(const char *name, void (*hook)(void *arg), void *arg)
{
	struct syncpoint *point;
	unsigned int i = 0;

	store_release(&hooked, NULL);
	if (!hook)
		return 0;
	while ((point = syncpoint_get(i++)) && strcmp(point->name, name))
		;
	if (!point)
		return -ENOENT;
	hook_fn = hook;
	hook_arg = arg;
	store_release(&hooked, point->name);
	return 0;
}

void syncpoints_reset(void)
{
	struct syncpoint *point;

	for (unsigned int i = 0; (point = syncpoint_get(i)); i++)
		store_relaxed(&point->hits, 0);
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

void syncpoint_hit(struct syncpoint *point)
{
	unsigned int per_mille = load_relaxed(&noise_per_mille);
	const char *name = load_acquire(&hooked);

	fetch_add_relaxed(&point->hits, 1);
	if (unlikely(name && !strcmp(name, point->name)))
		hook_fn(hook_arg);
	if (SCHEDULED())
		schedule_point(point->name);
	if (per_mille && this_cpu && rng_below(&this_cpu->rng, 1000) < per_mille)
		pause_a_while();
}

void inject_alloc_failure(unsigned long nth)
{
	alloc_fail_at = nth;
	alloc_seen = 0;
}

unsigned long inject_alloc_count(void)
{
	return alloc_seen;
}

bool inject_alloc_fails(void)
{
	return ++alloc_seen == alloc_fail_at;
}

#else

struct syncpoint *syncpoint_get(unsigned int index)
{
	(void)index;
	return NULL;
}

void syncpoint_noise(unsigned int per_mille)
{
	(void)per_mille;
}

int syncpoint_hook(const char *name, void (*hook)(void *arg), void *arg)
{
	(void)name;
	(void)hook;
	(void)arg;
	return -ENOENT;
}

void syncpoints_reset(void)
{
}

void inject_alloc_failure(unsigned long nth)
{
	(void)nth;
}

unsigned long inject_alloc_count(void)
{
	return 0;
}
#endif
