/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_storm.h - threads that fault, zap, protect, walk and fork memory of huge pages from a pool that has few. */
#ifndef FAULTLINE_TESTS_LIB_HUGETLB_STORM_H
#define FAULTLINE_TESTS_LIB_HUGETLB_STORM_H

#include "tests/lib/hugetlb_scene.h"

#define HUGETLB_STORM_PAGES	3	/* that the mm maps */

/* Lock key: (C) const while threads run (A) atomic */
struct hugetlb_storm {
	struct mm_struct *mm;		/* (C) */
	unsigned int rounds;		/* (C) operations a thread does */
	bool forks;			/* (C) forks too */
	bool pins;			/* (C) pins too: pinned ones are not reserved again, so faults may fail */
	unsigned long refused;		/* (A) faults that found no huge page */
	unsigned long forks_refused;	/* (A) the same of children, without reservations */
	unsigned long walked;		/* (A) leaves that page walks saw */
};

/*
 * Runs it in @threads threads, each sync point pausing at @noise per mille: an mm under @policy with all its huge pages
 * reserved, of a pool that has as many, and with pins some more. True if the oracle holds, and without pins no fault
 * failed except those of children: each huge page was reserved. Else prints the failure on stderr. Locking: a machine,
 * the caller is a cpu, and no other thread is in core.
 */
bool hugetlb_storm(struct hugetlb_storm *storm, const char *policy, unsigned int threads, unsigned int noise);

#endif
