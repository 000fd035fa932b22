/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scene_numa.h - set-ups and operations of scenes with NUMA hints. With one node hints are made, and faults on them
 * taken, and nothing moves; HWLOC_SYNTHETIC="node:2 core:1 pu:1" gives a machine two.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_NUMA_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_NUMA_H

#include "workloads/lib/scene.h"

/* As scene_written(), scene_huge() and scene_tlb(), under that policy; and the same with hints. */
int scene_numa(struct workload_run *run);
int scene_numa_huge(struct workload_run *run);
int scene_numa_tlb(struct workload_run *run);
int scene_hints(struct workload_run *run);
int scene_huge_hint(struct workload_run *run);

int64_t scene_numa_scan(struct worker *worker);		/* makes hints of all pages */
int64_t scene_read_far(struct worker *worker);		/* by a processor of the last node: pages are on the first */
int64_t scene_write_far(struct worker *worker);
int64_t scene_drop_all(struct worker *worker);		/* by MADV_DONTNEED: none is mapped then, unless others fault */

#endif
