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

/*
 * layout_map - every VMA of @layout in the empty @mm, with its permissions, as private anonymous memory; kept apart by
 * name, so that there are as many as in the layout. If @populate, every page of its runs is written to, whatever the
 * VMA allows afterwards. Returns 0; -ENOMEM, with part of it done; -EOPNOTSUPP when no VMA fits.
 */
int layout_map(struct mm_struct *mm, const struct layout *layout, bool populate, struct layout_loaded *loaded);
/* As a workload's setup but for @populate: a space whose mm is made so; space->pages is what its runs hold. */
int layout_space_open(struct workload_run *run, bool populate);

#endif
