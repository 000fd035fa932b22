/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deferred_split_scan.h - the shrinker of deferred_split.h's queues. Source: mm/huge_memory.c. */
#ifndef FAULTLINE_CORE_OP_DEFERRED_SPLIT_SCAN_H
#define FAULTLINE_CORE_OP_DEFERRED_SPLIT_SCAN_H

#include "core/base/event.h"

DECLARE_EVENT(DEFERRED_SPLIT);
DECLARE_EVENT(DEFERRED_KEPT);

#define SHRINK_BATCH	128ul	/* folios of a node that one reclaim scans; source: mm/shrinker.c */

/*
 * deferred_split_scan - splits up to @nr_to_scan folios of node @nid's queue, the oldest first, and so frees those of
 * their pages that are not mapped. One that is locked, pinned or in use otherwise is queued again. Returns the number
 * of folios that were split. Locking: no spinlock, not inside RCU; folio locks are only tried.
 */
unsigned long deferred_split_scan(unsigned int nid, unsigned long nr_to_scan);
/* The same for all nodes, a batch of each that has some: reclaim does so. Locking: as above. */
unsigned long shrink_deferred_splits(void);

#endif
