/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_mirror.h - scenes of a device with a mirror of the page tables. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_MIRROR_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_MIRROR_H

#include "workloads/lib/scene.h"

int scene_mirror(struct workload_run *run);		/* as scene_written(), and filled in */
void scene_mirror_close(struct workload_run *run);

int64_t scene_mirror_use(struct worker *worker);	/* of the first page */

#endif
