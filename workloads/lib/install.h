/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install.h - guard markers put into page tables by a walk: entries that need no frame. */
#ifndef FAULTLINE_WORKLOADS_LIB_INSTALL_H
#define FAULTLINE_WORKLOADS_LIB_INSTALL_H

#include "workloads/lib/space.h"

/*
 * install_markers - into every empty slot of [@start, @end). Returns how many, or -errno. Locking: mmap_lock.
 */
int64_t install_markers(struct mm_struct *mm, unsigned long start, unsigned long end);

/* As an op: over the worker's own region, where @empty slots are empty. Returns the region's pages, or -errno. */
int64_t install_region(struct worker *worker, unsigned long empty);
/* As a prepare: takes the region's markers away; its tables stay. */
void install_undo(struct worker *worker);

#endif
