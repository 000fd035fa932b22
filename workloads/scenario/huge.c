/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge.c - scenarios of huge pages. */
#include "workloads/lib/scene_lazyfree.h"

SCENARIO(collapse_vs_fault,
	.what = "pages become a huge page under a first write",
	.nr_roles = 2,
	.roles = { { "collapse", scene_collapse, NULL }, { "write", scene_write_second, NULL } },
	.setup = scene_collapsible,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(collapse_vs_pin,
	.what = "pages become a huge page while one is pinned",
	.nr_roles = 2,
	.roles = { { "collapse", scene_collapse, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_collapsible,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(collapse_vs_drop,
	.what = "pages become a huge page while all are dropped, and the table with them, under the VMA lock",
	.nr_roles = 2,
	.roles = { { "collapse", scene_collapse, NULL }, { "drop", scene_drop_table, NULL } },
	.setup = scene_collapsible_vma_lock,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(collapse_vs_guard,
	.what = "pages become a huge page while a guard is installed under the VMA lock",
	.nr_roles = 2,
	.roles = { { "collapse", scene_collapse, NULL }, { "guard", scene_guard, NULL } },
	.setup = scene_collapsible_vma_lock,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(collapse_vs_table_free,
	.what = "pages of a file become a huge page while all are dropped, and the table with them",
	.nr_roles = 2,
	.roles = { { "collapse", scene_collapse, NULL }, { "drop", scene_drop_table, NULL } },
	.setup = scene_file_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(mremap_vs_collapse,
	.what = "a file's VMA moves while another process's collapse takes its table",
	.nr_roles = 2,
	.roles = { { "move", scene_move, NULL }, { "collapse", scene_collapse, NULL } },
	.setup = scene_family_file_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(collapse_vs_first_copy,
	.what = "pages of a private file become a huge page while another process writes to its first",
	.nr_roles = 2,
	.roles = { { "collapse", scene_collapse, NULL }, { "write", scene_write, NULL } },
	.setup = scene_family_file_huge_private,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(split_vs_walk,
	.what = "a huge page is split under a walk",
	.nr_roles = 2,
	.roles = { { "split", scene_drop, NULL }, { "walk", scene_walk, NULL } },
	.setup = scene_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(split_vs_pin,
	.what = "a huge page is split while a page of it is pinned",
	.nr_roles = 2,
	.roles = { { "split", scene_drop, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lazyfree_vs_huge_unmap,
	.what = "reclaim finds a lazily freed huge page written to, while it is unmapped",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_huge_rewritten,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lazyfree_vs_huge_pin,
	.what = "a lazily freed huge page is reclaimed while a page of it is pinned",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_huge_freed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lazyfree_vs_pin,
	.what = "a lazily freed folio of four pages is reclaimed while a page of it is pinned",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_large_freed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lazyfree_vs_pin_mixed,
	.what = "a lazily freed folio, one of whose pages is exclusive, is reclaimed while that one is pinned",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_mixed_freed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lazyfree_vs_write,
	.what = "a lazily freed folio of four pages is reclaimed while one is written to",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim, NULL }, { "write", scene_write_second, NULL } },
	.setup = scene_large_freed,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(truncate_vs_leaf,
	.what = "a file is truncated while the leaf that maps it is zapped",
	.nr_roles = 2,
	.roles = { { "truncate", scene_truncate, NULL }, { "drop", scene_drop_table, NULL } },
	.setup = scene_file_leaf,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(lazyfree_across_vs_write,
	.what = "a lazily freed folio, which two tables map, is reclaimed while it is written to",
	.nr_roles = 2,
	.roles = { { "reclaim", scene_reclaim, NULL }, { "write", scene_write_freed, NULL } },
	.setup = scene_across_freed,
	.check = scene_check,
	.teardown = scene_close)
