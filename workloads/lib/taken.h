/* SPDX-License-Identifier: GPL-2.0-or-later */
/* taken.h - a region whose pages are taken away in every possible way while others work on them. */
#ifndef FAULTLINE_WORKLOADS_LIB_TAKEN_H
#define FAULTLINE_WORKLOADS_LIB_TAKEN_H

#include "workloads/lib/space.h"

#define TAKEN_PAGES	1024ul
#define TAKEN_PART	64ul	/* pages that one op is about, at most */

/*
 * As a workload's setup and teardown: one region, all written to, in an mm that can have subscribers; and a swap
 * device.
 */
int taken_open(struct workload_run *run);
void taken_close(struct workload_run *run);

/* Some pages of the region. */
struct taken_part {
	unsigned long start, end;
};
struct taken_part taken_any(struct worker *worker);

/*
 * As an op: a write to each of some pages. Returns how many, or -errno. Where nothing may be written just now, nothing
 * is.
 */
int64_t taken_write(struct worker *worker);
/*
 * As an op: takes some pages away, or rights to them: dropped, unmapped and mapped again, protected for a while,
 * forked, swapped out, moved to other frames or to a device. Returns how many, or -errno.
 */
int64_t taken_take(struct worker *worker);

#endif
