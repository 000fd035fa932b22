/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline_trace.h - timelines as Chrome's trace events, for ui.perfetto.dev: a process for each case, a thread for
 * each worker; operations and waits for locks as slices, holds of locks as slices of their own.
 */
#ifndef FAULTLINE_BENCH_RUN_TIMELINE_TRACE_H
#define FAULTLINE_BENCH_RUN_TIMELINE_TRACE_H

#include "bench/ground/out_file.h"
#include "core/faultline.h"

/* Zeroed but for the file at the begin. */
struct timeline_trace {
	struct out_file file;
	unsigned int cases, threads;	/* so far; of the latest case */
	uint64_t events;		/* so far */
	uint64_t overwritten;		/* that were older than a ring keeps */
	uint64_t zero;			/* ticks at the case's time 0 */
	double us_per_tick;
};

/* Opens @path. Returns 0, or the exit status after one line. timeline_trace_end() - publishes it, as out_file_end(). */
int timeline_trace_begin(struct timeline_trace *trace, const char *path);
int timeline_trace_end(struct timeline_trace *trace, int status);

/* What follows is of a run of @name; then one call for each worker, of @role. */
void timeline_trace_case(struct timeline_trace *trace, const char *name, double ns_per_tick);
void timeline_trace_thread(struct timeline_trace *trace, const char *role, const struct timeline *timeline);

#endif
