/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpu.h - one registered thread: the kernel's CPU.
 *
 * A thread registers before it enters core. liburcu's callback thread does not, and its this_cpu is NULL.
 */
#ifndef FAULTLINE_CORE_BASE_CPU_H
#define FAULTLINE_CORE_BASE_CPU_H

#include <limits.h>

#include "core/base/atomic.h"
#include "core/base/rng.h"

#define NR_CPUS	4096	/* threads registered at one time, and the length of static per-cpu arrays */
#define DEFAULT_CPUS	1024u	/* default bound of registered threads: the length of each mm's per-cpu arrays */

/* Events, counted per thread without locked instructions. Names are for people; see cpu_event_name(). */
#define CPU_EVENTS(X) \
	X(FAULT,		"faults") \
	X(FAULT_VMA_LOCK,	"faults under the VMA lock") \
	X(FAULT_MMAP_LOCK,	"faults under mmap_lock") \
	X(FAULT_SPURIOUS,	"faults found already handled") \
	X(FAULT_RETRY,		"faults that left the VMA lock for mmap_lock, to make an anon_vma") \
	X(FAULT_LARGE,		"first writes that mapped a large folio") \
	X(FAULT_SMALLER,	"large folios that could not be allocated") \
	X(THP_FAULT,		"first faults that mapped a huge page") \
	X(THP_FAULT_ZERO,	"first reads that mapped the huge zero page") \
	X(THP_FALLBACK,		"huge pages that could not be allocated") \
	X(THP_SPLIT_PMD,	"PMD leaves split into PTEs, or unmapped") \
	X(COLLAPSE,		"ranges collapsed to a huge page by MADV_COLLAPSE") \
	X(COLLAPSE_KEPT,	"ranges not collapsed: extra references, or no huge page") \
	X(PTE_TABLE_RETRACT,	"PTE tables of files retracted") \
	X(THP_SPLIT_PUD,	"PUD leaves over raw frames unmapped by a split") \
	X(COW_REUSE,		"pages found exclusive, and reused by a write fault") \
	X(COW_COPY,		"pages copied, since they are shared") \
	X(VMA_LOCK_MISS,	"VMA lock try failed") \
	X(VMA_LOCK_RECHECK,	"VMA lock dropped after the re-check: write-locked") \
	X(VMA_REUSED,		"VMA lock dropped after the re-check: another mm's VMA") \
	X(VMA_WRITE_WAIT,	"VMA writers that waited for readers") \
	X(WALK_AGAIN,		"walker rounds repeated (ACTION_AGAIN)") \
	X(PTE_MAP_RETRY,	"PTE table changed between reading its PMD and locking it") \
	X(PTE_TABLE_RACE,	"page tables allocated, but another thread linked one first") \
	X(PTE_TABLE_RECLAIM,	"emptied PTE tables freed") \
	X(TABLE_ALLOC,		"page tables allocated") \
	X(TABLE_FREE,		"page tables freed") \
	X(TLB_FLUSH,		"gather flushes") \
	X(PAGE_ALLOC,		"pages mapped anew by faults") \
	X(PAGE_FREE,		"pages freed by gathers") \
	X(FRAME_REFILL,		"per-thread frame lists refilled or drained") \
	X(FRAME_WRONG_NODE,	"frames from another node than requested") \
	X(ALLOC_RECLAIM,	"allocations that waited for pending frees") \
	X(RMAP_WALK,		"rmap walks") \
	X(ANON_VMA_ALLOC,	"anon_vmas allocated") \
	X(ANON_VMA_NEW,		"VMAs that got an anon_vma of their own at the first page") \
	X(ANON_VMA_SHARE,	"VMAs that got their neighbour's anon_vma") \
	X(ANON_VMA_REUSE,	"forks that reused an anon_vma") \
	X(ANON_VMA_WAIT,	"rmap readers that waited for an anon_vma's lock") \
	X(ANON_VMA_DEAD,	"anon_vmas found by a folio, but dead") \
	X(ANON_VMA_UNMAPPED,	"anon_vmas locked or referenced, then dropped: the folio was unmapped") \
	X(ANON_VMA_MOVED,	"anon_vmas locked or referenced, then dropped: the folio names another") \
	X(FILE_READ,		"folios of files read in") \
	X(FILE_MAP,		"pages of files mapped by faults") \
	X(FILE_MAP_HUGE,	"huge pages of files mapped as one") \
	X(FILE_COW,		"pages of files copied by a first write") \
	X(FILE_MKWRITE,		"pages of files made writable by faults") \
	X(FILE_GONE,		"faults that found their folio truncated") \
	X(FILE_WRITE,		"folios of files written back") \
	X(FILE_CLEANED,		"entries made clean and read-only for writeback") \
	X(FILEMAP_RETRY,	"page cache look-ups repeated: the slot changed") \
	X(INSPECTED,		"page tables and blocks of frames inspected at rest") \
	X(BAD_PTE,		"corrupt entries reported") \
	X(FAULT_SWAP,		"faults that swapped in") \
	X(SWAP_IN,		"pages read from swap") \
	X(SWAP_OUT,		"pages written to swap") \
	X(SWAP_CHANGED,		"swap-ins whose slot had been reused") \
	X(UNMAP_PINNED,		"entries left mapped by rmap: their page is pinned") \
	X(RECLAIM,		"folios swapped out") \
	X(RECLAIM_KEPT,		"folios that could not be swapped out") \
	X(MIGRATE,		"folios moved to another frame") \
	X(MIGRATE_KEPT,		"folios that could not be moved") \
	X(DEVICE_IN,		"pages moved to the memory of a device") \
	X(DEVICE_BACK,		"pages moved back from there by faults") \
	X(DEVICE_BUSY,		"faults that found such a page in use") \
	X(MIGRATE_WAIT,		"faults that waited for a page under migration") \
	X(HMM_SNAPSHOT,		"entries read for devices") \
	X(HMM_COMPARED,		"entries of devices compared with the page tables") \
	X(HMM_STALE,		"snapshots that an invalidation hit") \
	X(NOTIFIER_CALL,	"invalidations that subscribers were notified of") \
	X(NOTIFIER_WAIT,	"waits for the end of invalidations") \
	X(FOLIO_SPLIT,		"large folios split") \
	X(FOLIO_SPLIT_KEPT,	"large folios that could not be split") \
	X(POISON,		"folios hwpoisoned") \
	X(FAULT_POISON,		"faults on hwpoisoned pages") \
	X(HUGETLB_TAKE,		"huge pages taken from the pool") \
	X(HUGETLB_TAKE_BACK,	"huge pages taken back from forks by the owner of the reservation") \
	X(HUGETLB_EMPTY,	"huge page allocations that the pool failed") \
	X(GUARD_RETRY,		"guard installs that zapped and tried again") \
	X(FORK,			"fork") \
	X(FORK_COPIED,		"pages that fork copied at once") \
	X(PMD_MOVE,		"PTE tables moved by their PMD entry") \
	X(MREMAP_BACK,		"moves of mappings undone: out of memory") \
	X(GUP_FAST,		"pages GUP-fast got") \
	X(GUP_LEAF,		"huge leaves GUP-fast took pages of") \
	X(GUP_SLOW,		"pages GUP got under mmap_lock") \
	X(GUP_CHANGED,		"pages GUP-fast dropped: the entry changed") \
	X(GUP_FORKED,		"pages GUP-fast dropped: a fork ran") \
	X(GUP_UNSHARE,		"pages unshared for GUP") \
	X(MMAP, "mmap") X(MREMAP, "mremap") X(MUNMAP, "munmap") X(MPROTECT, "mprotect") \
	X(VMA_SPLIT, "VMA splits") X(VMA_MERGE, "VMA merges")

