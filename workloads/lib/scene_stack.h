/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_stack.h - operations below a VMA that grows: see scene_stack(). */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_STACK_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_STACK_H

#include "workloads/lib/scene.h"

int64_t scene_stack_write(struct worker *worker);	/* the first page, which grows there or is mapped */
int64_t scene_stack_map(struct worker *worker);		/* a VMA that does not grow, of the first page */

#endif
