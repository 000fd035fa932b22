/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_storm.h - threads that fault, zap, protect, walk and fork memory of huge pages from a pool that has few. */
#ifndef FAULTLINE_TESTS_LIB_STORM_HUGETLB_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_HUGETLB_STORM_H

#include "tests/lib/scene/hugetlb_scene.h"

#define HUGETLB_STORM_PAGES	3	/* that the mm maps, of the default size */
#define HUGETLB_STORM_GIANTS	2	/* of the other size */

/* Lock key: (C) const while threads run (A) atomic */
struct hugetlb_storm {
	struct mm_struct *mm;		/* (C) */
	unsigned int rounds;		/* (C) operations a thread does */
	bool giants;			/* (C) huge pages that leaves of PUD tables map */
	bool forks;			/* (C) forks too */
	bool pins;			/* (C) pins too: pinned pages are not reserved again; faults may fail */
	unsigned long refused;		/* (A) faults without a free huge page */
	unsigned long forks_refused;	/* (A) the same of children, which have no reservation */
	unsigned long walked;		/* (A) leaves that page walks visited */
};

/*
 * Runs it in @threads threads, each sync point pausing at @noise per mille: an mm under @policy, all its huge pages
 * reserved, from a pool of as many, and with pins some more. True when the oracle holds, and without pins only faults
 * of children failed, since each other huge page was reserved. Else prints on stderr what went wrong. Locking: a
 * machine, the caller is a cpu, and no other thread is in core.
 */
bool hugetlb_storm(struct hugetlb_storm *storm, const char *policy, unsigned int threads, unsigned int noise);

#endif