enum cpu_event {
#define X(id, name) EV_##id,
	CPU_EVENTS(X)
#undef X
	NR_CPU_EVENTS
};

/* Uses of single frames; each use has its own lists and its own mempolicy. */
enum frame_use { FRAME_DATA, FRAME_TABLE, NR_FRAME_USES };

/* The node of a thread's frames: its own, the next one, each in turn, or a fixed one. */
enum mem_policy { MEM_LOCAL, MEM_REMOTE, MEM_INTERLEAVE, MEM_NODE, NR_MEM_POLICIES };

/* No lock key: the caller's own. */
struct mempolicy {
	enum mem_policy mode;
	unsigned int node;		/* MEM_NODE's, a logical index; else ignored */
};

#define NODE_IN_TURN	UINT_MAX	/* all nodes in turn */

/* Lock key: (C) const while registered (T) this thread only (A) atomic: written by this thread, read by any */
struct cpu {
	unsigned int id;			/* (C) slot, 0 … nr_cpu_ids-1, dense from below */
	unsigned int node;			/* (T) logical index of the NUMA node that it runs on, or stands for */
	struct mempolicy mempolicy[NR_FRAME_USES];	/* (T) */
	unsigned int frame_node[NR_FRAME_USES];	/* (T) node of its frames, modulo the machine's; or NODE_IN_TURN */
	unsigned int next_node[NR_FRAME_USES];	/* (T) NODE_IN_TURN: the last frame's node */
	struct rng rng;				/* (T) */
	uint64_t events[NR_CPU_EVENTS];		/* (A) */
} __cacheline_aligned;

