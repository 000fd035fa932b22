/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buddy.h - each node's free frames: blocks of 2^order, split and merged with their buddies, and in front of them a stock
 * of whole batches of single frames.
 *
 * Threads that free what others allocate pass batches through the stock, which costs a copy under the lock; to merge and
 * split every frame there would make the lock the bottleneck of all that is measured above it.
 */
#ifndef FAULTLINE_CORE_PHYS_BUDDY_H
#define FAULTLINE_CORE_PHYS_BUDDY_H

#include "core/phys/frame.h"

#define MAX_BATCH	64u	/* frames: a lock round for 1/64 of the operations */

#define TABLE_BATCH	16u	/* the same for page tables, of which fewer are used */

/* Makes the frames @pfn … @end_pfn - 1 of node @nid free. Locking: no other thread is in core. */
void buddy_init_node(unsigned int nid, unsigned long pfn, unsigned long end_pfn);
/* A block that is on no list and of type PAGE_FREE, or NULL. */
struct page *buddy_alloc(unsigned int nid, unsigned int order);
/* Gives back a block whose references are gone. */
void buddy_free(struct page *page, unsigned int order);
/*
 * Single frames' pfns into @pfns, each marked PAGE_PCP; returns how many: up to machine.pcp_batch for data, one block if there
 * is one; up to TABLE_BATCH for tables, from the smallest blocks. One lock round.
 */
unsigned int buddy_alloc_batch(unsigned int nid, uint32_t *pfns, enum frame_use use);
/*
 * Gives back @nr frames of node @nid that are marked PAGE_PCP. One lock round. @stock: a whole batch may be kept as it is, to be
 * handed out again soon; else frames are merged into blocks.
 */
void buddy_free_bulk(unsigned int nid, const uint32_t *pfns, unsigned int nr, bool stock);
/* Frames of @nid in blocks and stock. */
unsigned long buddy_free_frames(unsigned int nid);
/* Walks the lists of @nid: blocks aligned, of the right type and order, no two buddies left unmerged, the count right. */
void buddy_check(unsigned int nid);

#endif
