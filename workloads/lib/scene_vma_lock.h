/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_vma_lock.h - scenes of VMA locks whose writers sleep on a word of the mm (vma_lock=refcnt_mm). */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_VMA_LOCK_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_VMA_LOCK_H

#include "workloads/lib/scene.h"

int scene_vma_lock_mm(struct workload_run *run);	/* as scene_written() */
/* The first process has unmapped its memory; a second one has mapped some, and its VMA is where the other one's was. */
int scene_vma_reused(struct workload_run *run);

/* A fault of the first process that has found the VMA before, and locks it. */
int64_t scene_late_reader(struct worker *worker);

#endif
