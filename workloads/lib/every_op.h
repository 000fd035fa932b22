/* SPDX-License-Identifier: GPL-2.0-or-later */
/* every_op.h - one worker of the workload every_op, and what it may do. */
#ifndef FAULTLINE_WORKLOADS_LIB_EVERY_OP_H
#define FAULTLINE_WORKLOADS_LIB_EVERY_OP_H

#include "workloads/lib/meets.h"
#include "workloads/lib/space.h"

#define EVERY_TABLES	3ul	/* PTE tables that a window spans */
#define EVERY_NEAR	8ul	/* pages at the start of each that most operations choose from */
#define EVERY_FILES	3u	/* of folios of each size: small, large, huge */
#define EVERY_DEVICES	3u	/* raw frames mapped at once, and in faults; pages of a driver, and raw frames */
#define EVERY_PINS	4u	/* that a worker keeps at a time */
#define EVERY_RAW_ORDER	4u	/* of the frames that raw mappings map */

#define EVERY_WINDOW	(EVERY_TABLES * PMD_SIZE)

/* What all workers share besides the mm. Lock key: (C) const while workers run, but for what each locks itself */
struct every_scene {
	struct file *files[EVERY_FILES];	/* (C) */
	struct file *hugetlb;			/* (C) of huge pages of the pool; NULL: none */
	struct page *raw;			/* (C) the first of 1 << EVERY_RAW_ORDER frames */
	struct page *driver;			/* (C) the first of as many pages of drivers */
	struct file *devices[EVERY_DEVICES];	/* (C) of drivers of each kind */
	struct device_frames frames[EVERY_DEVICES];	/* (C) what they have */
	struct hmm_mirror mirror;		/* (C) of the window of the mm that all share */
	struct meets *meets;			/* (C) in that mm */
};

/* No lock key: the worker's own. */
struct every {
	struct worker *worker;
	struct every_scene *scene;
	struct mm_struct *mm;			/* shared by all workers, or this worker's child */
	struct hmm_mirror *mirror;		/* of mm; NULL: none */
	unsigned int nr_pins;
	struct page *pins[EVERY_PINS];
	int argument;				/* of the deed that it is at */
};

/* A range of the window: some pages near the start of one table, or whole tables. */
struct every_part {
	unsigned long start, len;
};

struct every_deed {
	const char *name;
	void (*fn)(struct every *every, struct every_part part);
	unsigned int weight;
	int argument;
};

/* Sets of deeds, each up to one without a name. */
extern const struct every_deed every_range_deeds[], every_page_deeds[];

static inline unsigned long every_below(struct every *every, unsigned long n)
{
	return rng_below(&every->worker->rng, n);
}

struct every_part every_part(struct every *every);
/* Drops one pin, or all of them. */
void every_unpin_one(struct every *every, struct every_part part);
void every_unpin_all(struct every *every);

#endif
