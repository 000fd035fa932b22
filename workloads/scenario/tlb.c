/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tlb.c - scenarios of accesses through TLBs, and what takes the page away. */
#include "workloads/lib/scene.h"

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
