/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * owner.h - workers that each write to pages of their own, drop them, pin them, move them by mremap() there and back,
 * and share them with children, which exit; for workloads in which another worker changes how these pages are mapped.
 *
 * A page holds what its owner wrote last, whatever frame it is in meanwhile; a child has what its parent had. A pinned
 * page is the one that its owner writes to. Needs process_open_rounds() and process_close_rounds() of each worker. The
 * operations return what they did, at least 1, or -errno.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_OWNER_H
#define FAULTLINE_WORKLOADS_LIB_OWNER_H

#include "workloads/lib/process.h"

#define OWNER_PAGES	HPAGE_PMD_NR

/* A region of OWNER_PAGES for each worker, and one to move it to. Returns as space_open(). */
int owner_open(struct workload_run *run);
/* The first byte of the worker's region. */
unsigned long owner_home(const struct worker *worker);
/* madvise() that has to succeed. Returns 0 or -errno. */
int owner_advise(struct worker *worker, unsigned long addr, unsigned long len, int advice);

typedef int64_t owner_fn(struct worker *worker);

owner_fn owner_write;		/* some of its pages */

/*
 * owner_use - writes to the pages, drops one, pins one, moves all, forks a child, or does @renew, by chance; nothing
 * once a worker has failed. Returns what it does, or the error.
 */
int64_t owner_use(struct worker *worker, owner_fn *renew);

#endif
