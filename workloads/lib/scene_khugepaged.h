/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_khugepaged.h - set-ups and operations of scenes that khugepaged scans. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_KHUGEPAGED_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_KHUGEPAGED_H

#include "workloads/lib/scene.h"

/* A huge page's room with a page written, which is scanned; of a second process, which scene_exit() ends. */
int scene_khugepaged(struct workload_run *run);
int scene_khugepaged_child(struct workload_run *run);

int64_t scene_khugepaged_scan(struct worker *worker);	/* a pass */
int64_t scene_map_again(struct worker *worker);		/* all is unmapped, and mapped again, advised and written to */

#endif
