/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * retract_storm.h - threads in two address spaces that map one huge page of a file, by PTEs and by leaves, while its
 * tables are taken away.
 *
 * In flight: a guard that a thread has put into the table is there until it takes it out again, whatever the others do.
 * At rest: the oracle, and nothing leaked.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_RETRACT_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_RETRACT_STORM_H

#include "core/faultline.h"

struct retract_storm {
	struct mm_policy policy;
	unsigned int threads;
	unsigned long rounds;		/* operations a thread does */
	unsigned int noise;		/* per mille of sync points that pause; check builds */
	uint64_t seed;
};

/*
 * Runs it on a machine of its own. True when all oracles held; else false and the reason in @why. Broken invariants
 * die.
 */
bool retract_storm_run(const struct retract_storm *storm, char *why, size_t why_size);

#endif
