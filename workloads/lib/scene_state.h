/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_state.h - what a scene has beside its space. */
#ifndef FAULTLINE_WORKLOADS_LIB_SCENE_STATE_H
#define FAULTLINE_WORKLOADS_LIB_SCENE_STATE_H

#include "core/faultline.h"
#include "workloads/lib/workload.h"

/* Lock key: (C) const while workers run (X) the thread of scene_exit() */
struct scene_state {
	struct mm_struct *child;	/* (X) the second process; NULL: none, or it has ended */
	struct mm_struct *killed;	/* (C) the second process if it was killed, by a reference; NULL: none */
	struct folio *folio;		/* (C) with a reference, or NULL */
	struct userfaultfd_ctx *uffd;	/* (X) open, or NULL; also the thread that closes it */
	bool in_turn;			/* (C) odd workers are of the second process */
	bool swap, pool;		/* (C) are to be taken down */
	bool khugepaged;		/* (C) is enabled */
};

#define SCENE_MARK	7u	/* what the killed process wrote */

extern struct scene_state scene_state;

/* Ends a set-up: what there is goes if @err, which it returns. */
int scene_settle(struct workload_run *run, int err);
/* For set-ups: a write to the first page; the second process. Return 0 or -errno. */
int scene_write_first(struct workload_run *run);
int scene_fork_child(struct workload_run *run);
/* For operations: the worker's mm; and what they return, for the @result of a call that others may make fail. */
struct mm_struct *scene_mm(const struct worker *worker);
int64_t scene_done(struct worker *worker, long result);
/* The folio of what @mm maps at @addr, with a reference. Locking: none held. */
struct folio *scene_folio(struct mm_struct *mm, unsigned long addr);

#endif
