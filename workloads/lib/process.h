/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.h - what processes do around fork: write, fork, look, exit.
 *
 * Failures are reported and kept as in space.h. While a run is checked, each write marks its page with writer and time
 * by its own counting, and where.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_PROCESS_H
#define FAULTLINE_WORKLOADS_LIB_PROCESS_H

#include "workloads/lib/space.h"

/* A child of the worker's mm, or NULL. */
struct mm_struct *process_fork(struct worker *worker);
/* As worker_teardown too: the child in worker->data ends, if there is one. */
void process_exit(struct worker *worker);
/* A write in @mm to each of @pages pages; @when is kept modulo 65536. Returns @pages or -errno. */
int64_t process_write(struct worker *worker, struct mm_struct *mm, unsigned long addr, unsigned long pages,
		      uint64_t when);
/*
 * While checking: *@when worker @index wrote the page at @addr, which @mm may read; 0 without a writer. Returns 0 or
 * -errno.
 */
int process_read(struct worker *worker, struct mm_struct *mm, unsigned long addr, unsigned int index, uint64_t *when);
/* While checking: each of the pages is what the worker itself wrote at @when. Returns 0 or -errno. */
int process_expect(struct worker *worker, struct mm_struct *mm, unsigned long addr, unsigned long pages, uint64_t when);

/* As worker_setup and worker_teardown: worker->data becomes a count of rounds, a uint64_t. */
int process_open_rounds(struct worker *worker);
void process_close_rounds(struct worker *worker);
/* @nr pages, @step bytes apart. */
struct process_pages {
	unsigned long addr, nr, step;
	bool may_be_lost;	/* to the parent: an access then ends in VM_FAULT_SIGBUS, for good */
};
/*
 * The next round of the worker's, as process_open_rounds() counts: a write in its mm to each of @pages. Returns how
 * many, or -errno.
 */
int64_t process_write_round(struct worker *worker, struct process_pages pages);
/*
 * While checking: @child is its parent at one moment, in which worker @writer wrote to @pages from the first to the
 * last, round after round: it finds what one round wrote up to some page, and what the round before wrote from there
 * on, in all that it has not lost. Returns 0 or -errno.
 */
int process_check_moment(struct worker *worker, struct mm_struct *child, struct process_pages pages,
			 unsigned int writer);

#endif
