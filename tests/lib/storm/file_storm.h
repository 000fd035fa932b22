/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_storm.h - threads that do everything to one file and a few address spaces that map it, with oracles.
 *
 * shapes   faults against truncation, reclaim, migration, pins, writeback, and mappings that come, go, move, fork and
 *          change their permissions
 * data     each thread writes to pages of its own, by entries and pins, while one writes back, reclaims and migrates:
 *          what was written is on the device at the end, or will be by the next writeback
 * cuts     one thread truncates the file and extends it again, and checks in between: nothing maps what is beyond the
 *          end, nor a copy of it, though the others fault there, reclaim and migrate
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_FILE_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_FILE_STORM_H

#include "core/faultline.h"

enum file_storm_kind { FILE_STORM_SHAPES, FILE_STORM_DATA, FILE_STORM_CUTS };

struct file_storm {
	struct mm_policy policy;
	unsigned int threads, order;		/* of the file's folios */
	unsigned long rounds;			/* operations a thread does */
	unsigned int noise;			/* per mille of sync points that pause; check builds */
	uint64_t seed;
	enum file_storm_kind kind;
};

/*
 * Runs it on a machine of its own. True when all oracles held; else false and the reason in @why. Broken invariants
 * die.
 */
bool file_storm_run(const struct file_storm *storm, char *why, size_t why_size);

#endif
