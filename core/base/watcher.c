/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watcher.c - the list of watchers. */
#include "core/base/watcher.h"

#include <errno.h>
#include <string.h>

/* Bounds of the section that WATCHER() puts its entries in; one empty entry keeps it from being absent. */
static struct watcher *const no_watcher __attribute__((section("faultline_watchers"), used)) = NULL;
extern struct watcher *const __start_faultline_watchers[];
extern struct watcher *const __stop_faultline_watchers[];

struct watcher *watcher_get(unsigned int index)
{
	struct watcher *const *p;

	for (p = __start_faultline_watchers; p < __stop_faultline_watchers; p++)
		if (*p && index-- == 0)
			return *p;
	return NULL;
}

struct watcher *watcher_find(const char *name)
{
	struct watcher *watcher;
	unsigned int i = 0;

	while ((watcher = watcher_get(i++)) && strcmp(watcher->name, name))
		;
	return watcher;
}

int watcher_switch(const char *name, bool on)
{
	struct watcher *watcher = watcher_find(name);

	if (!watcher)
		return -ENOENT;
	store_relaxed(&watcher->off, !on);
	return 0;
}

void watchers_reset(void)
{
	struct watcher *watcher;

	for (unsigned int i = 0; (watcher = watcher_get(i)); i++)
		if (watcher->reset)
			watcher->reset();
}
