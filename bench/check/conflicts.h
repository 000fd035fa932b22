/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conflicts.h - which accesses of an execution depend on which, and which pairs of them nothing else orders. */
#ifndef FAULTLINE_BENCH_CHECK_CONFLICTS_H
#define FAULTLINE_BENCH_CHECK_CONFLICTS_H

#include "core/faultline.h"

struct conflicts;

/* Room that executions use in turn. NULL without memory. */
struct conflicts *conflicts_create(void);
void conflicts_free(struct conflicts *conflicts);

/*
 * Calls @found for each access with a position that a later access of another thread conflicts with, while no other
 * dependence orders the two, and the first one's thread has not run again: it is the latest such of its run, @thread
 * ran behind that run. *@class_ becomes a number for the dependences of the execution, whose accesses are known by
 * their thread and place there alone. False without memory, after one line on stderr.
 */
bool conflicts_find(struct conflicts *conflicts, const struct decision_log *log,
		    void (*found)(void *arg, uint32_t position, unsigned int thread), void *arg, uint64_t *class_);

#endif
