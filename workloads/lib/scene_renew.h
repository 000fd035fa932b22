/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_renew.h - scenes of a page that another one follows, at its address and in its swap slot. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_RENEW_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_RENEW_H

#include "workloads/lib/scene.h"

int64_t scene_renew_page_out(struct worker *worker);	/* the first page is dropped, written to, and paged out */

/* As a check: the first page has what was written then; and as scene_check(). */
int scene_renewed_check(struct workload_run *run);

#endif
