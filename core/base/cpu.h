/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpu.h - one registered thread: what the kernel would call a CPU.
 *
 * A thread that enters core registers first; liburcu's callback thread does not and finds this_cpu NULL.
 */
#ifndef FAULTLINE_CORE_BASE_CPU_H
#define FAULTLINE_CORE_BASE_CPU_H

#include <limits.h>

#include "core/base/atomic.h"
#include "core/base/rng.h"

#define NR_CPUS	4096	/* threads registered at one time; static per-cpu arrays are this long, touched only when used */
#define DEFAULT_CPUS	1024u	/* that may be, unless more are asked for: what each mm keeps of every cpu is this long */

/* Things that happen, counted per thread without locked instructions. Names are for people; see cpu_event_name(). */
#define CPU_EVENTS(X) \
	X(FAULT,		"faults") \
	X(FAULT_VMA_LOCK,	"faults under the VMA lock") \
	X(FAULT_MMAP_LOCK,	"faults under mmap_lock") \
	X(FAULT_SPURIOUS,	"faults found already handled") \
	X(FAULT_RETRY,		"faults that left the VMA lock for mmap_lock, to make an anon_vma") \
	X(FAULT_LARGE,		"first writes that mapped a large folio") \
	X(FAULT_SMALLER,	"large folios that were not to be had") \
	X(THP_FAULT,		"first faults that mapped a huge page") \
	X(THP_FAULT_ZERO,	"first reads that mapped the huge page of zeroes") \
	X(THP_FALLBACK,		"huge pages that were not to be had") \
	X(THP_SPLIT_PMD,	"huge pages mapped by PTEs from then on, or unmapped") \
	X(COLLAPSE,		"huge pages' worth of memory mapped by a leaf by MADV_COLLAPSE") \
	X(COLLAPSE_KEPT,	"and not, since somebody else had a page, or there was none") \
	X(PTE_TABLE_RETRACT,	"PTE tables taken from files, a leaf or a fault to come in their place") \
	X(THP_SPLIT_PUD,	"leaves over raw frames taken away, to be mapped again by faults") \
	X(COW_REUSE,		"pages found to be one mm's alone, and written to where they are") \
	X(COW_COPY,		"pages copied, since others see them") \
	X(VMA_LOCK_MISS,	"VMA lock refused or lost") \
	X(VMA_LOCK_RECHECK,	"VMA lock taken, then given back: it was write-locked") \
	X(VMA_REUSED,		"VMA lock taken, then given back: another mm's VMA") \
	X(VMA_WRITE_WAIT,	"VMA writers that waited for readers") \
	X(WALK_AGAIN,		"walker rounds repeated (ACTION_AGAIN)") \
	X(PTE_MAP_RETRY,	"PTE table changed between reading its PMD and locking it") \
	X(PTE_TABLE_RACE,	"page table allocated, but another was there first") \
	X(PTE_TABLE_RECLAIM,	"emptied PTE tables freed") \
	X(TABLE_ALLOC,		"page tables allocated") \
	X(TABLE_FREE,		"page tables freed") \
	X(TLB_FLUSH,		"gather flushes") \
	X(PAGE_ALLOC,		"pages mapped anew by faults") \
	X(PAGE_FREE,		"pages given up by gathers") \
	X(FRAME_REFILL,		"per-thread frame lists refilled or drained") \
	X(FRAME_WRONG_NODE,	"frames taken from another node than asked for") \
	X(ALLOC_RECLAIM,	"allocations that waited for pending frees") \
	X(RMAP_WALK,		"rmap walks") \
	X(ANON_VMA_ALLOC,	"anon_vmas allocated") \
	X(ANON_VMA_NEW,		"VMAs that got an anon_vma of their own at the first page") \
	X(ANON_VMA_SHARE,	"VMAs that got their neighbour's anon_vma") \
	X(ANON_VMA_REUSE,	"forks that reused an anon_vma") \
	X(ANON_VMA_WAIT,	"rmap readers that waited for an anon_vma's lock") \
	X(ANON_VMA_DEAD,	"anon_vmas found by a folio, but dead") \
	X(ANON_VMA_UNMAPPED,	"anon_vmas locked or referenced, then let go: the folio was unmapped") \
	X(ANON_VMA_MOVED,	"anon_vmas locked or referenced, then let go: the folio had moved to another") \
	X(FILE_READ,		"folios of files read in") \
	X(FILE_MAP,		"pages of files mapped by faults") \
	X(FILE_MAP_HUGE,	"huge pages of files mapped as one") \
	X(FILE_COW,		"pages of files copied by a first write") \
	X(FILE_MKWRITE,		"pages of files made writable by faults") \
	X(FILE_GONE,		"faults that found their folio truncated") \
	X(FILE_WRITE,		"folios of files written back") \
	X(FILE_CLEANED,		"entries made clean and read-only for it") \
	X(FILEMAP_RETRY,	"page cache look-ups that another folio came in the way of") \
	X(INSPECTED,		"page tables and blocks of frames inspected at rest") \
	X(BAD_PTE,		"entries reported that can't be") \
	X(FAULT_SWAP,		"faults that swapped in") \
	X(SWAP_IN,		"pages read from swap") \
	X(SWAP_OUT,		"pages written to swap") \
	X(SWAP_CHANGED,		"swap-ins whose slot was another page's by then") \
	X(UNMAP_PINNED,		"entries left mapped by rmap: their page is pinned") \
	X(RECLAIM,		"folios swapped out") \
	X(RECLAIM_KEPT,		"folios that could not be swapped out") \
	X(MIGRATE,		"folios moved to another frame") \
	X(MIGRATE_KEPT,		"folios that could not be moved") \
	X(DEVICE_IN,		"pages moved to the memory of a device") \
	X(DEVICE_BACK,		"pages moved back from there by faults") \
	X(DEVICE_BUSY,		"faults that found such a page in use") \
	X(MIGRATE_WAIT,		"faults that waited for a page on the way to another frame") \
	X(HMM_SNAPSHOT,		"entries read for devices") \
	X(HMM_COMPARED,		"entries of devices compared with the page tables") \
	X(HMM_STALE,		"snapshots that an invalidation hit") \
	X(NOTIFIER_TOLD,	"invalidations that subscribers were told of") \
	X(NOTIFIER_WAIT,	"waits for the end of invalidations") \
	X(FOLIO_SPLIT,		"large folios split") \
	X(FOLIO_SPLIT_KEPT,	"large folios that could not be split") \
	X(POISON,		"folios whose contents were lost") \
	X(FAULT_POISON,		"faults on what was lost") \
	X(HUGETLB_TAKE,		"huge pages taken from the pool") \
	X(HUGETLB_TAKE_BACK,	"huge pages taken from forks by whom they were promised to") \
	X(HUGETLB_EMPTY,	"huge pages that the pool could not give") \
	X(GUARD_RETRY,		"guard installs that zapped and tried again") \
	X(FORK,			"fork") \
	X(FORK_COPIED,		"pages that fork copied at once") \
	X(PMD_MOVE,		"PTE tables moved by their PMD entry") \
	X(MREMAP_BACK,		"moves of mappings taken back for want of memory") \
	X(GUP_FAST,		"pages GUP-fast got") \
	X(GUP_LEAF,		"huge leaves GUP-fast took pages of") \
	X(GUP_SLOW,		"pages GUP got under mmap_lock") \
	X(GUP_CHANGED,		"pages GUP-fast gave back: the entry changed") \
	X(GUP_FORKED,		"pages GUP-fast gave back: a fork came") \
	X(GUP_UNSHARE,		"pages unshared for GUP") \
	X(MMAP, "mmap") X(MREMAP, "mremap") X(MUNMAP, "munmap") X(MPROTECT, "mprotect") X(VMA_SPLIT, "VMA splits") X(VMA_MERGE, "VMA merges")

