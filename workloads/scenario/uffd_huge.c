/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_huge.c - scenarios of a huge page that is moved to where a userfaultfd waits for it. */
#include "workloads/lib/scene_uffd_huge.h"

SCENARIO(uffd_move_huge_vs_pin,
	.what = "a huge page is moved to where a userfaultfd waits, while a page of it is pinned",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move_huge, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_uffd_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_huge_vs_fork,
	.what = "a huge page is moved to where a userfaultfd waits, while fork shares it",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move_huge, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_uffd_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_huge_vs_drop,
	.what = "a huge page is moved to where a userfaultfd waits, while one of its pages is dropped",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move_huge, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_uffd_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_huge_vs_write,
	.what = "a huge page is moved to where a userfaultfd waits, while another thread writes there",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move_huge, NULL }, { "write", scene_write, NULL } },
	.setup = scene_uffd_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_huge_vs_rmap_walk,
	.what = "a huge page is moved to where a userfaultfd waits, while the reverse map is walked",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move_huge, NULL }, { "walk", scene_referenced, NULL } },
	.setup = scene_uffd_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_huge_vs_uffd_move,
	.what = "a huge page is moved to where a userfaultfd waits, while its first page is",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move_huge, NULL }, { "move a part", scene_uffd_move_part, NULL } },
	.setup = scene_uffd_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_huge_vs_migrate,
	.what = "a huge page is moved to where a userfaultfd waits, while it is moved in memory",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move_huge, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_uffd_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_huge_vs_mremap,
	.what = "two huge pages move between the same tables, one for a userfaultfd, one by mremap()",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move_huge, NULL }, { "mremap", scene_mremap_second, NULL } },
	.setup = scene_uffd_huge_pair,
	.check = scene_check,
	.teardown = scene_close)
