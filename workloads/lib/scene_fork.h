/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_fork.h - scenes of a fork between two writes. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_FORK_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_FORK_H

#include "workloads/lib/scene.h"

int scene_two_tables(struct workload_run *run);		/* two pages of two tables, both written */

int64_t scene_write_in_order(struct worker *worker);	/* both pages */
int64_t scene_fork_moment(struct worker *worker);	/* a child with the second write has the first */

#endif
