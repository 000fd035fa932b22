/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcp.h - per-cpu lists of single free frames, one per node, so that most allocations and frees take no lock.
 *
 * Last in, first out: an allocation gets the frame whose lines are still in this core's cache. A list belongs to the
 * thread that holds the cpu slot; the slot's next holder inherits it.
 *
 * Page tables have a list of their own, filled from small blocks: most are freed by another thread after a grace
 * period, and would in time fragment the blocks of data frames.
 */
#ifndef FAULTLINE_CORE_PHYS_PCP_H
#define FAULTLINE_CORE_PHYS_PCP_H

#include "core/base/event.h"
#include "core/phys/buddy.h"

DECLARE_EVENT(FRAME_REFILL);

#define PCP_CAPACITY	8192u	/* frames of a node on one cpu's list, 32 MiB; a power of two */

/* Called by machine_init(), and by machine_exit() when all lists are empty. Returns 0 or -ENOMEM. */
int pcp_init(void);
void pcp_exit(void);
/* A frame of node @nid for the calling cpu, or NULL if neither its list nor the node has one. */
struct page *pcp_alloc(unsigned int nid, enum frame_use use);
/* Frees a frame without references, of the given use. */
void pcp_free(struct page *page, enum frame_use use);
/* Drains slot @cpu's lists to the nodes. Locking: @cpu is the caller's, or no other thread is in core. */
void pcp_drain(unsigned int cpu);
/* Frames on all lists. */
unsigned long pcp_free_frames(void);

#endif
