/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - the machine: simulated physical memory.
 *
 * frame   4096 bytes, named by its page frame number (pfn)
 * page    the struct page that describes one frame
 * payload the part of a frame whose contents are simulated: 0, 64 or 4096 bytes
 *
 * Each node owns 1 << node_shift consecutive pfns, of which the first frames_per_node exist. The frames and the struct
 * pages are two reserved ranges, each node's part bound to that node; host memory is used only where it is touched. So
 * pfn, page, address and node follow from each other by arithmetic. Pfn 0 exists and is never allocated: 0 is no pfn.
 */
#ifndef FAULTLINE_CORE_PHYS_FRAME_H
#define FAULTLINE_CORE_PHYS_FRAME_H

#include <sys/queue.h>

#include "core/base/assert.h"
#include "core/base/atomic.h"
#include "core/base/event.h"
#include "core/probe/object.h"
#include "core/host/rcu.h"
#include "core/lock/spinlock.h"

DECLARE_EVENT(FRAME_WRONG_NODE);

#define FRAME_SHIFT	12
#define FRAME_SIZE	(1ul << FRAME_SHIFT)
#define MAX_ORDER	10		/* largest block on a free list: 1024 frames, 4 MiB */
#define MAX_FOLIO_ORDER	18		/* largest allocation, of free blocks in a row: 1 GiB, as one PUD leaf maps */
#define MAX_NODES	64

/*
 * An mm's id, and its mappings of a large folio, - 1. As on Linux's 32-bit machines they are short in the 2-level
 * geometry, where an mm's mappings may be too many for one. Source: include/linux/mm_types.h.
 */
#if defined(FAULTLINE_LEVELS) && FAULTLINE_LEVELS == 2
#define CONFIG_64BIT	false
typedef uint16_t mm_id_t;
typedef int16_t mm_id_mapcount_t;
#define MM_ID_MAPCOUNT_MAX	INT16_MAX
#else
#define CONFIG_64BIT	true
typedef uint32_t mm_id_t;
typedef int32_t mm_id_mapcount_t;
#define MM_ID_MAPCOUNT_MAX	INT32_MAX
#endif

enum page_type {
	PAGE_FREE,		/* inside a larger free block, or never used */
	PAGE_BUDDY,		/* first page of a free block */
	PAGE_PCP,		/* free, on a thread's list */
	PAGE_USED,		/* allocated, without a more special type. From here on: allocated */
	PAGE_ANON,		/* anonymous memory */
	PAGE_FILE,		/* belongs to a file */
	PAGE_TABLE,		/* a page table: all 4096 bytes are used */
	PAGE_ZERO,		/* the shared zero page */
	PAGE_RESERVED,		/* pfn 0, and pages behind raw PFN mappings */
	PAGE_DEVICE,		/* device-private memory */
	PAGE_DRIVER,		/* a driver's, which holds a reference: mapped by vm_insert_page() */
	NR_PAGE_TYPES
};

/*
 * One frame's description, one cache line.
 *
 * Conservation: _refcount of a folio (its head page's) = 1 for each PTE that maps one of its pages + 1 for each cache
 * or list that holds it + 1 for each transient reference + 1024 for each pin, or 1 for each pin of a large one, which
 * _pincount counts too; _mapcount + 1 = number of PTEs that map the one page. A free page has _refcount 0 and
 * _mapcount -1, and no thread can take a reference to it; the same holds for tail pages, except for their _mapcount.
 * Every frame is exactly one of: allocated, in a block on its node's free lists, on one thread's list.
 *
 * Lock key: (A) atomic (C) const while allocated (O) the only owner: between allocation and publication, or after the
 * last reference was dropped (N) the node's lock (P) this table's ptl (L) the folio's large_lock (Q) the node's
 * split_queue_lock (R) the node's lru_lock
 */
