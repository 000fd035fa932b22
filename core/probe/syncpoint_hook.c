/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syncpoint_hook.c - a function that is called at one sync point, for step-by-step tests. */
#include "core/probe/syncpoint.h"

#if FAULTLINE_CHECK
#include <string.h>

static const char *hooked;			/* (A) NULL, or a name: an inline function's point is in many files */
static void (*hook_fn)(void *arg);		/* (C) while threads run */
static void *hook_arg;				/* (C) while threads run */

int syncpoint_hook(const char *name, void (*fn)(void *arg), void *arg)
{
	struct syncpoint *point;
	unsigned int i = 0;

	store_release(&hooked, NULL);
	if (!fn)
		return 0;
	while ((point = syncpoint_get(i++)) && strcmp(point->name, name))
		;
	if (!point)
		return -ENOENT;
	hook_fn = fn;
	hook_arg = arg;
	store_release(&hooked, point->name);
	return 0;
}

static void hook_at(const struct syncpoint *point)
{
	const char *name = load_acquire(&hooked);

	if (unlikely(name && !strcmp(name, point->name)))
		hook_fn(hook_arg);
}

static const struct syncpoint_subscriber hook = { .hit = hook_at };
SYNCPOINT_SUBSCRIBER(hook);
#endif
