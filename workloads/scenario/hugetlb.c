/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb.c - scenarios of huge pages of the pool. */
#include "workloads/lib/scene_hugetlb.h"

SCENARIO(hugetlb_fault_vs_fault,
	.what = "two threads write to a huge page of the pool",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write again", scene_write, NULL } },
	.setup = scene_hugetlb,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hugetlb_mmap_vs_mmap,
	.what = "two processes make a file of huge pages each",
	.nr_roles = 2,
	.roles = { { "map", scene_hugetlb_map, NULL }, { "map there", scene_hugetlb_map, NULL } },
	.setup = scene_family_hugetlb_room,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hugetlb_drop_vs_fault,
	.what = "a process drops a shared huge page of the pool that another one maps",
	.nr_roles = 2,
	.roles = { { "drop", scene_drop_table, NULL }, { "read there", scene_read, NULL } },
	.setup = scene_family_hugetlb,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hugetlb_fault_vs_fork,
	.what = "a huge page of the pool is written while a fork shares it",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_hugetlb_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hugetlb_fault_vs_drop,
	.what = "a process's huge page, the last of the pool, is written to while it is dropped",
	.nr_roles = 2,
	.roles = { { "write", scene_hugetlb_write, NULL }, { "drop", scene_drop_table, NULL } },
	.setup = scene_hugetlb_last,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hugetlb_fault_vs_truncate,
	.what = "a file of huge pages is truncated under its first write",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "truncate", scene_hugetlb_truncate, NULL } },
	.setup = scene_hugetlb_file,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hugetlb_walk_vs_truncate,
	.what = "a file of huge pages is truncated while a table that two processes share is walked",
	.nr_roles = 2,
	.roles = { { "walk", scene_hugetlb_walk, NULL },
		   { "truncate and exit there", scene_hugetlb_truncate_exit, NULL } },
	.setup = scene_hugetlb_table,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hugetlb_pin_vs_unshare,
	.what = "a huge page is pinned while its process leaves a shared table, which is used for other memory",
	.nr_roles = 2,
	.roles = { { "pin", scene_hugetlb_pin_shared, NULL },
		   { "drop and map there", scene_hugetlb_map_private, NULL } },
	.setup = scene_hugetlb_table,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(hugetlb_truncate_vs_exit,
	.what = "a file of huge pages is truncated while a process that has a private copy exits",
	.nr_roles = 2,
	.roles = { { "truncate", scene_hugetlb_truncate, NULL }, { "exit there", scene_exit, NULL } },
	.setup = scene_hugetlb_copied,
	.check = scene_check,
	.teardown = scene_close)
