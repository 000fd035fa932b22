/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_mm.h - an address space made after a captured one. */
#ifndef FAULTLINE_WORKLOADS_LIB_LAYOUT_MM_H
#define FAULTLINE_WORKLOADS_LIB_LAYOUT_MM_H

#include "workloads/lib/workload.h"

/* The part of a layout that an mm got; VMAs beyond TASK_SIZE or below MMAP_MIN_ADDR are skipped, with their pages. */
struct layout_loaded {
	unsigned int vmas, vmas_excluded;
	uint64_t pages, pages_excluded;		/* in populated runs */
};

/* @vma can be in an mm of this geometry. */
bool layout_vma_fits(const struct layout_vma *vma);

enum layout_how {
	LAYOUT_POPULATE = 1,		/* every page of its runs is written to, whatever the VMA allows afterwards */
	LAYOUT_WRITABLE = 2,		/* all VMAs may be read and written to, whatever the layout says */
};

/*
 * layout_map - every VMA of @layout in the empty @mm, with its permissions, as private anonymous memory; kept apart by
 * name, so that there are as many as in the layout. @how: layout_how. Returns 0; -ENOMEM, with part of it done;
 * -EOPNOTSUPP when no VMA fits.
 */
int layout_map(struct mm_struct *mm, const struct layout *layout, unsigned int how, struct layout_loaded *loaded);
/*
 * As a workload's setup but for the arguments: a space of @mms mms, each made so; space->pages is what the runs of one
 * hold.
 */
int layout_space_open(struct workload_run *run, unsigned int mms, unsigned int how);

/*
 * layout_each_run - calls @op for each run of @part of @parts, until it fails: the VMAs are shared out by their number.
 * layout_each_vma - the same for each VMA, empty ones too. Return the sum of what @op returned, or -errno.
 */
int64_t layout_each_run(struct worker *worker, unsigned int part, unsigned int parts,
			int64_t (*op)(struct worker *worker, unsigned long addr, unsigned long pages));
int64_t layout_each_vma(struct worker *worker, unsigned int part, unsigned int parts,
			int64_t (*op)(struct worker *worker, unsigned long addr, unsigned long pages));

/*
 * layout_open_writable - as a workload's setup: one mm, empty and writable. Of the worker's part of it: layout_touch -
 * space_touch() of each run, returns the pages or -errno; layout_drop - space_drop() of each VMA, returns 0 or -errno.
 */
int layout_open_writable(struct workload_run *run);
int64_t layout_touch(struct worker *worker);
int64_t layout_drop(struct worker *worker);

#endif
