/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_rmap.h - storms come to pages from below: by their frames, with no mm in hand. */
#ifndef FAULTLINE_TESTS_LIB_STORM_STORM_RMAP_H
#define FAULTLINE_TESTS_LIB_STORM_STORM_RMAP_H

#include "tests/lib/storm/storm_mms.h"

#define STORM_FRAMES	16	/* a thread remembers */

/* (T) frames that a thread met in page tables: they may have been reused since. */
struct storm_frames {
	unsigned long pfn[STORM_FRAMES];
	unsigned int next;
};

/* Remembers what maps @addr, if anything does. Locking: inside the place of @mm. */
void storm_meet(struct storm_frames *frames, struct mm_struct *mm, unsigned long addr);
/* Walks from one of them to all entries that map it, or asks who used it. Locking: none held. */
void storm_rmap(const struct storm_frames *frames);
/* What one of them holds is lost for all who map it. Locking: none held. */
void storm_poison(const struct storm_frames *frames);

#endif
