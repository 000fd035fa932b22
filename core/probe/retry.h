/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * retry.h - rounds of each retry loop, and a bound that only a broken protocol reaches; in builds with
 * FAULTLINE_PROFILE, check builds among them. Empty in other builds.
 *
 * A loop is marked where it begins, and counted at each further round; leaving its block in any way ends it.
 */
#ifndef FAULTLINE_CORE_PROBE_RETRY_H
#define FAULTLINE_CORE_PROBE_RETRY_H

#include "core/base/cpu.h"

/* Exchanges repeat only because another thread's succeeded; the others because their input changed. */
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

#if FAULTLINE_PROFILE
#define RETRY_EXACT	16u	/* numbers of rounds below have a bucket each; above, each power of two has one */
#define NR_RETRY_BUCKETS (RETRY_EXACT + 14)

/* (T) one running loop */
struct retry_loop {
	enum retry_id id;
	unsigned int rounds;	/* beyond the first */
};

/* Lock key: (A) atomic: written by its cpu, read by any */
struct retry_counts {
	uint64_t count[NR_RETRY_LOOPS][NR_RETRY_BUCKETS];	/* (A) */
	uint32_t most[NR_RETRY_LOOPS];				/* (A) rounds */
} __cacheline_aligned;

extern _Thread_local struct retry_counts *this_retries;	/* (T) the calling cpu's; NULL: its loops are not counted */

/* Dies when loop @id exceeds its bound after @rounds rounds. */
void retry_check(enum retry_id id, unsigned int rounds);
void retry_went_round(enum retry_id id, unsigned int rounds);

/* Out-of-line calls do not take the loop's address: a loop without retries costs its count only. */
static force_inline bool retry_count(struct retry_loop *loop)
{
	retry_check(loop->id, ++loop->rounds);
	return true;
}

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
/* Counts one more round of the loop marked in this block or an outer one. Dies past the loop's bound. */
#define RETRY()		((void)retry_count(&retry_loop_))
/* The same in a condition: true. */
#define RETRIED()	retry_count(&retry_loop_)
#else
#define RETRY_LOOP(ident)	do { } while (0)
#define RETRY()		do { } while (0)
#define RETRIED()	true
#endif

#endif
