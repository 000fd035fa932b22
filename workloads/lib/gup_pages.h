/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_pages.h - resident memory whose pages workloads get and pin, call by call. */
#ifndef FAULTLINE_WORKLOADS_LIB_GUP_PAGES_H
#define FAULTLINE_WORKLOADS_LIB_GUP_PAGES_H

#include "workloads/lib/space.h"

/* Pages for each worker, as MEMORY_AXIS; and pages for each call. limit_pin has the first. */
#define GUP_AXES { MEMORY_AXIS, { "batch", 2, { 1, 64 } } }
#define GUP_MAX_BATCH	64

/* As a workload's setup: a region of choice[0] pages for each worker, every page written once. */
int gup_open(struct workload_run *run);
/* The same with @nr regions of @pages pages; with @pages * @every, of which the first of each @every is written. */
int gup_open_regions(struct workload_run *run, unsigned int nr, unsigned long pages);
int gup_open_spread(struct workload_run *run, unsigned int nr, unsigned long pages, unsigned long every);

/*
 * gup_pin_all - pins @pages pages from @addr on with FOLL_* @flags, @batch in each call, and unpins them before the
 * next. While checking, each pin is recorded (oracle/pins.h), and stamps the worker's slot. Returns @pages or -errno.
 */
int64_t gup_pin_all(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long batch,
		    unsigned int flags);

/* As an op but for @flags: the worker's own region, choice[1] pages in each call. */
int64_t gup_pin_own(struct worker *worker, unsigned int flags);

/*
 * gup_pin_moving - the same page by page where others unmap what they like, and count that in *@unmaps; NULL when they
 * fork only.
 */
int64_t gup_pin_moving(struct worker *worker, unsigned long addr, unsigned long pages, unsigned int flags,
		       const struct unmap_count *unmaps);

#endif
