/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_lru.h - scenes of folios that are listed for reclaim. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_LRU_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_LRU_H

#include "workloads/lib/scene.h"

/* As scene_swap(), scene_family() with swap, and scene_file_read(), under that policy; no page was used lately. */
int scene_lru(struct workload_run *run);
int scene_lru_family(struct workload_run *run);
int scene_lru_file(struct workload_run *run);

int64_t scene_lru_page_out(struct worker *worker);	/* the first page, which is then read */
int64_t scene_lru_scan(struct worker *worker);	/* of all folios of the first page's node */

#endif
