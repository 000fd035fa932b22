/* SPDX-License-Identifier: GPL-2.0-or-later */
/* buddy.h - each node's free frames as blocks of 2^order, split and merged with their buddies. */
#ifndef FAULTLINE_CORE_PHYS_BUDDY_H
#define FAULTLINE_CORE_PHYS_BUDDY_H

#include "core/phys/frame.h"

/* Makes the frames @pfn … @end_pfn - 1 of node @nid free. Locking: no other thread is in core. */
void buddy_init_node(unsigned int nid, unsigned long pfn, unsigned long end_pfn);
/* A block that is on no list and of type PAGE_FREE, or NULL. */
struct page *buddy_alloc(unsigned int nid, unsigned int order);
/* Gives back a block whose references are gone. */
void buddy_free(struct page *page, unsigned int order);
/* Up to @nr single frames' pfns into @pfns, each marked PAGE_PCP; returns how many. One lock round. */
unsigned int buddy_alloc_bulk(unsigned int nid, uint32_t *pfns, unsigned int nr);
/* Gives back @nr frames of node @nid that are marked PAGE_PCP. One lock round. */
void buddy_free_bulk(unsigned int nid, const uint32_t *pfns, unsigned int nr);
/* Frames on the lists of @nid. */
unsigned long buddy_free_frames(unsigned int nid);
/* Walks the lists of @nid: blocks aligned, of the right type and order, no two buddies left unmerged, the count right. */
void buddy_check(unsigned int nid);

#endif
