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

int watcher_switch(const char *name, bool on)
{
	struct watcher *watcher;

	for (unsigned int i = 0; (watcher = watcher_get(i)); i++) {
		if (strcmp(watcher->name, name))
			continue;
		store_relaxed(&watcher->off, !on);
		return 0;
	}
	return -ENOENT;
}

void watchers_reset(void)
{
	struct watcher *watcher;

	for (unsigned int i = 0; (watcher = watcher_get(i)); i++)
		if (watcher->reset)
			watcher->reset();
}