enum cpu_event {
#define X(id, name) EV_##id,
	CPU_EVENTS(X)
#undef X
	NR_CPU_EVENTS
};

/* What single frames are used for; each use has its own lists, and its own place. */
enum frame_use { FRAME_DATA, FRAME_TABLE, NR_FRAME_USES };

/* Which node a thread's frames come from: its own, the next one, each in turn, or a certain one. */
enum mem_policy { MEM_LOCAL, MEM_REMOTE, MEM_INTERLEAVE, MEM_NODE, NR_MEM_POLICIES };

/* No lock key: the caller's own. */
struct mempolicy {
	enum mem_policy mode;
	unsigned int node;		/* MEM_NODE's, a logical index; else not looked at */
};

#define NODE_IN_TURN	UINT_MAX	/* no node, but one after the other */

/* Lock key: (C) const while registered (T) this thread only (A) atomic: written by this thread, read by any */
struct cpu {
	unsigned int id;			/* (C) slot, 0 … nr_cpu_ids-1, dense from below */
	unsigned int node;			/* (T) logical index of the NUMA node it runs on, or stands for */
	struct mempolicy mempolicy[NR_FRAME_USES];	/* (T) */
	unsigned int frame_node[NR_FRAME_USES];	/* (T) where frames come from, modulo the machine's nodes; or NODE_IN_TURN */
	unsigned int next_node[NR_FRAME_USES];	/* (T) NODE_IN_TURN: where the last one came from */
	struct rng rng;				/* (T) */
	uint64_t events[NR_CPU_EVENTS];		/* (A) */
} __cacheline_aligned;

