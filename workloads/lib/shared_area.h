/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shared_area.h - areas whose owners write to them while others take their pages away: workers are owners and takers in
 * turn, and each owner has a region of its own.
 *
 * While a run is checked, an owner finds in each page what it wrote there last.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_SHARED_AREA_H
#define FAULTLINE_WORKLOADS_LIB_SHARED_AREA_H

#include "workloads/lib/process.h"

#define AREA_PAGES	1024ul
#define AREA_PART	64ul	/* pages that one op is about */

enum { OWNER, TAKER };

/* As a workload's setup: a region for each owner, every page written once. */
int area_open(struct workload_run *run);
/* As a workload's setup and teardown: the same, and swap for all of it. */
int area_open_swap(struct workload_run *run);
void area_close_swap(struct workload_run *run);
/* As worker_setup and worker_teardown: what an owner wrote when. */
int area_enter(struct worker *worker);
void area_leave(struct worker *worker);

/* As an owner's op: a write to each page of some part of its region. Returns its pages or -errno. */
int64_t area_write(struct worker *worker);

/* (T) some part of some owner's region */
struct area_part {
	unsigned int owner;		/* its index as a worker */
	unsigned long start, end;
};

/* For takers, and owners that want one of their own. */
struct area_part area_any(struct worker *worker);
struct area_part area_own(struct worker *worker);

/*
 * What takers do: area_migrate() - moves the pages of @part to other frames, and returns how many. area_page_out() -
 * swaps them out, also where others map them, and returns how many were not in swap before.
 */
int64_t area_migrate(struct worker *worker, struct area_part part);
int64_t area_page_out(struct mm_struct *mm, struct area_part part);

#endif
