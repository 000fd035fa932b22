/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shrink_lruvec.h - reclaim of the oldest folios of a node, by the lists of phys/lru.h.
 *
 * A folio that was used since it was looked at last stays: once on the inactive list, twice, or by two VMAs, on the
 * active one. Source: mm/vmscan.c.
 */
#ifndef FAULTLINE_CORE_OP_SHRINK_LRUVEC_H
#define FAULTLINE_CORE_OP_SHRINK_LRUVEC_H

#include "core/base/event.h"

DECLARE_EVENT(LRU_ACTIVATE);
DECLARE_EVENT(LRU_DEACTIVATE);

/*
 * shrink_lruvec - looks at @nr_to_scan folios of node @nid at the most: moves old ones of its active list to the
 * inactive one, if that is the shorter one, and reclaims from the inactive one what was not used. Returns the number of
 * pages reclaimed. Locking: no spinlock, not inside RCU. Source: mm/vmscan.c.
 */
unsigned long shrink_lruvec(unsigned int nid, unsigned long nr_to_scan);

#endif