struct page {
	uint32_t flags;			/* (A) page_flag bits; see page_flags.h */
	uint32_t tail;			/* (A) a tail's distance from its folio's head; 0: no tail. Changed by (O) */
	uint16_t level;			/* (O) page table: level of its entries */
	uint8_t type;			/* (A) enum page_type; changed by (O), or (N) between free types */
	uint8_t order;			/* (A) of the block this page heads; changed by (O), (N) */
	int32_t _refcount;		/* (A) */
	int32_t _mapcount;		/* (A) PTEs that map this page, - 1 */
	union {
		int32_t _pincount;		/* (A) pins of a large folio */
		uint32_t pt_share_count;	/* (A) PMD table: other mms that share it; hugetlb_share.h */
	};
	union {
		struct {				/* allocated, data */
			void *mapping;			/* (A) anon_vma or address_space, low bits say which */
			unsigned long index;		/* (C) offset in mapping, in pages */
			unsigned long private;		/* (A) swap entry, owner's word */
			int32_t mlock_count;		/* (A) VM_LOCKED VMAs that map it: see mlock.h */
			uint32_t lru_older, lru_newer;	/* (R) pfns of its neighbours on a list, 0: none; see lru.h */
		};
		struct {				/* first tail page of a large folio: see rmap.h */
			spinlock_t large_lock;
			int32_t large_mapcount;		/* (A) PTEs that map its pages, - 1; changed under (L) */
			int32_t entire_mapcount;	/* (A) PMD or PUD leaves that map the whole folio, - 1 */
			mm_id_t mm_id[2];		/* (L) the mms with counts of their own; 0: slot free */
			mm_id_mapcount_t mm_id_mapcount[2]; /* (L) their mappings, - 1 */
			int32_t nr_pages_mapped;	/* (A) its pages that PTEs map; changed under (L) */
			bool mapped_shared;		/* (A) more than one mm may map it; changed under (L) */
		};
		struct {				/* second tail page of one of four or more: deferred_split.h */
			TAILQ_ENTRY(page) deferred;	/* (Q) */
			bool queued;			/* (A) changed under (Q) */
			bool partially_mapped;		/* (A) changed under (Q) */
		};
		struct {				/* PAGE_TABLE */
			spinlock_t ptl;
			void *pt_mm;			/* (A) the mm it belongs to; NULL: it was shared */
			union {
				struct page *pt_next;	/* (O) on a gather's list; (P) on a PMD table's deposit */
				struct page *pt_deposit; /* (P) a PMD table's: a PTE table for each huge leaf */
			};
			struct rcu_cb rcu;		/* (O) */
		};
		struct {				/* PAGE_BUDDY */
			struct page *next, *prev;	/* (N) blocks of the same order */
		};
	};
#if FAULTLINE_CHECK
	unsigned long life;		/* (A) number of frees: callers that must prevent a free compare it */
#endif
	struct probe_word lock_probe;	/* of the folio lock; has its own lock key */
	struct object_probe probe;	/* has its own lock key */
} __cacheline_aligned;

/* Check builds count a page's lives, and ThreadSanitizer's callbacks carry their grace period: two lines there. */
_Static_assert(sizeof(struct page) == (FAULTLINE_CHECK || FAULTLINE_TSAN ? 2 : 1) * CACHE_LINE,
	       "struct page is one cache line");

DECLARE_OBJECT_KIND(folio);

/* No lock key: the caller's own. */
struct machine_config {
	unsigned int nr_nodes;		/* 1 … MAX_NODES; may exceed the host's, binding then fails and is counted */
	unsigned long frames_per_node;	/* at least 2 */
	unsigned int payload;		/* simulated bytes of a data frame: 0, 64 or 4096 */
};

/* Lock key: (C) const between machine_init() and machine_exit() */
struct machine {
	char *frames;			/* (C) address of pfn 0's frame, 2 MiB aligned */
	struct page *vmemmap;		/* (C) pfn 0's struct page */
	unsigned int nr_nodes;		/* (C) */
	unsigned int node_shift;	/* (C) log2 of pfns per node */
	unsigned int payload;		/* (C) */
	unsigned int pcp_batch;		/* (C) frames moved at once between a thread's list and a node */
	unsigned int pcp_high;		/* (C) frames of a node on a thread's list before it frees a batch */
	unsigned long frames_per_node;	/* (C) */
	unsigned long nr_frames;	/* (C) frames that can be allocated */
	unsigned long max_pfn;		/* (C) pfns are below */
} __cacheline_aligned;

extern struct machine machine;

/* One machine exists at a time. Returns 0, -EINVAL for an invalid configuration, -ENOMEM, -EBUSY if one exists. */
int machine_init(const struct machine_config *config);
/*
 * Returns the number of allocated frames: 0 without leaks. Locking: no other thread is in core, RCU callbacks have
 * run.
 */
unsigned long machine_exit(void);
/* Number of free frames, those on threads' lists included; exact while no thread allocates or frees. */
unsigned long machine_free_frames(void);

/* ---- arithmetic ---- */
static force_inline struct page *pfn_to_page(unsigned long pfn)
{
	return machine.vmemmap + pfn;
}

