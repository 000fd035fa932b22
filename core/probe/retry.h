/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * retry.h - the bound of each retry loop, which only a broken protocol reaches, and its rounds.
 *
 * A loop is marked where it begins, with its bound and a text for people, and counted at each further round. Past the
 * bound the program dies. Builds with FAULTLINE_PROFILE, check builds among them, keep a histogram of rounds too;
 * leaving the loop's block in any way ends it. Other builds, and the detector "retries" switched off, allow
 * RETRY_PATIENCE times as many rounds.
 *
 * Exchanges repeat only because another thread's succeeded; other loops because their input changed.
 */
#ifndef FAULTLINE_CORE_PROBE_RETRY_H
#define FAULTLINE_CORE_PROBE_RETRY_H

#include "core/base/cpu.h"

#define RETRY_PATIENCE	10u

/* Counts of one loop on all cpus since the detector "retries" was last reset; all 0 without FAULTLINE_PROFILE. */
struct retry_summary {
	const char *name;	/* NULL past the last loop */
	uint64_t loops;
	unsigned int p999, most;	/* rounds beyond the first: p99.9 and maximum */
};
/* The order is the linker's. */
struct retry_summary retry_summary(unsigned int index);
/* Starts counting the calling cpu's loops, as registering does; or stops it. */
void retry_counting_begin(void);
void retry_counting_end(void);

/* Dies: a loop went round more than @bound times. */
void retry_die(const char *text, unsigned int bound) __attribute__((noreturn, cold));

#if FAULTLINE_PROFILE
#define RETRY_EXACT	16u	/* numbers of rounds below have a bucket each; above, each power of two has one */
#define NR_RETRY_BUCKETS (RETRY_EXACT + 14)

/* Lock key: (A) atomic: written by its cpu, read by any */
struct retry_counts {
	uint64_t count[NR_RETRY_BUCKETS];	/* (A) */
	uint32_t most;				/* (A) rounds */
} __cacheline_aligned;

/* Lock key: (C) const */
struct retry_kind {
	const char *name;		/* (C) */
	unsigned int bound;		/* (C) rounds beyond the first */
	struct retry_counts *counts;	/* (C) of each cpu */
};

/* (T) one running loop */
struct retry_loop {
	const struct retry_kind *kind;
	unsigned int rounds;	/* beyond the first */
};

extern _Thread_local int retry_slot;	/* (T) the calling cpu's index in counts; -1: its loops are not counted */

/* Dies when a loop of @kind exceeds its bound after @rounds rounds. */
void retry_check(const struct retry_kind *kind, unsigned int rounds);
void retry_went_round(const struct retry_kind *kind, unsigned int rounds);

/* Out-of-line calls do not take the loop's address: a loop without retries costs its count only. */
static force_inline bool retry_count(struct retry_loop *loop)
{
	retry_check(loop->kind, ++loop->rounds);
	return true;
}

/* The loop is over: RETRY_LOOP() calls it at the end of the block. */
static force_inline void retry_done(const struct retry_loop *loop)
{
	if (unlikely(retry_slot < 0))
		return;
	if (unlikely(loop->rounds))
		retry_went_round(loop->kind, loop->rounds);
	else
		count_own(&loop->kind->counts[retry_slot].count[0], 1);
}

#define RETRY_KIND(storage, object, most_rounds, text) \
	static struct retry_counts object##_counts[NR_CPUS]; \
	storage const struct retry_kind object = { (text), (most_rounds), object##_counts }; \
	static const struct retry_kind *const object##_entry __attribute__((section("faultline_retries"), used)) = \
		&(object)
#define RETRY_BEGIN(object) \
	struct retry_loop retry_loop_ __attribute__((cleanup(retry_done))) = { &(object), 0 }

/* A loop of one place in one source file. */
#define RETRY_LOOP(most_rounds, text) \
	RETRY_KIND(static, retry_kind_, most_rounds, text); \
	RETRY_BEGIN(retry_kind_)
#define RETRY_LOOP_IN(counter, most_rounds, text)	RETRY_LOOP(most_rounds, text); (void)sizeof(counter)
#define RETRY_LOOP_PROFILED(most_rounds, text)		RETRY_LOOP(most_rounds, text)
#define DECLARE_RETRY_LOOP(ident)	extern const struct retry_kind RETRY_##ident
#define DEFINE_RETRY_LOOP(ident, most_rounds, text)	RETRY_KIND(, RETRY_##ident, most_rounds, text)
#define RETRY_LOOP_OF(ident)		RETRY_BEGIN(RETRY_##ident)
/* Counts one more round of the loop marked in this block or an outer one. Dies past the loop's bound. */
#define RETRY()		((void)retry_count(&retry_loop_))
/* The same in a condition: true. */
#define RETRIED()	retry_count(&retry_loop_)
#else
#define RETRY_BEGIN(counter, most_rounds, text) \
	unsigned int *const retry_rounds_ = (counter); \
	const unsigned int retry_bound_ = RETRY_PATIENCE * (most_rounds); \
	const char *const retry_text_ = (text)
#define RETRY_LOOP(most_rounds, text) \
	unsigned int retry_counter_ = 0; \
	RETRY_BEGIN(&retry_counter_, most_rounds, text)
/* One that keeps its count in @counter, which is 0: a variable that would live across a call costs a register. */
#define RETRY_LOOP_IN(counter, most_rounds, text)	RETRY_BEGIN(&(counter), most_rounds, text)
/* One that is hot, or bounded by itself: no count, and no bound, without FAULTLINE_PROFILE. */
#define RETRY_LOOP_PROFILED(most_rounds, text)		RETRY_BEGIN(NULL, most_rounds, text)
/* One in an inline function, as RETRY_LOOP_PROFILED(): declared before it, defined in a source file. */
#define DECLARE_RETRY_LOOP(ident)	struct retry_kind
#define DEFINE_RETRY_LOOP(ident, most_rounds, text)	struct retry_kind
#define RETRY_LOOP_OF(ident)		RETRY_BEGIN(NULL, 0, NULL)
#define RETRY()		((void)RETRIED())
#define RETRIED() ({ \
	if (retry_rounds_ && unlikely(++*retry_rounds_ > retry_bound_)) \
		retry_die(retry_text_, retry_bound_); \
	true; \
})
#endif

#endif
