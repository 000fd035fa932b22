/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * storm.h - threads that run all operations on a few address spaces at once, with oracles.
 *
 * In flight: every page touched holds nothing, or what its mm or an ancestor wrote to it (storm_mms.h), and is writable
 * only if it is exclusive; pages stay what they are while they are pinned (storm_pins.h). Quiescent: the oracle, and
 * nothing leaked. A storm without its intended events is no pass: events_total() counts them.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_STORM_H

#include "tests/lib/storm/storm_mms.h"

enum storm_op {
	STORM_READ, STORM_WRITE, STORM_TOUCH, STORM_MMAP, STORM_MUNMAP, STORM_MPROTECT, STORM_DONTNEED, STORM_POPULATE,
	STORM_GUARD, STORM_UNGUARD, STORM_WALK, STORM_WALK_NOVMA, STORM_MINCORE, STORM_MREMAP, STORM_FORK, STORM_RMAP,
	STORM_PIN, STORM_COLLAPSE, STORM_PAGEOUT, STORM_MIGRATE, STORM_POISON, STORM_MIRROR, STORM_DEVICE,
	STORM_CLEAR_REFS, STORM_ADVISE, STORM_FILE_MAP, STORM_FILE_CUT, STORM_FILE_WRITE, STORM_FILE_RMAP,
	NR_STORM_OPS
};

struct storm {
	struct mm_policy policy;
	unsigned int threads, mms;
	unsigned int tables;			/* PTE tables the window of each mm spans */
	unsigned int pages;			/* pages used of each table, from its start */
	unsigned long rounds;			/* operations a thread does */
	unsigned int noise;			/* per mille of sync points that pause; check builds */
	uint64_t seed;
	unsigned long slots;			/* of swap: fewer than pages, so that it is full at times */
	unsigned int file_order;		/* of the folios of the file, if there is one */
	unsigned int weight[NR_STORM_OPS];
};

/*
 * Every operation, faults and touches most; but for COLLAPSE, PAGEOUT, MIGRATE, POISON, MIRROR, DEVICE, CLEAR_REFS,
 * ADVISE and FILE_*, whose weights are for storms with huge pages, swap, two nodes, hwpoisoned pages, devices that work
 * on the mms and have their own memory, writes tracked by page, or a shared file.
 */
struct storm storm_default(const struct mm_policy *policy);
/*
 * Runs it on a machine of its own. True when all oracles held; else false and the reason in @why. Broken invariants
 * die.
 */
bool storm_run(const struct storm *storm, char *why, size_t why_size);

#endif
