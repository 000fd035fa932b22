/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device_storm.h - threads that map the files of drivers in a few address spaces, with oracles.
 *
 * Raw frames that exist and others, pages of drivers, in shared and private mappings: faults against mappings that
 * come, go, move, fork and change their rights, and against unmapping by file. One driver keeps count of writes: at the
 * end no entry allows a write that it does not know of. Some raw frames are ordinary memory, in use by others, page
 * tables among them.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_DEVICE_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_DEVICE_STORM_H

#include "core/faultline.h"

struct device_storm {
	struct mm_policy policy;
	unsigned int threads;
	unsigned long rounds;			/* operations a thread does */
	unsigned int noise;			/* per mille of sync points that pause; check builds */
	uint64_t seed;
};

/*
 * Runs it on a machine of its own. True when all oracles held; else false and the reason in @why. Broken invariants
 * die.
 */
bool device_storm_run(const struct device_storm *storm, char *why, size_t why_size);

#endif
