/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_uffd_huge.h - scenes with a huge page that is moved to where a userfaultfd waits for it. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_UFFD_HUGE_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_UFFD_HUGE_H

#include "workloads/lib/scene.h"

/* A huge page, and the room of another one, of another PMD table, registered; and a second one behind the first. */
int scene_uffd_huge(struct workload_run *run);
int scene_uffd_huge_pair(struct workload_run *run);

int64_t scene_uffd_move_huge(struct worker *worker);	/* all of it; or its first page */
int64_t scene_uffd_move_part(struct worker *worker);
int64_t scene_mremap_second(struct worker *worker);	/* the second huge page, to behind what is registered */

#endif
