/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_wp.c - scenarios of pages that a userfaultfd write-protects. Each write is woken in every schedule. */
#include "workloads/lib/scene_uffd.h"

SCENARIO(fault_vs_uffd_resolve,
	.what = "a page is no longer write-protected while a write waits, or is about to",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "resolve", scene_uffd_resolve, NULL } },
	.setup = scene_uffd_wp_protected,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_wp_vs_write,
	.what = "a page is write-protected for a while, and written to",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "protect and resolve", scene_uffd_protect_resolve, NULL } },
	.setup = scene_uffd_wp,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_wp_vs_access,
	.what = "a page is write-protected between two writes through a TLB",
	.nr_roles = 2,
	.roles = { { "write twice", scene_uffd_write_twice, NULL },
		   { "protect and resolve", scene_uffd_protect_resolve, NULL } },
	.setup = scene_uffd_wp_tlb,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_wp_vs_uffd_wp,
	.what = "two threads write-protect a page, and one takes it back, before a write",
	.nr_roles = 3,
	.roles = { { "write", scene_write, NULL }, { "protect and resolve", scene_uffd_protect_resolve, NULL },
		   { "resolve", scene_uffd_resolve, NULL } },
	.setup = scene_uffd_wp,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_wp_vs_page_out,
	.what = "a page is write-protected while it is swapped out",
	.nr_roles = 2,
	.roles = { { "protect", scene_uffd_protect, NULL }, { "page out", scene_page_out, NULL } },
	.setup = scene_uffd_wp_swap,
	.check = scene_uffd_wp_check,
	.teardown = scene_close)

SCENARIO(uffd_wp_vs_swap_in,
	.what = "a page is write-protected for a while as a write swaps it in",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "protect and resolve", scene_uffd_protect_resolve, NULL } },
	.setup = scene_uffd_wp_swapped,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_wp_vs_migrate,
	.what = "a page is write-protected while it migrates",
	.nr_roles = 2,
	.roles = { { "protect", scene_uffd_protect, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_uffd_wp,
	.check = scene_uffd_wp_check,
	.teardown = scene_close)

SCENARIO(uffd_wp_vs_fork,
	.what = "a page is write-protected while fork shares it",
	.nr_roles = 2,
	.roles = { { "protect", scene_uffd_protect, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_uffd_wp,
	.check = scene_uffd_wp_check,
	.teardown = scene_close)

SCENARIO(uffd_wp_vs_drop,
	.what = "a page is write-protected while it is dropped",
	.nr_roles = 2,
	.roles = { { "protect", scene_uffd_protect, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_uffd_wp,
	.check = scene_uffd_wp_check,
	.teardown = scene_close)

SCENARIO(uffd_resolve_vs_unregister,
	.what = "a protected page's range is no longer a userfaultfd's while a write waits",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "unregister", scene_uffd_unregister, NULL } },
	.setup = scene_uffd_wp_protected,
	.check = scene_check,
	.teardown = scene_close)
