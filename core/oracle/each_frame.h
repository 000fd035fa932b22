/* SPDX-License-Identifier: GPL-2.0-or-later */
/* each_frame.h - iterations of oracles: steps are counted, so that the watchdog sees progress. */
#ifndef FAULTLINE_CORE_ORACLE_EACH_FRAME_H
#define FAULTLINE_CORE_ORACLE_EACH_FRAME_H

#include "core/oracle/at_rest.h"
#include "core/oracle/complaint.h"
#include "core/phys/frame.h"

#define FRAMES_PER_STEP	65536

/* Counts an inspected page table or block of frames. */
static inline void inspected_step(void)
{
	count_event(EV_INSPECTED);
}

/* The first frame from @pfn on; machine.max_pfn past the last. */
static inline unsigned long inspected_frame(unsigned long pfn)
{
	for (; pfn < machine.max_pfn; pfn++) {
		if (pfn % FRAMES_PER_STEP == 0)
			inspected_step();
		if (pfn_valid(pfn))
			break;
	}
	return pfn;
}

/* Iterates over every frame, until @complaint is made. */
#define for_each_inspected_frame(pfn, complaint) \
	for (unsigned long pfn = inspected_frame(0); pfn < machine.max_pfn && !(complaint)->made; \
	     pfn = inspected_frame(pfn + 1))

/*
 * The next frame after @pfn and what is one block with it: a free block, or a folio, whose tails frames_at_rest()
 * checks with their head.
 */
static inline unsigned long inspected_next(unsigned long pfn)
{
	const struct page *page = pfn_to_page(pfn);
	bool block = page_type(page) == PAGE_BUDDY || (page_type(page) > PAGE_USED && !load_relaxed(&page->tail));
	unsigned long next = pfn + (block ? 1ul << load_relaxed(&page->order) : 1);

	if (next / FRAMES_PER_STEP != pfn / FRAMES_PER_STEP)
		inspected_step();
	return inspected_frame(next);
}

/* Iterates over the first frames of blocks, and over frames in none. After frames_at_rest(). */
#define for_each_inspected_block(pfn, complaint) \
	for (unsigned long pfn = inspected_frame(0); pfn < machine.max_pfn && !(complaint)->made; \
	     pfn = inspected_next(pfn))

#endif