extern _Thread_local struct cpu *this_cpu;	/* (T) NULL in threads that did not register */
extern unsigned int nr_cpu_ids;			/* (C) while an mm or a registered thread exists: bound of slots */

/*
 * cpus_allow - up to @nr threads may be registered at one time, or DEFAULT_CPUS if that is more. Returns 0, or
 * -EINVAL for more than NR_CPUS. Locking: there is no mm and no registered thread. Source: kernel/smp.c
 * set_nr_cpu_ids().
 */
int cpus_allow(unsigned int nr);

/*
 * cpu_register - registers the calling thread as a cpu of node @node (a logical index), seeded with @seed.
 * @mem_policy, any but MEM_NODE, chooses the node of its frames, for both uses. Begins its clients. Returns 0,
 * -EBUSY if it is registered already, -ENOSPC if nr_cpu_ids threads are.
 */
int cpu_register(unsigned int node, enum mem_policy mem_policy, uint64_t seed);
/* Sets the mempolicy of the calling cpu's frames of one use. Source: mm/mempolicy.c set_mempolicy(2). */
void cpu_set_mempolicy(enum frame_use use, struct mempolicy policy);
/*
 * Sets the calling cpu's node to @node: objects are allocated there, and frames as its mempolicies say of that node.
 * The thread stays pinned where it is: a thread that prepares another thread's memory stands for it meanwhile.
 */
void cpu_stand_for(unsigned int node);
/* The node of the frames of a thread on @node, modulo the machine's nodes; or NODE_IN_TURN. */
unsigned int mempolicy_node(struct mempolicy policy, unsigned int node);
/* What else a thread needs while it is a cpu. */
struct cpu_client {
	void (*begin)(void);	/* (C) this_cpu is set */
	void (*end)(void);	/* (C) this_cpu is still set */
};

/* Adds @object, a struct cpu_client of the file. Clients do not depend on each other: the order is the linker's. */
#define CPU_CLIENT(object) \
	static const struct cpu_client *const object##_entry_ \
		__attribute__((section("faultline_cpu_clients"), used)) = &(object)

/* Adds its counts to the totals. Callers drain per-thread caches first (frame_drain_cpu()). */
void cpu_unregister(void);
/* Returns a bound of all slots ever used: the length to iterate of a per-cpu array. */
unsigned int nr_cpus_used(void);

/* Counts of @event in all threads, past and present, since events_reset(). */
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
