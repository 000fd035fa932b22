/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * side.h - one of the two that run a sequence: the live kernel, or the core; and what is compared after each operation.
 */
#ifndef FAULTLINE_BENCH_CONFORM_SIDE_H
#define FAULTLINE_BENCH_CONFORM_SIDE_H

#include "bench/conform/op.h"

/*
 * What an operation comes to: the call's result, or -errno; an address is shown as its page in the window. A signal is
 * a number below -SIGNAL_BASE.
 */
#define SIGNAL_BASE		100000l
#define RESULT_SIGNAL(nr, code)	(-SIGNAL_BASE - (nr) * 100l - (code))	/* SIGSEGV, SEGV_MAPERR … */
/* An address outside the window was chosen: the mapping is gone again. */
#define RESULT_ELSEWHERE	200000l
/* The process ended, unasked: killed from outside, or for lack of memory. The sequence says nothing. */
#define RESULT_DEAD		300000l

struct vma_state {
	long first, end;	/* pages of the window */
	unsigned char prot;	/* PROT_* */
	bool shared;
	unsigned int file;	/* 0: anonymous */
	long pgoff;		/* of a file */
	unsigned int vm_flags;	/* enum vma_bits; only in a detailed state */
};

/* The words of VmFlags in /proc/PID/smaps; those of access are elsewhere. */
enum vma_bits {
	VMA_LOCKED	= 1u << 0,	/* lo */
	VMA_LOCKONFAULT	= 1u << 1,	/* lf */
	VMA_SEALED	= 1u << 2,	/* sl */
	VMA_DONTFORK	= 1u << 3,	/* dc */
	VMA_WIPEONFORK	= 1u << 4,	/* wf */
	VMA_DONTDUMP	= 1u << 5,	/* dd */
	VMA_HUGE	= 1u << 6,	/* hg */
	VMA_NOHUGE	= 1u << 7,	/* nh */
	VMA_MERGEABLE	= 1u << 8,	/* mg */
	VMA_ACCOUNT	= 1u << 9,	/* ac */
	VMA_NORESERVE	= 1u << 10,	/* nr */
	VMA_SEQUENTIAL	= 1u << 11,	/* sr */
	VMA_RANDOM	= 1u << 12,	/* rr */
	VMA_GROWSDOWN	= 1u << 13,	/* gd */
	VMA_MAYREAD	= 1u << 14,	/* mr */
	VMA_MAYWRITE	= 1u << 15,	/* mw */
	VMA_MAYEXEC	= 1u << 16,	/* me */
	VMA_MAYSHARE	= 1u << 17,	/* ms */
	VMA_DROPPABLE	= 1u << 18,	/* dp */
	VMA_SOFTDIRTY	= 1u << 19,	/* sd */
};

/*
 * What /proc/PID/smaps counts, summed over the VMAs of the window; clean and dirty pages together, except the first.
 * Not LazyFree: the kernel marks folios when a processor has a batch of them.
 */
enum size_kind {
	SIZE_PSS_DIRTY, SIZE_PSS, SIZE_SHARED, SIZE_PRIVATE, SIZE_ANONYMOUS, SIZE_ANON_HUGE,
	SIZE_SHMEM_HUGE, SIZE_FILE_HUGE, SIZE_SWAP, SIZE_SWAP_PSS, SIZE_LOCKED, NR_SIZES
};

enum page_bits {
	PAGE_PRESENT	= 1u << 0,	/* pagemap bit 63 */
	PAGE_SWAPPED	= 1u << 1,	/* 62 */
	PAGE_OF_FILE	= 1u << 2,	/* 61 */
	PAGE_GUARD	= 1u << 3,	/* 58 */
	PAGE_MAPPED_ONCE = 1u << 4,	/* 56 */
	PAGE_SOFT_DIRTY	= 1u << 5,	/* 55 */
	PAGE_INCORE	= 1u << 6,	/* mincore */
	PAGE_ZEROES	= 1u << 7,	/* the zero page; from here on only root sees it */
	PAGE_ANON_EXCLUSIVE = 1u << 8,	/* PageAnonExclusive */
	PAGE_HUGE	= 1u << 9,	/* mapped by a huge leaf */
};

struct page_state {
	uint16_t bits;		/* enum page_bits */
	uint16_t unknown;	/* bits that the side does not see of this page */
	uint16_t mapcount;	/* 0 if not known */
	uint32_t frame;		/* a class: pages of all processes with the same number share a frame; 0: none */
};

struct process_state {
	unsigned int nr_vmas;
	struct vma_state vmas[WINDOW_PAGES_MAX];
	struct page_state pages[WINDOW_PAGES_MAX];
	bool detailed;		/* VMAs have their vm_flags, and the counts that are known are there */
	long rss_anon, rss_file, rss_shmem, swap_entries, locked, total;	/* pages; -1: not known */
	long sizes[NR_SIZES];	/* KiB; only in a detailed state */
};

/* What one side can show: the other side's is masked to what both know. */
struct side_knows {
	uint16_t page_bits;	/* enum page_bits */
	unsigned int vm_flags;
	bool frames, mapcounts, rss, sizes;
};

struct side {
	const char *name;		/* "live", "core" */
	struct side_knows knows;
	bool swap;			/* it has some: set before the first sequence */
	bool huge;			/* after the next reset(), huge pages are allowed: set by the caller */
	bool thorough;			/* look() shows what takes longer, too: set by the caller */
	/* A tree of one process with an empty window of @pages pages, and fresh files; what was before is gone. */
	void (*reset)(struct side *side, long pages);
	long (*run)(struct side *side, const struct op *op);
	/* The state of @process, which exists. */
	void (*look)(struct side *side, unsigned int process, struct process_state *state);
	/* The byte of each page in @pages (1: wanted) of @process, or -1 if a read would raise a signal. */
	void (*contents)(struct side *side, unsigned int process, const unsigned char *wanted, int *bytes);
	/* Ranges that khugepaged collapsed since reset(), in this sequence or elsewhere. NULL: it never does. */
	unsigned long (*collapsed)(struct side *side);
	void (*end)(struct side *side);
};

/*
 * live_side - forks the agents: before the core starts, and before the program has a second thread. NULL: this system
 * has none, or refuses; *@why says what. core_side - the core's, which has started, under @policy; with
 * swap, if @swap.
 */
struct side *live_side(const char **why);
struct mm_policy;
struct side *core_side(const struct mm_policy *policy, bool swap);

#endif
