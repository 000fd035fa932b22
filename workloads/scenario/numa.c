/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa.c - scenarios of NUMA hints: a scan against one operation each, and faults on hints. */
#include "workloads/lib/scene_numa.h"

SCENARIO(numa_scan_vs_fault,
	.what = "pages become NUMA hints under a write",
	.nr_roles = 2,
	.roles = { { "scan", scene_numa_scan, NULL }, { "write", scene_write_far, NULL } },
	.setup = scene_numa,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_scan_vs_pin,
	.what = "pages become NUMA hints while one is pinned",
	.nr_roles = 2,
	.roles = { { "scan", scene_numa_scan, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_numa,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_scan_vs_fork,
	.what = "pages become NUMA hints while fork shares them",
	.nr_roles = 2,
	.roles = { { "scan", scene_numa_scan, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_numa,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_scan_vs_unmap,
	.what = "pages become NUMA hints while they are unmapped",
	.nr_roles = 2,
	.roles = { { "scan", scene_numa_scan, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_numa,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_scan_vs_tlb,
	.what = "pages become NUMA hints while a processor has them in its TLB",
	.nr_roles = 2,
	.roles = { { "scan", scene_numa_scan, NULL }, { "read", scene_read_twice, NULL } },
	.setup = scene_numa_tlb,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_scan_vs_drop,
	.what = "a huge page becomes a NUMA hint while MADV_DONTNEED drops it",
	.nr_roles = 2,
	.roles = { { "scan", scene_numa_scan, NULL }, { "drop", scene_drop_all, NULL } },
	.setup = scene_numa_huge,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_hint_vs_hint,
	.what = "two nodes' processors find the same NUMA hint",
	.nr_roles = 2,
	.roles = { { "far", scene_write_far, NULL }, { "near", scene_write, NULL } },
	.setup = scene_hints,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_hint_vs_fork,
	.what = "a NUMA hint's page moves while fork shares it",
	.nr_roles = 2,
	.roles = { { "far", scene_read_far, NULL }, { "fork", scene_fork, NULL } },
	.setup = scene_hints,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_hint_vs_drop,
	.what = "a NUMA hint's page moves, or is kept by a pin, while it is dropped",
	.nr_roles = 3,
	.roles = { { "far", scene_read_far, NULL }, { "pin", scene_pin_to_read, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_hints,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_hint_vs_unmap,
	.what = "a NUMA hint's page moves while it is unmapped",
	.nr_roles = 2,
	.roles = { { "far", scene_read_far, NULL }, { "unmap", scene_unmap, NULL } },
	.setup = scene_hints,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_huge_vs_pin,
	.what = "a huge page moves by its NUMA hint while it is pinned",
	.nr_roles = 2,
	.roles = { { "far", scene_write_far, NULL }, { "pin", scene_pin, NULL } },
	.setup = scene_huge_hint,
	.check = scene_check,
	.teardown = scene_close)

SCENARIO(numa_huge_vs_drop,
	.what = "a huge page moves by its NUMA hint while a page of it is dropped",
	.nr_roles = 2,
	.roles = { { "far", scene_read_far, NULL }, { "drop", scene_drop, NULL } },
	.setup = scene_huge_hint,
	.check = scene_check,
	.teardown = scene_close)
