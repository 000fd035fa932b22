/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault.c - scenarios of faults, and what changes their mapping. */
#include "workloads/lib/scene_mlock.h"
#include "workloads/lib/scene_stack.h"
#include "workloads/lib/scene_vma_lock.h"

SCENARIO(fault_vs_fault,
	.what = "two threads write to one page that is not there",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write again", scene_write, NULL } },
	.setup = scene_empty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_neighbour,
	.what = "two threads write to two pages of one table that is not there",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write the second", scene_write_second, NULL } },
	.setup = scene_empty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(read_vs_write,
	.what = "a read and a write of one page that is not there",
	.nr_roles = 2,
	.roles = { { "read", scene_read, NULL }, { "write", scene_write, NULL } },
	.setup = scene_empty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_munmap,
	.what = "pages are unmapped under a first write",
	.nr_roles = 2,
	.roles = { { "write", scene_write_second, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_half,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_split,
	.what = "another page of the VMA is unmapped under a write",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "unmap the second", scene_unmap_second, NULL } },
	.setup = scene_empty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_mmap,
	.what = "a mapping merges with the VMA of a fault",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "map behind", scene_extend, NULL } },
	.setup = scene_empty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_mprotect,
	.what = "a VMA is protected and unprotected under a first write",
	.nr_roles = 2,
	.roles = { { "write", scene_write_second, NULL }, { "protect", scene_protect, NULL } },
	.setup = scene_half,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_mremap,
	.what = "a VMA moves away under a first write",
	.nr_roles = 2,
	.roles = { { "write", scene_write_second, NULL }, { "move", scene_move, NULL } },
	.setup = scene_half,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_dontneed,
	.what = "a page is dropped under a write",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_table_free,
	.what = "all pages of a table are dropped, and the table with them, under a first write",
	.nr_roles = 2,
	.roles = { { "write", scene_write_second, NULL }, { "drop", scene_drop_table, NULL } },
	.setup = scene_collapsible,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_guard,
	.what = "a guard is installed under a write",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "guard", scene_guard, NULL } },
	.setup = scene_empty,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(dontneed_vs_munmap,
	.what = "a page is dropped from a VMA that is unmapped",
	.nr_roles = 2,
	.roles = { { "drop", scene_drop, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_protect_by_mm,
	.what = "a fault holds a VMA that is protected, and wakes its writer by the mm",
	.nr_roles = 2,
	.roles = { { "fault", scene_write_second, NULL }, { "protect", scene_protect, NULL } },
	.setup = scene_vma_lock_mm,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(late_reader_vs_exit,
	.what = "a fault locks a VMA that another process has by then, which exits",
	.nr_roles = 2,
	.roles = { { "fault", scene_late_reader, NULL }, { "exit", scene_exit, NULL } },
	.setup = scene_vma_reused,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(mlock_vs_munmap,
	.what = "a page is locked in a VMA that is unmapped",
	.nr_roles = 2,
	.roles = { { "lock", scene_lock, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(walk_vs_munmap,
	.what = "a walk of tables that are freed",
	.nr_roles = 2,
	.roles = { { "walk", scene_walk, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(fault_vs_next_vma,
	.what = "first faults in two VMAs that may share an anon_vma",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write next to it", scene_write_second, NULL } },
	.setup = scene_neighbours,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(maps_vs_mprotect,
	.what = "maps is read while its VMA is split and merged",
	.nr_roles = 2,
	.roles = { { "read maps", scene_maps, NULL }, { "protect a page", scene_protect_page, NULL } },
	.setup = scene_maps_vma_lock,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(smaps_vs_mprotect,
	.what = "pages are counted while their VMA is split and merged",
	.nr_roles = 2,
	.roles = { { "count", scene_smaps, NULL }, { "protect a page", scene_protect_page, NULL } },
	.setup = scene_smaps_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(smaps_vs_munmap,
	.what = "pages are counted while their VMA is unmapped",
	.nr_roles = 2,
	.roles = { { "count", scene_smaps, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_smaps_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(smaps_vs_dontneed,
	.what = "pages are counted while they are dropped, and their table",
	.nr_roles = 2,
	.roles = { { "count", scene_smaps, NULL }, { "drop all pages", scene_drop_table, NULL } },
	.setup = scene_smaps_written,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(stack_vs_stack,
	.what = "two threads write below a VMA that grows",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "write the second", scene_write_second, NULL } },
	.setup = scene_stack,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(stack_vs_munmap,
	.what = "a VMA that grows is unmapped under a write below it",
	.nr_roles = 2,
	.roles = { { "write", scene_write, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_stack,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(stack_vs_mmap,
	.what = "a page is mapped where a VMA is about to grow to",
	.nr_roles = 2,
	.roles = { { "write", scene_stack_write, NULL }, { "map there", scene_stack_map, NULL } },
	.setup = scene_stack,
	.check = scene_check,
	.teardown = scene_close)
