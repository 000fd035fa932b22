/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_hugetlb.h - scenes with huge pages of the pool. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_HUGETLB_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_HUGETLB_H

#include "workloads/lib/scene.h"

/* A private huge page: empty; written; written, and the pool has no other. */
int scene_hugetlb(struct workload_run *run);
int scene_hugetlb_written(struct workload_run *run);
int scene_hugetlb_last(struct workload_run *run);
/* Two processes in turn: nothing is mapped; a huge page is shared, and mapped by the first. */
int scene_family_hugetlb_room(struct workload_run *run);
int scene_family_hugetlb(struct workload_run *run);
/*
 * A huge page of a file, not in memory; which a second process has a private copy of; of a file that fills a PMD table,
 * which two processes share.
 */
int scene_hugetlb_file(struct workload_run *run);
int scene_hugetlb_copied(struct workload_run *run);
int scene_hugetlb_table(struct workload_run *run);

int64_t scene_hugetlb_write(struct worker *worker);	/* has to succeed */
int64_t scene_hugetlb_map(struct worker *worker);	/* a shared huge page, of a file of its own */
int64_t scene_hugetlb_truncate(struct worker *worker);	/* for good */
int64_t scene_hugetlb_walk(struct worker *worker);
int64_t scene_hugetlb_truncate_exit(struct worker *worker);	/* the file, and the second process's end */
int64_t scene_hugetlb_pin_shared(struct worker *worker);	/* no page of private memory */
/* The first process drops its huge page; in its place the second maps, and writes to, private memory. */
int64_t scene_hugetlb_map_private(struct worker *worker);

#endif
