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

SCENARIO(fault_vs_uffd_move,
	.what = "a page is moved to where a write waits for one",
	.nr_roles = 2,
	.roles = { { "write there", scene_uffd_wait, NULL }, { "move", scene_uffd_move_or_fill, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_write,
	.what = "a page is moved while it is written to",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "write", scene_write, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_pin,
	.what = "a page is moved while it is pinned",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_drop,
	.what = "a page is dropped, and another written there, while it is moved",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "drop and write", scene_uffd_renew, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_fork,
	.what = "a page is moved while fork shares it",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_munmap,
	.what = "pages are unmapped while one is moved",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_rmap_walk,
	.what = "a walk of the reverse map meets a page that is moved",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "walk", scene_referenced, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_look_up,
	.what = "from a folio to its anon_vma, which it leaves before that is freed",
	.nr_roles = 2,
	.roles = { { "move and unmap", scene_uffd_move_unmap, NULL }, { "look up", scene_uffd_look_up, NULL } },
	.setup = scene_uffd_apart,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_uffd_move,
	.what = "two threads move one page",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "move again", scene_uffd_move, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_mremap,
	.what = "a page is moved to another table, as mremap() moves one",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "mremap", scene_uffd_mremap, NULL } },
	.setup = scene_uffd_tables,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_swap_in,
	.what = "a page in swap is moved while it is read",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "read", scene_read, NULL } },
	.setup = scene_uffd_cached,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_page_out,
	.what = "a page is moved while it is swapped out",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "read and page out", scene_read_page_out, NULL } },
	.setup = scene_uffd_cached,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_slot_reuse,
	.what = "a page in swap is moved while its slot gets another page of the same address",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "reuse", scene_uffd_reuse_slot, NULL } },
	.setup = scene_uffd_cached,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(uffd_move_vs_migrate,
	.what = "a page is moved while it migrates",
	.nr_roles = 2,
	.roles = { { "move", scene_uffd_move, NULL }, { "migrate", scene_migrate, NULL } },
	.setup = scene_uffd_third,
	.check = scene_check,
	.teardown = scene_close)
