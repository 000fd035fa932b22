/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork_storm.h - threads that fork one address space, while others write to it and change it, with oracles.
 *
 * Each writer counts, in words of its own on pages of several tables and VMAs, always from the first word to the last.
 * In flight:
 *
 *   a child is its parent at one moment   no word is ahead of one before it, none is more than 1 behind
 *   and stays so                          checked again just before its end
 *   no other thread writes to a parent        each word is what its writer wrote last
 *   a writable page is exclusive           checked with each write
 *
 * At rest: the oracle, and nothing leaked. Broken invariants die.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_FORK_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_FORK_STORM_H

#include "core/faultline.h"

struct fork_storm {
	struct mm_policy policy;
	unsigned int writers, forkers, changers, walkers;	/* threads; walkers go from pages to all who map them */
	unsigned long forks;				/* by each forker; the others go on until they are done */
	unsigned int noise;				/* per mille of sync points that pause; check builds */
	uint64_t seed;
};

/* What it met. */
struct fork_storm_met {
	uint64_t forks, grandchildren;
	uint64_t amid;			/* children forked in the middle of a writer's round */
	uint64_t walks, shared;		/* reverse-map walks, and those that found several VMAs */
};

/* Two writers and two forkers, one of the others; all sync points noisy. */
struct fork_storm fork_storm_default(const struct mm_policy *policy);
/* Runs it on a machine of its own. True when all oracles held; else false and the reason in @why. */
bool fork_storm_run(const struct fork_storm *storm, struct fork_storm_met *met, char *why, size_t why_size);

#endif
