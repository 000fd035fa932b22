/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watcher.h - what watches a run for one kind of fault: found by name, switched off by name, asked for what it saw.
 *
 * A watcher is a file that defines one with WATCHER(); where it looks is its own affair. It ends the run by BUG() at what
 * cannot be. In builds without FAULTLINE_CHECK there are none.
 */
#ifndef FAULTLINE_CORE_BASE_WATCHER_H
#define FAULTLINE_CORE_BASE_WATCHER_H

#include <stdio.h>

#include "core/base/atomic.h"

/* Lock key: (C) const (A) atomic */
struct watcher {
	const char *name;			/* (C) one word */
	const char *what;			/* (C) what it watches, for people */
	bool off;				/* (A) changed while no thread is in core */
	bool in_full;				/* (A) reports all it saw */
	void (*reset)(void);			/* (C) forgets what it saw; NULL: it keeps nothing */
	void (*report)(FILE *out, bool full);	/* (C) what it saw: a line or two, or all of it; NULL: nothing to tell */
};

/* NULL past the last one; the order is the linker's. */
struct watcher *watcher_get(unsigned int index);
/* NULL when there is none of that name. */
struct watcher *watcher_find(const char *name);
/* Switches @name on or off. Returns 0, or -ENOENT for an unknown one. Locking: no other thread is in core. */
int watcher_switch(const char *name, bool on);
/* All of them forget. Locking: no other thread is in core. */
void watchers_reset(void);

/* Puts @object, a struct watcher of the file, on the list. */
#define WATCHER(object) \
	static struct watcher *const object##_entry_ __attribute__((section("faultline_watchers"), used)) = &(object)

static force_inline bool watcher_is_on(const struct watcher *watcher)
{
	return !load_relaxed(&watcher->off);
}

#endif
