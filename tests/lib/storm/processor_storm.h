/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * processor_storm.h - one thread is a processor that sets bits of entries by itself, outside every lock; the others
 * change the entries. At full speed, or under schedules, which switch between any two accesses of an entry.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_PROCESSOR_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_PROCESSOR_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/faultline.h"

#define AREA	(3 * PGDIR_SIZE)	/* two huge pages of private memory */
#define PAGES	4ul			/* that all use: at the end of a huge page, and at the beginning of the next */
#define FIRST	(AREA + (THP_POSSIBLE ? PMD_SIZE : 0) - PAGES / 2 * PAGE_SIZE)
#define RW	(PROT_READ | PROT_WRITE)

/* A test's part of a storm, and what all its threads use. No lock key: const while threads run. */
struct processor_storm {
	const char *policy;
	unsigned int rounds;		/* of the processor, at full speed */
	void (*begin)(void);		/* @mm is there; no threads yet */
	void (*process)(void);		/* a step of the processor */
	void (*disturb)(void);		/* a step of the others */
	void (*look)(void);		/* the processor's checks, once the others have ended */
	void (*end)(void);		/* @mm has exited; NULL: nothing to do */
	struct mm_struct *mm;		/* set by processor_storm() */
};

/* Plays one storm on a machine of its own. Dies when a check fails, or something leaks. */
void processor_storm(struct processor_storm *storm, uint64_t seed, bool scheduled);

/* A number below @n, of the calling thread's. */
unsigned long below(unsigned long n);
unsigned long addr_of(unsigned long page);

/* Steps of the others, on @pages pages from @addr on. */
void fork_and_exit(struct mm_struct *mm);
void protect(struct mm_struct *mm, unsigned long addr, unsigned long pages);
void collapse_one(struct mm_struct *mm);

#endif
