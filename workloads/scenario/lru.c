/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lru.c - scenarios of folios that are listed for reclaim. */
#include "workloads/lib/scene_lru.h"

SCENARIO(lru_scan_vs_fault,
	.what = "the oldest pages are reclaimed under a write",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "write", scene_write, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_scan_vs_fork,
	.what = "the oldest pages are reclaimed while a fork shares them",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_scan_vs_pin,
	.what = "the oldest pages are reclaimed while one is pinned",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_scan_vs_drop,
	.what = "the oldest pages are reclaimed while one is dropped",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_scan_vs_exit,
	.what = "the oldest pages are reclaimed while a process that shares them exits",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "exit", scene_exit, NULL } },
	.setup = scene_lru_family,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_scan_vs_scan,
	.what = "two threads reclaim the oldest pages",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "scan again", scene_lru_scan, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_scan_vs_migrate,
	.what = "the oldest pages are reclaimed while one is moved",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_scan_vs_swap_in,
	.what = "the oldest pages are reclaimed while one is paged out, and swapped in again",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "page out and read", scene_lru_page_out, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_scan_vs_truncate,
	.what = "the oldest pages of a file are reclaimed while it is truncated",
	.nr_roles = 2,
	.roles = { { "scan", scene_lru_scan, NULL }, { "truncate", scene_truncate, NULL } },
	.setup = scene_lru_file,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_migrate_vs_migrate,
	.what = "two threads move a page that is listed",
	.nr_roles = 2,
	.roles = { { "migrate", scene_migrate, NULL }, { "migrate again", scene_migrate, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lru_migrate_vs_drop,
	.what = "a page that is listed is moved while it is dropped",
	.nr_roles = 2,
	.roles = { { "migrate", scene_migrate, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_lru,
	.check = scene_check,
	.teardown = scene_close)
