/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_event.c - scenarios of events that wait until they are read. Each wait ends in every schedule. */
#include "workloads/lib/scene_uffd_event.h"

SCENARIO(uffd_copy_vs_uffd_fork,
	.what = "a page is filled in, and a fork read; the child has the page, or the fork was read before",
	.nr_roles = 2,
	.roles = { { "fill in and read", scene_uffd_fill_and_read, NULL }, { "fork", scene_uffd_fork, NULL } },
	.setup = scene_uffd_event_fork,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_copy_vs_uffd_drop,
	.what = "a page is filled in while madvise() drops it, and reports that",
	.nr_roles = 2,
	.roles = { { "fill in and read", scene_uffd_fill_and_read, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_uffd_event_remove,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_copy_vs_uffd_unmap,
	.what = "a page is filled in while munmap() removes it, and reports that",
	.nr_roles = 2,
	.roles = { { "fill in and read", scene_uffd_fill_and_read, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_uffd_event_unmap,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_copy_vs_uffd_mremap,
	.what = "a page is filled in while mremap() moves it, and reports that",
	.nr_roles = 2,
	.roles = { { "fill in and read", scene_uffd_fill_and_read, NULL }, { "move", scene_move, NULL } },
	.setup = scene_uffd_event_remap,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_release_vs_uffd_fork,
	.what = "a userfaultfd is closed while a fork waits, or is about to",
	.nr_roles = 2,
	.roles = { { "close", scene_uffd_release, NULL }, { "fork", scene_uffd_fork, NULL } },
	.setup = scene_uffd_event_fork,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_release_vs_uffd_unmap,
	.what = "a userfaultfd is closed while a munmap waits, or is about to",
	.nr_roles = 2,
	.roles = { { "close", scene_uffd_release, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_uffd_event_all,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_fork_vs_uffd_drop,
	.what = "two events are outstanding at a time",
	.nr_roles = 3,
	.roles = { { "read two", scene_uffd_read_two, NULL }, { "fork", scene_uffd_fork, NULL },
		   { "drop", scene_drop, NULL } },
	.setup = scene_uffd_event_all,
	.check = scene_check,
	.teardown = scene_close)
