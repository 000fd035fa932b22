/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.c - scenarios of swap and reclaim. */
#include "workloads/lib/scene_mlock.h"
#include "workloads/lib/scene_renew.h"

SCENARIO(page_out_vs_fault,
	.what = "a page is swapped out under a write",
	.nr_roles = 2,
	.roles = { { "page out", scene_page_out, NULL }, { "write", scene_write, NULL } },
	.setup = scene_swap,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(page_out_vs_fork,
	.what = "a page is swapped out while a fork shares it",
	.nr_roles = 2,
	.roles = { { "page out", scene_page_out, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_swap,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(swap_in_vs_swap_in,
	.what = "two threads write to a page that is swapped out",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write again", scene_write, NULL } },
	.setup = scene_swapped,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(swap_in_vs_cow,
	.what = "parent and child write to a page that is swapped out",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write in the child", scene_write, NULL } },
	.setup = scene_family_swapped,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(swap_in_vs_dontneed,
	.what = "a page that is swapped out is written and dropped",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_swapped,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(swap_in_vs_fork,
	.what = "a page that is swapped out is written while a fork shares it",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_swapped,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(page_out_again_vs_dontneed,
	.what = "a page is swapped in and out again while another process drops its share of the slot",
	.nr_roles = 2,
	.roles = { { "read and page out", scene_read_page_out, NULL }, { "drop there", scene_drop, NULL } },
	.setup = scene_family_swapped,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(mlock_vs_page_out,
	.what = "a page is locked while it is swapped out",
	.nr_roles = 2,
	.roles = { { "lock", scene_lock, NULL }, { "page out", scene_page_out, NULL } },
	.setup = scene_swap,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(page_out_vs_direct_read,
	.what = "a page that MADV_FREE gave up is dropped while a device writes to it",
	.nr_roles = 2,
	.roles = { { "page out", scene_page_out, NULL }, { "device", scene_direct_read, NULL } },
	.setup = scene_freed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(swap_in_vs_slot_reuse,
	.what = "a page is swapped in while another one takes its slot",
	.nr_roles = 2,
	.roles = { { "read", scene_read, NULL }, { "renew and page out", scene_renew_page_out, NULL } },
	.setup = scene_swapped,
	.check = scene_renewed_check,
	.teardown = scene_close)
