/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu_tlb.h - one cpu's TLB, for the files that fill, flush and check it. */
#ifndef FAULTLINE_CORE_PGTABLE_CPU_TLB_H
#define FAULTLINE_CORE_PGTABLE_CPU_TLB_H

#include "core/pgtable/tlb.h"

#define TLB_ENTRIES	64	/* of small and of huge pages, as x86's first level has */
#define TLB_SLOTS	6	/* mms that a cpu keeps entries of. Source: arch/x86/include/asm/tlbflush.h */

/* A walk from the root to an entry that points to no table. No lock key: its thread's, or its TLB entry's */
struct tlb_path {
	enum pgtable_level level;	/* of the last entry */
	uint64_t val;			/* the last entry's value */
	uint64_t *entry[NR_LEVELS];	/* by level; NULL: a folded level, or below the last one */
#if FAULTLINE_CHECK
	uint64_t seq[NR_LEVELS];	/* the last change of each: entry_log.h */
	unsigned long life[NR_LEVELS];	/* of each one's table */
#endif
};

/* Lock key: (L) the TLB's lock */
struct tlb_entry {
	unsigned long start, size;	/* (L) bytes mapped; size 0: unused */
	uint64_t val;			/* (L) the entry's value; its dirty bit allows writes without a walk */
	unsigned int slot;		/* (L) */
#if FAULTLINE_CHECK
	struct tlb_path path;		/* (L) what it was made from, */
	struct page *head;		/* (L) the folio of its page at that time, NULL: no page, */
	unsigned long life;		/* (L) and the lives of both: page_life() */
	uint64_t gen;			/* (L) generation of its slot then */
#endif
};

/*
 * Conservation: an entry belongs to the mm of its slot, and no flush of its range that is part of the slot's generation
 * came after the walk that it was made from.
 *
 * Lock key: (A) atomic: written by its cpu, under the lock (L) lock
 */
struct cpu_tlb {
	spinlock_t lock;		/* an access holds it, and a flush from another cpu */
	bool ready;			/* (A) the lock is initialised; stays so */
	uint64_t loaded;		/* (A) ctx_id of the mm that its cpu runs; 0: none yet */
	bool is_lazy;			/* (A) no access until switch_mm(), which clears it */
	unsigned int slot;		/* (L) that mm's */
	unsigned int next_slot;		/* (L) the next one to be used again */
	struct {
		uint64_t ctx_id;	/* (L) 0: unused */
		uint64_t gen;		/* (L) all flushes up to it were done */
	} slots[TLB_SLOTS];
	struct tlb_entry entries[TLB_ENTRIES];	/* (L) by page number, or that of the huge page */
} __cacheline_aligned;

extern struct cpu_tlb cpu_tlbs[NR_CPUS];

/* Removes all entries of @slot that overlap [@start, @end). Locking: @tlb's lock. */
void tlb_drop(struct cpu_tlb *tlb, unsigned int slot, unsigned long start, unsigned long end);

/* The frame of @addr by the entry @val, of a page of @size bytes. */
static inline unsigned long tlb_pfn(uint64_t val, unsigned long size, unsigned long addr)
{
	return entry_pfn(val) + ((addr & (size - 1)) >> PAGE_SHIFT);
}

#if FAULTLINE_CHECK
/* tlb_check_fill - keeps what @entry, just filled from @path, was made from. Locking: the TLB's lock. */
void tlb_check_fill(struct tlb_entry *entry, const struct tlb_path *path, uint64_t gen);
/*
 * tlb_check_use - ends the run if @addr is accessed through a stale translation: its page was freed since, or its page,
 * table or right was taken by an operation that has ended. Locking: the TLB's lock.
 */
void tlb_check_use(const struct mm_pgtable *pt, const struct tlb_entry *entry, unsigned long addr, bool write);
/*
 * tlb_check_write - ends the run if a write goes to a clean page of a file: entries are made clean, and flushed, before
 * the page is, so nothing would write it back. Locking: the TLB's lock.
 */
void tlb_check_write(const struct tlb_entry *entry, unsigned long addr);
/* Ends the run if a walk is about to read an entry of what is no table any more. */
void tlb_check_table(uint64_t val, unsigned long addr);
#else
static inline void tlb_check_fill(struct tlb_entry *entry, const struct tlb_path *path, uint64_t gen)
{
	(void)entry, (void)path, (void)gen;
}

static inline void tlb_check_use(const struct mm_pgtable *pt, const struct tlb_entry *entry, unsigned long addr,
				 bool write)
{
	(void)pt, (void)entry, (void)addr, (void)write;
}

static inline void tlb_check_write(const struct tlb_entry *entry, unsigned long addr) { (void)entry, (void)addr; }
static inline void tlb_check_table(uint64_t val, unsigned long addr) { (void)val, (void)addr; }
#endif

/* True if an entry of @level maps pages, or may, if it is present. */
static inline bool tlb_is_leaf(enum pgtable_level level, uint64_t val)
{
	return level == LEVEL_PTE || (THP_POSSIBLE && (val & ENTRY_HUGE));
}

/* Reads the tables of @pt as a processor does. Locking: the TLB's lock: a flush before they are freed waits for it. */
static inline void tlb_walk(const struct mm_pgtable *pt, unsigned long addr, struct tlb_path *path)
{
	uint64_t *table = (uint64_t *)pt->pgd;

	*path = (struct tlb_path){ .level = LEVEL_PGD };
	for (;;) {
		uint64_t *entry = table + level_index(path->level, addr);

		path->entry[path->level] = entry;
		/* ORDER[table-publish:B] ORDER[entry:B] as any lockless walk. */
		path->val = load_acquire(entry);
#if FAULTLINE_CHECK
		path->seq[path->level] = entry_last_change(entry).seq;
		path->life[path->level] = page_life(virt_to_page(entry));
#endif
		if (tlb_is_leaf(path->level, path->val) || !entry_is_table(path->val))
			return;
		tlb_check_table(path->val, addr);
		table = entry_table(path->val);
		path->level = level_below(path->level);
	}
}

#endif
