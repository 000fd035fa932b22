/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - what a few private anonymous pages do when one thing happens at a time: the sequential model.
 *
 * An operation over several pages is one step for each of them, at any moment between its call and its return: Linux
 * promises no more, since an access takes no lock, and meets the pages of a range one by one. fork and mremap are one
 * step for all their pages: both exclude faults, and take permissions before they read, except those of pinned pages.
 *
 * An access through a pin is one step too, as long as its page stays at its address, with its permissions, until it is
 * unpinned: histories with pins have no operation that changes these.
 *
 * Where Linux does more than one step for a page, a nondeterminism of the table says so. A step then leads from phase
 * to phase, until PHASE_DONE.
 */
#ifndef FAULTLINE_BENCH_LINEARIZE_MODEL_H
#define FAULTLINE_BENCH_LINEARIZE_MODEL_H

#include "bench/linearize/history.h"
#include "core/faultline.h"

enum nondeterminism {
	MUNMAP_WINDOW, STALE_TLB, GUARD_ZAPS_FIRST, GUARD_MARKS_AGAIN, GUARD_RESTARTS, MREMAP_ALIAS,
	FAULT_BEFORE_ACCESS, FORK_OF_PINS, NR_NONDETERMINISMS
};

#define ALLOW(which)	(1u << (which))
#define ALLOW_ALL	(ALLOW(NR_NONDETERMINISMS) - 1)

struct nondeterminism_info {
	const char *name;
	const char *what;	/* an observer's view */
	const char *reason;	/* with the kernel's functions */
};

extern const struct nondeterminism_info nondeterminisms[NR_NONDETERMINISMS];

/* The index of that name, or -1. */
int nondeterminism_find(const char *name);

/*
 * The state of a page, of which 0 is: not mapped. A stale byte is what a translation leads to that was not flushed yet;
 * WINDOWS counts the calls whose flush is due.
 */
#define STATE_MAPPED	0x1u
#define STATE_PROT(prot)	((uint32_t)(prot) << 1)
#define STATE_GUARD	0x8u
#define STATE_RESIDENT	0x10u	/* mincore says 1 */
#define STATE_DETACHED	0x20u	/* its VMA is gone, and its entry may still be there */
#define STATE_ALIAS	0x40u	/* it was moved to the page of STATE_TARGET, and its translation still leads there */
#define STATE_WINDOW	0x80u	/* times 0 to 3 */
#define STATE_WINDOWS	0x180u
#define STATE_BYTE(byte)	((uint32_t)(byte) << 9)
#define STATE_STALE(byte)	((uint32_t)(byte) << 17)
#define STATE_TARGET(page)	((uint32_t)(page) << 25)

/* All pages. */
struct model_state {
	uint32_t page[HISTORY_PAGES];
};

enum phase { PHASE_CALLED, PHASE_ONE, PHASE_TWO, PHASE_DONE };

/* One part of an operation: that of @page; or all of it, if it is one step for several pages. */
struct model_part {
	const struct history_op *op;
	uint8_t page;
	bool maybe;	/* its result is unknown, and it may have happened at any time, or not at all */
};

struct model_next {
	struct model_state state;
	enum phase phase;
};

#define MODEL_NEXTS	5u

/* True if an operation of @kind is one step for all its pages, with the nondeterminisms @allowed. */
bool model_is_joint(enum history_kind kind, uint32_t allowed);
/* Where one step of @part leads from @state, with its result: returns the number of @next, at most MODEL_NEXTS. */
unsigned int model_step(const struct model_part *part, enum phase phase, const struct model_state *state,
			uint32_t allowed, struct model_next *next);

#endif
