/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin_storm.h - pages pinned, while others fork, share, zap, protect and write to them, with oracles.
 *
 * In flight: each pin is checked, no child reads what is written through one after the fork (oracle/pins.h), and no
 * thread writes to a page while it is shared with another mm. Quiescent: the oracle, and nothing leaked.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_PIN_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_PIN_STORM_H

#include "core/faultline.h"

enum pin_role {
	PIN_PINNER,		/* pins a page, for writing or to read it for long */
	PIN_FORKER,		/* forks; the child looks at all pages, writes to some, and exits */
	/* makes an exclusive page shared (folio_try_share_anon_rmap_pte()), and relies on what it holds */
	PIN_SHARER,
	PIN_ZAPPER,		/* empties an address of the second half */
	PIN_PROTECTOR,		/* takes away and gives back the right to write */
	PIN_WRITER,		/* takes faults */
	/* puts the pages into a huge page (MADV_COLLAPSE); zappers and protectors split it again */
	PIN_COLLAPSER,
	NR_PIN_ROLES
};

struct pin_storm {
	struct mm_policy policy;
	unsigned int threads[NR_PIN_ROLES];	/* of each role; at most PIN_SLOTS pinners */
	unsigned int pages;
	unsigned long rounds;			/* operations a thread does */
	unsigned int noise;			/* per mille of sync points that pause; check builds */
	uint64_t seed;
};

/* Some threads of every role but the last: with that, all pages lie in one huge page's worth of memory. */
struct pin_storm pin_storm_default(const struct mm_policy *policy);
/*
 * Runs it on a machine of its own. True when all oracles held; else false and the reason in @why. Broken invariants
 * die.
 */
bool pin_storm_run(const struct pin_storm *storm, char *why, size_t why_size);

#endif