extern _Thread_local struct cpu *this_cpu;	/* (T) NULL in threads that did not register */
extern unsigned int nr_cpu_ids;			/* (C) while an mm or a registered thread is: bound of slots, DEFAULT_CPUS at first */

/*
 * cpus_allow - up to @nr threads may be registered at one time, or DEFAULT_CPUS if that is more. Returns 0, or -EINVAL
 * for more than NR_CPUS. Locking: there is no mm and no registered thread. Source: kernel/smp.c set_nr_cpu_ids().
 */
int cpus_allow(unsigned int nr);

/*
 * cpu_register - make the calling thread a cpu of node @node (a logical index), seeded with @seed; @mem_policy, but not
 * MEM_NODE, says where its frames come from, of either use. Registers with RCU too. Returns 0, -EBUSY when registered
 * already, -ENOSPC when nr_cpu_ids are.
 */
int cpu_register(unsigned int node, enum mem_policy mem_policy, uint64_t seed);
/* Where the calling cpu's frames of one use come from, from now on. Source: mm/mempolicy.c set_mempolicy(2). */
void cpu_set_mempolicy(enum frame_use use, struct mempolicy policy);
/*
 * The calling cpu is one of @node from now on: objects come from there, and frames as its policies say of that node. It stays
 * where it is pinned: who prepares memory for another thread stands for it meanwhile.
 */
void cpu_stand_for(unsigned int node);
/* The node that a thread on @node takes frames from, modulo the machine's nodes; or NODE_IN_TURN. */
unsigned int mempolicy_node(struct mempolicy policy, unsigned int node);
/* What it counted is kept in the totals. Callers drain per-thread caches first (frame_drain_cpu()). */
void cpu_unregister(void);
/* Slots ever used are below this bound: the length to walk of a per-cpu array. */
unsigned int nr_cpus_used(void);

/* How often @event happened in all threads, past and present, since events_reset(). */
uint64_t events_total(enum cpu_event event);
void events_reset(void);
const char *cpu_event_name(enum cpu_event event);

static force_inline void count_events(enum cpu_event event, uint64_t n)
{
	if (likely(this_cpu))
		count_own(&this_cpu->events[event], n);
}

#define count_event(event)	count_events((event), 1)

#endif
