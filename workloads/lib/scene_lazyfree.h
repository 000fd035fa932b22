/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_lazyfree.h - set-ups and operations of scenes with a lazily freed large folio. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_LAZYFREE_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_LAZYFREE_H

#include "workloads/lib/scene.h"

/* A huge page is written, and freed by MADV_FREE; and written to again. */
int scene_huge_freed(struct workload_run *run);
int scene_huge_rewritten(struct workload_run *run);
/* A folio of all pages, mapped by entries, likewise. */
int scene_large_freed(struct workload_run *run);
int scene_across_freed(struct workload_run *run);	/* half of its pages are in another table */
int scene_mixed_freed(struct workload_run *run);	/* only the first page is exclusive, and writable */

int64_t scene_reclaim(struct worker *worker);	/* of the first page's folio, without mmap_lock */
int64_t scene_write_freed(struct worker *worker);	/* to its first page */

#endif
