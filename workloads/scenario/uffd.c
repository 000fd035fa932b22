/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd.c - scenarios of faults that wait for a userfaultfd. Each fault is woken in every schedule. */
#include "workloads/lib/scene_uffd.h"

SCENARIO(fault_vs_uffd_copy,
	.what = "a userfaultfd fills in a page while a write waits for it, or is about to",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "fill in", scene_uffd_copy, NULL } },
	.setup = scene_uffd,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(two_faults_vs_uffd_copy,
	.what = "a userfaultfd fills in a page for two threads",
	.nr_roles = 3,
	.roles = { { "write", scene_write, NULL }, { "read", scene_read, NULL }, { "fill in", scene_uffd_copy, NULL } },
	.setup = scene_uffd,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(pin_vs_uffd_copy,
	.what = "a userfaultfd fills in a page that is being pinned",
	.nr_roles = 2,
	.roles = { { "pin", scene_pin, NULL }, { "fill in", scene_uffd_copy, NULL } },
	.setup = scene_uffd,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_uffd_drop,
	.what = "a page is dropped under a write, and filled in again",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "drop and fill in", scene_uffd_drop_copy, NULL } },
	.setup = scene_uffd_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_uffd_unregister,
	.what = "a range is no longer a userfaultfd's while a write waits, or is about to",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "unregister", scene_uffd_unregister, NULL } },
	.setup = scene_uffd,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_uffd_release,
	.what = "a userfaultfd is closed while a write waits, or is about to",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "close", scene_uffd_release, NULL } },
	.setup = scene_uffd,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_copy_vs_uffd_copy,
	.what = "two threads fill in one page",
	.nr_roles = 2,
	.roles = { { "fill in", scene_uffd_copy, NULL }, { "fill in again", scene_uffd_copy, NULL } },
	.setup = scene_uffd,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_copy_vs_munmap,
	.what = "pages are unmapped while one is filled in",
	.nr_roles = 2,
	.roles = { { "fill in", scene_uffd_copy, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_uffd,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_copy_vs_fork,
	.what = "fork copies an address space while a page is filled in",
	.nr_roles = 2,
	.roles = { { "fill in", scene_uffd_copy, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_uffd_written,
	.check = scene_check,
	.teardown = scene_close)
