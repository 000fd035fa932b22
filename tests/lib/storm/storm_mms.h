/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * storm_mms.h - the address spaces of a storm, which come and go, and what each may find in its pages.
 *
 * A place holds one mm. Threads enter a place to use its mm; a thread that puts another mm there needs it alone, and
 * never waits for that. An mm knows its ancestors, and when each forked:
 *
 *   a written page names its writer, and the writer's epoch; forking ends an epoch
 *   an mm reads its own writes, or an ancestor's of the epoch in which it was forked or an earlier one
 *
 * So a child never reads what its parent writes after the fork, and only its own children read what a child writes.
 * The epoch ends after the fork: a write of the new epoch happens after the fork.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_STORM_MMS_H
#define FAULTLINE_TESTS_LIB_STORM_STORM_MMS_H

#include "core/faultline.h"

#define STORM_MAX_MMS	6
#define STORM_DEPTH	5	/* forks between the first mm of a family and the last */

struct storm_ancestor {
	uint32_t id, epoch;
};

/* Lock key: (C) const while its mm lives (A) atomic */
struct storm_mm {
	struct mm_struct *mm;		/* (C) */
	struct hmm_mirror *mirror;	/* (C) NULL: it has none */
	uint32_t users;			/* (A) threads inside, or one that has it to itself */
	uint32_t id;			/* (C) no other mm of the storm ever has it */
	uint32_t epoch;			/* (A) */
	unsigned int depth;		/* (C) ancestors */
	struct storm_ancestor ancestor[STORM_DEPTH];	/* (C) */
};

struct storm_mms {
	struct mm_policy policy;
	unsigned int nr;
	unsigned long mirror_start, mirror_end;	/* what mirrors are of; both 0: there are none */
	uint32_t next_id;		/* (A) */
	struct storm_mm place[STORM_MAX_MMS];
};

/* @nr places, an empty mm in each; dies when memory runs out. */
void storm_mms_start(struct storm_mms *mms, const struct mm_policy *policy, unsigned int nr);
/* Each mm, now and later, has a mirror of [@start, @end). Locking: no thread is inside a place. */
void storm_mms_mirror(struct storm_mms *mms, unsigned long start, unsigned long end);
/* Exits all mms. */
void storm_mms_stop(struct storm_mms *mms);

/* A random place, entered; NULL when none could be. */
struct storm_mm *storm_mm_enter(struct storm_mms *mms);
void storm_mm_leave(struct storm_mm *place);
/*
 * storm_mm_fork - another place's mm exits, and a child of @parent takes its place; or an empty mm, when @parent is too
 * deep in its family already. Nothing happens if that place is in use. Locking: inside @parent.
 */
void storm_mm_fork(struct storm_mms *mms, struct storm_mm *parent);

/*
 * What the word of the page with index @index says, when it is read by @place's mm, must be 0, or as above; dies if it
 * is not. storm_word() is what a write puts there. Locking: the PTL, and what keeps forks of the mm out.
 */
void storm_word_check(const struct storm_mm *place, unsigned long index, uint64_t word);
uint64_t storm_word(const struct storm_mm *place, unsigned long index);

/* The same of a word of any writer: checks only that it was written to this page. */
void storm_word_check_index(unsigned long index, uint64_t word);

#endif
