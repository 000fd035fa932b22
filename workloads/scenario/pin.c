/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pin.c - scenarios of pins. */
#include "workloads/lib/scene_tail.h"

SCENARIO(pin_vs_fork,
	.what = "a page is pinned for writing while a fork shares it",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_dontneed,
	.what = "a page is pinned while it is dropped",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_munmap,
	.what = "a page is pinned while its tables are freed",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_reuse,
	.what = "a page is pinned while it is dropped, and its frame used anew",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "reuse", scene_reuse, NULL } },
	.setup = scene_half,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_cow,
	.what = "a shared page is pinned for reading while it is written",
	.nr_roles = 2,
	.roles = { { "pin to read", scene_pin_to_read, NULL }, { "write", scene_write, NULL } },
	.setup = scene_forked,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_exit,
	.what = "a shared page is pinned while the process that shares it exits",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "exit", scene_exit, NULL } },
	.setup = scene_forked,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_migrate,
	.what = "a page is pinned while it is moved",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_migrate_vs_write,
	.what = "a page is pinned while it is moved, and written by its address",
	.nr_roles = 3,
	.roles = { { "pin", scene_pin, NULL }, { "migrate", scene_migrate, NULL }, { "write", scene_write, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_page_out,
	.what = "a page is pinned while it is swapped out",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "page out", scene_page_out, NULL } },
	.setup = scene_swap,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_fault,
	.what = "a page is pinned while a first write maps it",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "write", scene_write, NULL } },
	.setup = scene_empty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_tail_vs_reuse,
	.what = "the second page of a folio is pinned while its frames become pages of their own",
	.nr_roles = 2,
	.roles = { { "pin", scene_tail_pin, NULL }, { "drop and take", scene_tail_take, NULL } },
	.setup = scene_tail,
	.check = scene_tail_check,
	.teardown = scene_close)

SCENARIO(pin_none_vs_munmap,
	.what = "no page is pinned while all are unmapped",
	.nr_roles = 2,
	.roles = { { "pin none", scene_pin_none, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)
