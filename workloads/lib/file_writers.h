/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_writers.h - workers that write to pages of their own of one file, mapped shared, while others clean the pages,
 * take them away or move them.
 *
 * Each writer counts in its pages, by entries or through pins. Once all is done and written back a last time, the
 * device holds the last count of each.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_FILE_WRITERS_H
#define FAULTLINE_WORKLOADS_LIB_FILE_WRITERS_H

#include "workloads/lib/file_space.h"

#define WRITERS_PAGES	64ul

/* As a workload's setup: the file, in folios of one page, mapped shared by region 0, every page dirty. */
int file_writers_open(struct workload_run *run);
/* As an op: a write to each page that is the worker's own, through a pin if @pin. Returns their number, or -errno. */
int64_t file_writers_write(struct worker *worker, bool pin);
/* As a workload's check. */
int file_writers_check(struct workload_run *run);

/* For those who take pages away: the folio of some page, with a reference; NULL if none is in memory. */
struct folio *file_writers_any(struct worker *worker);

#endif
