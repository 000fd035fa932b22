/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_ksm.h - scenes with equal pages that KSM scans. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_KSM_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_KSM_H

#include "workloads/lib/scene.h"

/* As scene_written(), with equal pages: the next scan merges them; they are merged. */
int scene_mergeable(struct workload_run *run);
int scene_merged(struct workload_run *run);

int64_t scene_merge(struct worker *worker);	/* a scan */

#endif
