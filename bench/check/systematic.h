/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systematic.h - a search through all executions of a race that have at most so many preemptions (decision.h), but for
 * those that only differ in the order of accesses that commute.
 *
 * Depth first. Of each execution the latest accesses are taken first: at a position where the thread T goes on to
 * access x, a preemption by U is tried only if an execution has shown that it matters: T ran on beyond x, U ran next,
 * and before T ran again, an access e of a thread conflicted with x, x was the last one of T's run to do so, and
 * nothing else of the run happened before e. At a wait, an end or a yield all choices are tried.
 *
 * Why nothing is lost. Take an execution with at most B preemptions. If a preempted T goes on with x, and no access of
 * the others in between conflicts with x, then x can be moved before the preemption: the same states follow, and the
 * number of preemptions does not grow, since the threads between take the same switches. (A thread that would have
 * waited for x would have read its word, which is a conflict.) Repeat this; it ends, as accesses only move forward. In
 * what remains, each preempted thread's next access x conflicts with one of those in between; let e be the first, and
 * S the accesses before e. From the next position of T where U is tried, or from the end of T's run, S and e are
 * possible too, with no more preemptions: S does not conflict with x, nor with what T does from x on up to there,
 * or that had been found to matter. That execution was tried, and it shows that x matters: nothing in S depends on what
 * T did from x on, and so x is the last that conflicts with e. Hence the preemption at x is tried.
 *
 * Bounds from 0 on are searched in turn, so that the first failure has the fewest preemptions.
 */
#ifndef FAULTLINE_BENCH_CHECK_SYSTEMATIC_H
#define FAULTLINE_BENCH_CHECK_SYSTEMATIC_H

#include "core/faultline.h"

#define SYSTEMATIC_WORKERS	7u	/* at most */

/* Searches that are wrong, to show that a test detects it. */
enum systematic_mistake {
	SYSTEMATIC_SOUND,
	SYSTEMATIC_FIRST_ONLY,		/* conflicts that show in later executions than the first add nothing */
	SYSTEMATIC_FREE_COSTS,		/* a choice at a wait or an end counts as a preemption */
};

struct systematic {
	unsigned int bound;	/* preemptions */
	bool every;		/* tries each access and omits nothing; to compare with */
	enum systematic_mistake mistake;
	/* Plays one execution as @plan says. Returns 0 to go on; anything else ends the search. */
	int (*play)(void *arg, const struct decision_plan *plan);
	void *arg;
	/* ---- results ---- */
	uint64_t executions, redundant;	/* of all bounds; of those, the ones that ended early */
	uint64_t class_;	/* of the latest execution, but for the order of accesses that commute */
	uint64_t decisions;	/* positions of the latest execution */
	unsigned int searched;	/* bounds that were searched completely: the first @searched */
	uint64_t of_bound;	/* executions of the last of them */
};

/* Returns 0 if all was searched, or what @play returned. @log is room for what executions log. */
int systematic_run(struct systematic *search, struct decision_log *log);

#endif
