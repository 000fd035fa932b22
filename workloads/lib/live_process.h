/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_process.h - processes of the live kernel, each a fork of this one with one worker's memory (live.h).
 *
 * They inherit as little else as possible: not the simulated machine's memory, nor other workers'.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_LIVE_PROCESS_H
#define FAULTLINE_WORKLOADS_LIB_LIVE_PROCESS_H

#include <sys/types.h>

#include "workloads/lib/live.h"

/* (T) worker->data */
struct live_process {
	char *memory;		/* choice[0] pages, populated before each fork */
	pid_t child;		/* 0: none */
};

/* As setup and teardown: what the simulated machine has in memory is no part of a fork, and is again. */
int live_process_setup(struct workload_run *run);
void live_process_teardown(struct workload_run *run);
/* As worker_setup and worker_teardown. */
int live_process_open(struct worker *worker);
void live_process_close(struct worker *worker);

/*
 * A child that does nothing, and is gone at once, or if @stay waits for live_kill(). One worker at a time. Returns 0 or
 * -errno.
 */
int live_fork(struct worker *worker, bool stay);
/* The child's end, waited for if it is under way. Nothing to do without one. */
void live_kill(struct worker *worker);
/* Writes to each page. */
void live_write(struct worker *worker);

#endif
