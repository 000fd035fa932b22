/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_both.h - a call on the running kernel and on ours, in the same window of addresses. */
#ifndef FAULTLINE_TESTS_LIB_MODEL_LIVE_BOTH_H
#define FAULTLINE_TESTS_LIB_MODEL_LIVE_BOTH_H

#include "core/mm/mm_types.h"

/* Low, where nothing else is, with or without a sanitizer; around a boundary of page tables. */
#define LIVE_PAGES	48ul
#define LIVE_BASE	(0x20000000ul - LIVE_PAGES / 2 * PAGE_SIZE)
#define LIVE_END	(LIVE_BASE + LIVE_PAGES * PAGE_SIZE)

struct live_call {
	enum { LIVE_MMAP, LIVE_MUNMAP, LIVE_MPROTECT, LIVE_MADVISE, LIVE_MINCORE, LIVE_MREMAP, LIVE_MLOCK,
	       LIVE_MUNLOCK, LIVE_TOUCH } kind;
	unsigned long addr, len;
	int prot, flags, advice;
	bool write;
	unsigned char byte;
	unsigned long new_len, new_addr;
};

extern const char *const live_call_names[];	/* by kind */

/* Calls, by kind, that failed, and that did not: if there were none of either, little was compared. */
extern unsigned long live_met[LIVE_TOUCH + 1][2];

/* @live is what @ours is; else says on stderr where they differ. */
bool live_agree(const struct live_call *call, long live, long ours);
/* Makes the call on both, and compares results. */
bool live_both(const struct live_call *call, struct mm_struct *mm);

#endif
