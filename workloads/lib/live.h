/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - private anonymous memory of the live kernel, choice[0] pages for each worker, that workloads ask it about.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_LIVE_H
#define FAULTLINE_WORKLOADS_LIB_LIVE_H

#include "workloads/lib/axes.h"
#include "workloads/lib/hostmem.h"

static inline size_t live_size(const struct worker *worker)
{
	return (size_t)worker->run->choice[0] << FRAME_SHIFT;
}

/* As worker_setup and worker_teardown: worker->data is a VMA of its own, empty, without huge pages. */
int live_map(struct worker *worker);
void live_unmap(struct worker *worker);

/* As a prepare: every page is there. */
void live_populate(struct worker *worker);
/*
 * As a prepare: no page is there, and the host of this guest has just backed as many. Without the latter a first touch
 * costs ten times as much.
 */
void live_empty(struct worker *worker);

/* As a prepare: what is mapped goes. */
void live_drop(struct worker *worker);
/*
 * As worker_setup but for @fd and @flags, MAP_SHARED or MAP_PRIVATE: the file's first pages are worker->data, each
 * written to once.
 */
int live_map_file(struct worker *worker, int fd, int flags);
/* The same of a new memfd of the worker's, mapped shared. */
int live_map_memfd(struct worker *worker);

/* As part of a setup: 0, or workload_skip() where madvise() refuses the advice for an empty page. */
int live_knows(struct workload_run *run, int advice, const char *name);
/* madvise() over all of it, as an op. Returns the pages or -errno. */
int64_t live_advise(struct worker *worker, int advice);

#endif
