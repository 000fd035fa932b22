/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * retry.h - how often each loop that tries again did so, by loop, and a bound that none reaches but by a broken protocol; in
 * builds with FAULTLINE_PROFILE, which those with checks are. Nothing in other builds.
 *
 * A loop is marked where it begins, and counts where it goes round; leaving its block, on whatever way, ends it.
 */
#ifndef FAULTLINE_CORE_BASE_RETRY_H
#define FAULTLINE_CORE_BASE_RETRY_H

#include "core/base/cpu.h"

/* Exchanges go round only because another thread's went through; the others because what they read was changed meanwhile. */
#define RETRY_LOOPS(X) \
	X(FAULT,	100000,	"a fault, decided anew") \
	X(HUGETLB_FAULT, 100000, "a fault in hugetlb memory, decided anew") \
	X(WALK,		100000,	"a page walk's entry, read again") \
	X(FOLIO_WALK,	100000,	"the way to one folio, from above") \
	X(RMAP_WALK,	100000,	"the way to the next entry that maps a folio") \
	X(MAPPED_ENTRY,	100000,	"an entry's lock, from above") \
	X(ZAP,		100000,	"a table to zap, found again") \
	X(FORK_TABLE,	100000,	"a table of a child, retracted while fork fills it") \
	X(FILEMAP,	100000,	"a look into the page cache") \
	X(FILEMAP_LOCK,	100000,	"a folio locked, but out of its file") \
	X(ANON_VMA,	1000,	"a folio's anon_vma, which it left") \
	X(GUP,		100000,	"a page of GUP, faulted in again") \
	X(GUARD,	100000,	"guards put where pages were, zapped, and put again") \
	X(MADVISE,	100000,	"madvise begun anew, its lock let go between") \
	X(HMM_LOCK,	100000,	"a range locked for a device") \
	X(MIRROR_FILL,	100000,	"a snapshot for a mirror") \
	X(MIRROR_USE,	100000,	"an entry of a mirror, faulted in again") \
	X(PAGE_REF,	10000,	"exchange: a page's reference") \
	X(VMA_REF,	10000,	"exchange: a VMA's reader") \
	X(ANON_REF,	10000,	"exchange: an anon_vma's reference") \
	X(RWSEM_TRY,	10000,	"exchange: a rwsem tried") \
	X(RWSEM_HEAD,	10000,	"exchange: the head of a rwsem's queue")

enum retry_id {
#define X(id, bound, name) RETRY_##id,
	RETRY_LOOPS(X)
#undef X
	NR_RETRY_LOOPS
};

/* What all cpus counted since the detector "retries" was last reset, of one loop; all 0 without FAULTLINE_PROFILE. */
struct retry_summary {
	const char *name;
	uint64_t loops;
	unsigned int p999, most;	/* rounds beyond the first: 99.9 % of all loops did with so many, and the most of any */
};
struct retry_summary retry_summary(enum retry_id id);
/* The calling cpu's loops are counted from here on, as they are once it registers; or no more, as once it does not. */
void retry_counting_begin(void);
void retry_counting_end(void);

#if FAULTLINE_PROFILE
#define RETRY_EXACT	16u	/* rounds below have a bucket each; from there on one for each power of two */
#define NR_RETRY_BUCKETS (RETRY_EXACT + 14)

/* (T) one loop under way */
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

/* Dies when loop @id, which has gone round @rounds times, does not end. */
void retry_check(enum retry_id id, unsigned int rounds);
void retry_went_round(enum retry_id id, unsigned int rounds);

/* What is out of line gets no address of the loop: where none goes round, nothing is left of it but the count. */
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
/* One more round of the loop marked in this block, or in one around it. Dies past the loop's bound. */
#define RETRY()		((void)retry_count(&retry_loop_))
/* The same in a condition: true. */
#define RETRIED()	retry_count(&retry_loop_)
#else
#define RETRY_LOOP(ident)	do { } while (0)
#define RETRY()		do { } while (0)
#define RETRIED()	true
#endif

#endif
