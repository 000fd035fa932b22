/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tlb.c - scenarios of accesses through TLBs, and what takes the page away. */
#include "workloads/lib/scene_tlb.h"

SCENARIO(tlb_vs_dontneed,
	.what = "a page is dropped between two accesses through a TLB",
	.nr_roles = 2,
	.roles = { { "read twice", scene_read_twice, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_tlb,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(tlb_vs_mprotect,
	.what = "a page is protected between two accesses through TLBs",
	.nr_roles = 2,
	.roles = { { "read twice", scene_read_twice, NULL }, { "protect", scene_protect, NULL } },
	.setup = scene_tlb,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(mremap_vs_reclaim,
	.what = "a file's page is moved while it is reclaimed between two accesses through a TLB",
	.nr_roles = 2,
	.roles = { { "move", scene_tlb_move, NULL }, { "read and reclaim", scene_tlb_reclaim, NULL } },
	.setup = scene_tlb_file,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(munmap_vs_write_back,
	.what = "a file is unmapped while it is written back between two writes through a TLB",
	.nr_roles = 2,
	.roles = { { "unmap", scene_unmap, NULL }, { "write and clean", scene_tlb_clean, NULL } },
	.setup = scene_tlb_file,
	.check = scene_check,
	.teardown = scene_close)
