/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_tail.h - scenes of a folio whose second page is pinned while its frames become pages of their own. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_TAIL_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_TAIL_H

#include "workloads/lib/scene.h"

int scene_tail(struct workload_run *run);	/* a folio of all pages */
/* As a check: of the frames that were taken, and as scene_check(). */
int scene_tail_check(struct workload_run *run);

int64_t scene_tail_pin(struct worker *worker);	/* by GUP-fast, if it can */
int64_t scene_tail_take(struct worker *worker);	/* all pages are dropped, and frames taken up to the folio's first */

#endif
