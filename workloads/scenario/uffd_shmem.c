/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_shmem.c - scenarios of shared memory that a userfaultfd has. Each fault is woken in every schedule. */
#include "workloads/lib/scene_uffd.h"

SCENARIO(fault_vs_uffd_continue,
	.what = "a userfaultfd maps a page of shared memory while a write waits for it, or is about to",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "continue", scene_uffd_continue, NULL } },
	.setup = scene_uffd_minor,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_uffd_copy_shmem,
	.what = "a userfaultfd adds a page to shared memory while a write waits for it, or is about to",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "fill in", scene_uffd_copy, NULL } },
	.setup = scene_uffd_shmem,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_copy_shmem_vs_uffd_copy,
	.what = "two threads add one page to shared memory",
	.nr_roles = 2,
	.roles = { { "fill in", scene_uffd_copy, NULL }, { "fill in again", scene_uffd_copy, NULL } },
	.setup = scene_uffd_shmem,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_continue_vs_truncate,
	.what = "a page of shared memory is mapped while it is truncated",
	.nr_roles = 2,
	.roles = { { "continue", scene_uffd_continue, NULL }, { "truncate", scene_truncate, NULL } },
	.setup = scene_uffd_minor,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(forced_write_vs_uffd_continue,
	.what = "a debugger writes to a private mapping of shared memory, whose page is dropped, and mapped again",
	.nr_roles = 2,
	.roles = { { "write by force", scene_uffd_force_write, NULL },
		   { "drop and continue", scene_uffd_drop_continue, NULL } },
	.setup = scene_uffd_minor_private,
	.check = scene_check,
	.teardown = scene_close)
