/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * retry.h - the bound of each retry loop, which only a broken protocol reaches, and its rounds: the one place for both.
 *
 * A loop is marked where it begins, and counted at each further round; past its bound the program dies. Builds with
 * FAULTLINE_PROFILE, check builds among them, keep a histogram of rounds too; leaving the loop's block in any way ends
 * it. Other builds allow RETRY_SCALE times as many rounds: theirs are shorter, and a thread that is preempted while
 * others spin keeps them for as long.
 *
 * Exchanges repeat only because another thread's succeeded, so they need no bound: they are empty in other builds.
 */
#ifndef FAULTLINE_CORE_BASE_RETRY_H
#define FAULTLINE_CORE_BASE_RETRY_H

#include "core/base/cpu.h"

/* Exchanges repeat because another thread's succeeded; the others because their input changed. Bounds are in rounds. */
#define RETRY_LOOPS(X) \
	X(FAULT,	100000,	"a fault, restarted") \
	X(HUGETLB_FAULT, 100000, "a fault in hugetlb memory, restarted") \
	X(WALK,		100000,	"a page walk's entry, re-read") \
	X(FOLIO_WALK,	100000,	"a descent to one folio") \
	X(RMAP_WALK,	100000,	"an rmap walk's next entry") \
	X(MAPPED_ENTRY,	100000,	"a descent to an entry's lock") \
	X(ZAP,		100000,	"a table to zap") \
	X(FORK_TABLE,	100000,	"a table of a child, retracted while fork fills it") \
	X(FILEMAP,	100000,	"a page cache look-up") \
	X(FILEMAP_LOCK,	100000,	"a folio truncated before it was locked") \
	X(ANON_VMA,	1000,	"a folio's anon_vma, changed meanwhile") \
	X(GUP,		100000,	"a page of GUP, faulted in") \
	X(GUARD,	100000,	"guards installed after a zap") \
	X(MADVISE,	100000,	"madvise restarted after it dropped its lock") \
	X(HMM_LOCK,	100000,	"a range locked for a device") \
	X(MIRROR_FILL,	100000,	"a snapshot for a mirror") \
	X(MIRROR_USE,	100000,	"an entry of a mirror, faulted in") \
	X(PAGE_REF,	10000,	"exchange: a page's reference") \
	X(VMA_REF,	10000,	"exchange: a VMA's reader") \
	X(ANON_REF,	10000,	"exchange: an anon_vma's reference") \
	X(RWSEM_TRY,	10000,	"exchange: a rwsem's trylock") \
	X(RWSEM_HEAD,	10000,	"exchange: the head of a rwsem's queue")

enum retry_id {
#define X(id, bound, name) RETRY_##id,
	RETRY_LOOPS(X)
#undef X
	NR_RETRY_LOOPS
};

/* Counts of one loop on all cpus since the detector "retries" was last reset; all 0 without FAULTLINE_PROFILE. */
struct retry_summary {
	const char *name;
	uint64_t loops;
	unsigned int p999, most;	/* rounds beyond the first: p99.9 and maximum */
};
struct retry_summary retry_summary(enum retry_id id);
/* Starts counting the calling cpu's loops, as registering does; or stops it. */
void retry_counting_begin(void);
void retry_counting_end(void);

/* (T) one running loop */
struct retry_loop {
	enum retry_id id;
	unsigned int rounds;	/* beyond the first */
};

/*
 * Counts a round of @loop; dies past its bound. Profiles pass the loop by value: one without retries costs its count
 * only. Other builds pass its address: it is on the stack, and takes no register of the loop's fast path.
 */
#if FAULTLINE_PROFILE
void retry_check(enum retry_id id, unsigned int rounds);

static force_inline void retry_round(struct retry_loop *loop)
{
	retry_check(loop->id, ++loop->rounds);
}
#else
void retry_round(struct retry_loop *loop);
#endif

static force_inline bool retry_count(struct retry_loop *loop)
{
	retry_round(loop);
	return true;
}

/* Counts one more round of the loop marked in this block or an outer one. Dies past the loop's bound. */
#define RETRY()		((void)retry_count(&retry_loop_))
/* The same in a condition: true. */
#define RETRIED()	retry_count(&retry_loop_)

#if FAULTLINE_PROFILE
#define RETRY_SCALE	1u
#define RETRY_EXACT	16u	/* numbers of rounds below have a bucket each; above, each power of two has one */
#define NR_RETRY_BUCKETS (RETRY_EXACT + 14)

/* Lock key: (A) atomic: written by its cpu, read by any */
struct retry_counts {
	uint64_t count[NR_RETRY_LOOPS][NR_RETRY_BUCKETS];	/* (A) */
	uint32_t most[NR_RETRY_LOOPS];				/* (A) rounds */
} __cacheline_aligned;

extern _Thread_local struct retry_counts *this_retries;	/* (T) the calling cpu's; NULL: its loops are not counted */

void retry_went_round(enum retry_id id, unsigned int rounds);

static force_inline void retry_done(const struct retry_loop *loop)
{
	if (unlikely(!this_retries))
		return;
	if (unlikely(loop->rounds))
		retry_went_round(loop->id, loop->rounds);
	else
		count_own(&this_retries->count[loop->id][0], 1);
}

#define RETRY_LOOP(ident) \
	struct retry_loop retry_loop_ __attribute__((cleanup(retry_done))) = { RETRY_##ident, 0 }
#define EXCHANGE_LOOP(ident)	RETRY_LOOP(ident)
#define EXCHANGE_RETRIED()	RETRIED()
#else
#define RETRY_SCALE	10u
#define RETRY_LOOP(ident)	struct retry_loop retry_loop_ = { RETRY_##ident, 0 }
#define EXCHANGE_LOOP(ident)	do { } while (0)
#define EXCHANGE_RETRIED()	true
#endif

#endif
