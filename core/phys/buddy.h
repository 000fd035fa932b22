/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buddy.h - each node's free frames: blocks of 2^order, split and merged with their buddies, and in front of them a
 * stock of whole batches of single frames.
 *
 * Threads that free other threads' frames pass batches through the stock, which costs a copy under the lock; merging
 * and splitting every frame there would make the lock the bottleneck of all measurements above it.
 */
#ifndef FAULTLINE_CORE_PHYS_BUDDY_H
#define FAULTLINE_CORE_PHYS_BUDDY_H

#include "core/phys/frame.h"

#define MAX_BATCH	64u	/* frames: a lock round for 1/64 of the operations */

#define TABLE_BATCH	16u	/* the same for page tables, which are fewer */

/* Frees the frames @pfn … @end_pfn - 1 of node @nid. Locking: no other thread is in core. */
void buddy_init_node(unsigned int nid, unsigned long pfn, unsigned long end_pfn);
/* A block on no list, of type PAGE_FREE; or NULL. */
struct page *buddy_alloc(unsigned int nid, unsigned int order);
/* Frees a block without references. */
void buddy_free(struct page *page, unsigned int order);
/*
 * Stores single frames' pfns to @pfns, each marked PAGE_PCP, and returns their number: up to machine.pcp_batch for
 * data, one block if there is one; up to TABLE_BATCH for tables, from the smallest blocks. One lock round.
 */
unsigned int buddy_alloc_batch(unsigned int nid, uint32_t *pfns, enum frame_use use);
/*
 * Frees @nr frames of node @nid that are marked PAGE_PCP. One lock round. @stock: a whole batch may be kept unmerged,
 * for the next allocation; else frames are merged into blocks.
 */
void buddy_free_bulk(unsigned int nid, const uint32_t *pfns, unsigned int nr, bool stock);
/* Frames of @nid in blocks and stock. */
unsigned long buddy_free_frames(unsigned int nid);
/*
 * Checks the lists of @nid: blocks are aligned, of the right type and order, no two buddies are unmerged, the count is
 * right.
 */
void buddy_check(unsigned int nid);

#endif
