/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_tlb.h - scenes of a file whose pages processors reach through TLBs. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_TLB_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_TLB_H

#include "workloads/lib/scene.h"

int scene_tlb_file(struct workload_run *run);	/* as scene_file_dirty() */

int64_t scene_tlb_move(struct worker *worker);		/* all pages, to where other entries of a TLB have them */
int64_t scene_tlb_reclaim(struct worker *worker);	/* between two reads of the first page */
int64_t scene_tlb_clean(struct worker *worker);		/* between two writes to it */

#endif