static force_inline unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)(page - machine.vmemmap);
}

static force_inline void *page_address(const struct page *page)
{
	return machine.frames + (page_to_pfn(page) << FRAME_SHIFT);
}

/* The page of the frame that contains @addr. */
static force_inline struct page *virt_to_page(const void *addr)
{
	return pfn_to_page((unsigned long)((const char *)addr - machine.frames) >> FRAME_SHIFT);
}

static force_inline unsigned int pfn_to_nid(unsigned long pfn)
{
	return (unsigned int)(pfn >> machine.node_shift);
}

static force_inline unsigned int page_to_nid(const struct page *page)
{
	return pfn_to_nid(page_to_pfn(page));
}

/* True if @pfn names a frame that exists and can be allocated. */
static inline bool pfn_valid(unsigned long pfn)
{
	return pfn && pfn < machine.max_pfn && (pfn & ((1ul << machine.node_shift) - 1)) < machine.frames_per_node;
}

/* The payload of a data frame. Payloads of 64 bytes lie at different offsets, so that they use all sets of a cache. */
static force_inline void *page_payload(const struct page *page)
{
	unsigned long line = machine.payload == CACHE_LINE ? (page_to_pfn(page) * CACHE_LINE) & (FRAME_SIZE - 1) : 0;

	return (char *)page_address(page) + line;
}

static force_inline enum page_type page_type(const struct page *page)
{
	return (enum page_type)load_relaxed(&page->type);
}

/* Changes whenever the page is freed; always 0 in builds without FAULTLINE_CHECK. */
static force_inline unsigned long page_life(const struct page *page)
{
#if FAULTLINE_CHECK
	/* ORDER[page-life:B] before what is checked of the page in this life; pairs with ORDER[page-life:A]. */
	return load_acquire(&page->life);
#else
	(void)page;
	return 0;
#endif
}

/* Called when the page is freed: accesses that remember page_life() find it changed. Locking: its only owner. */
static force_inline void page_life_ends(struct page *page)
{
#if FAULTLINE_CHECK
	/* ORDER[page-life:A] after the last access in the life that ends; pairs with ORDER[page-life:B]. */
	fetch_add_release(&page->life, 1ul);
#else
	(void)page;
#endif
}

/* Sets the type of an allocated page. Locking: its only owner. */
static force_inline void page_set_type(struct page *page, enum page_type type)
{
	store_relaxed(&page->type, (uint8_t)type);
}

/* ---- allocation ---- */
#define ALLOC_TYPE	0x0fu		/* enum page_type of the new page; 0 means PAGE_USED */
#define ALLOC_ZERO	0x10u		/* clear the payload */
#define ALLOC_COMPOUND	0x20u		/* the block is one folio: its pages know their head, and have its type */
#define ALLOC_THISNODE	0x40u		/* no fallback to other nodes */

/*
 * alloc_pages - a block of 1 << @order frames, its first page's _refcount 1, _mapcount -1, fields of the union zero.
 * The node follows the calling cpu's mempolicy for page tables or for data, then the others in turn. Returns NULL if
 * no node has such a block, or an injected failure is due. Frames on other threads' lists are not used. Above MAX_ORDER
 * a node is searched for free blocks in a row, under its lock. Source: mm/page_alloc.c, alloc_contig_pages().
 */
struct page *alloc_pages(unsigned int order, unsigned int flags) __must_check;
struct page *alloc_page(unsigned int flags) __must_check;
/* The next node by the calling cpu's mempolicy for data. */
unsigned int alloc_policy_node(void);
/* Allocates from node @nid, whatever the mempolicy; falls back as alloc_pages(), but not with ALLOC_THISNODE. */
struct page *alloc_pages_node(unsigned int nid, unsigned int order, unsigned int flags) __must_check;
/*
 * free_pages - drops the caller's reference to a block; the last one frees it. @order is that of the allocation.
 * Source: mm/page_alloc.c __free_pages().
 */
void free_pages(struct page *page, unsigned int order);
void free_page(struct page *page);
/* Frees a block without references (_refcount 0) and mappings. */
void free_frozen_pages(struct page *page, unsigned int order);
/* Drains the calling cpu's lists to the nodes; a cpu does so before it unregisters. */
void frame_drain_cpu(void);

/* Clears, copies or poisons the payload of a data page. */
void clear_payload(struct page *page);
void copy_payload(struct page *to, const struct page *from);

#endif
