/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged.c - scenarios of a pass of khugepaged. */
#include "workloads/lib/scene_khugepaged.h"

SCENARIO(khugepaged_vs_fault,
	.what = "khugepaged collapses pages under a first write",
	.nr_roles = 2,
	.roles = { { "scan", scene_khugepaged_scan, NULL }, { "write", scene_write_second, NULL } },
	.setup = scene_khugepaged,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(khugepaged_vs_pin,
	.what = "khugepaged collapses pages while one is pinned",
	.nr_roles = 2,
	.roles = { { "scan", scene_khugepaged_scan, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_khugepaged,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(khugepaged_vs_fork,
	.what = "khugepaged collapses pages while fork shares them, and scans the child",
	.nr_roles = 2,
	.roles = { { "scan", scene_khugepaged_scan, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_khugepaged,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(khugepaged_vs_drop,
	.what = "khugepaged collapses pages while one is dropped",
	.nr_roles = 2,
	.roles = { { "scan", scene_khugepaged_scan, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_khugepaged,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(khugepaged_vs_table_free,
	.what = "khugepaged collapses pages while all are dropped, and the table with them",
	.nr_roles = 2,
	.roles = { { "scan", scene_khugepaged_scan, NULL }, { "drop", scene_drop_table, NULL } },
	.setup = scene_khugepaged,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(khugepaged_vs_exit,
	.what = "a process ends while khugepaged scans it",
	.nr_roles = 2,
	.roles = { { "scan", scene_khugepaged_scan, NULL }, { "exit", scene_exit, NULL } },
	.setup = scene_khugepaged_child,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(khugepaged_vs_munmap,
	.what = "pages are unmapped while khugepaged collapses them",
	.nr_roles = 2,
	.roles = { { "scan", scene_khugepaged_scan, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_khugepaged,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(khugepaged_vs_map_again,
	.what = "a VMA goes, and another comes at its place, while khugepaged collapses pages",
	.nr_roles = 2,
	.roles = { { "scan", scene_khugepaged_scan, NULL }, { "map again", scene_map_again, NULL } },
	.setup = scene_khugepaged,
	.check = scene_check,
	.teardown = scene_close)
