/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb.h - simulated TLBs: each cpu caches translations of the mms that it uses, until a flush removes them.
 *
 * Off by default: flushes are counted then, and have nothing to do. With tlb=ipi each access of a program
 * (user_access.h) goes through its cpu's TLB: a hit, or the processor's page walk, which reads tables without a lock,
 * sets accessed and dirty bits by one atomic operation, and caches the entry. What changes an entry, and takes away a
 * page, a table or a right, owes a flush: before the page or table is freed, and before the lock is dropped, or the
 * operation ends, on which others rely.
 *
 * An access is one instruction: no interrupt comes in between. So an access holds its TLB's lock, from the look-up to
 * the last byte, and the interrupt of a flush is the same lock, taken by the cpu that sends it, which then does on the
 * other's TLB what the other's handler would do. What an interrupt costs is real: interrupt.h. A flush returns once
 * all have been interrupted:
 *
 *   access                                     flush
 *   (A1) lock the TLB                          (B1) change the entry
 *   (A2) walk: read the entry                  (B2) increase the mm's generation; fence
 *   (A3) cache it, use its page                (B3) of each cpu in the mm's mask: does it run the mm?
 *   (A4) unlock                                (B4) lock its TLB; remove what is cached of the range; unlock
 *                                              (B5) free the page
 *
 * A fill that races with a flush: if A2 came before B1, B4 waits for A4 and removes what A3 cached; else A2 has read
 * the new entry. Tables likewise: a walk is over at B4, or began after B1, and does not find an unlinked table.
 *
 * A cpu that runs another mm is not interrupted. Its entries of this mm stay, tagged with the mm's slot, of which it
 * has TLB_SLOTS (PCIDs). When it comes back it compares the generation that its slot is up to with the mm's:
 *
 *   switch                                     flush
 *   (S1) enter the mm's mask; run the mm       (B2) increase the mm's generation
 *   (S2) fence                                      fence
 *   (S3) read the generation: behind? drop     (B3) does the cpu run the mm? interrupt it
 *        all of the slot
 *
 * Both store, and then load the other's word: either B3 finds the mm running, or S3 finds the new generation. A cpu
 * leaves an mm by running another one, after its last access.
 *
 *   tlb=ipi        as above
 *   tlb=batched    and reclaim flushes once for many entries: after the generations, and before it reads or frees pages
 *   tlb=lazy       and a cpu in lazy mode counts as one that runs another mm: it leaves that mode by S1 to S3
 *   tlb=broadcast  as batched, without interrupts: the sender's instruction removes the entries of all cpus in the
 *                  mask, whatever they run, and waits for no handlers (INVLPGB, TLBSYNC)
 *
 * Source: arch/x86/mm/tlb.c; arch/x86/include/asm/tlbflush.h.
 */
#ifndef FAULTLINE_CORE_PGTABLE_TLB_H
#define FAULTLINE_CORE_PGTABLE_TLB_H

#include "core/base/event.h"
#include "core/pgtable/mm_pgtable.h"

DECLARE_EVENT(TLB_FLUSH);
DECLARE_EVENT(TLB_HIT);
DECLARE_EVENT(TLB_FILL);
DECLARE_EVENT(TLB_IPI);
DECLARE_EVENT(TLB_BEHIND);

/* What the TLBs know of one mm. Lock key: (C) const after creation (A) atomic */
struct mm_tlb {
	uint64_t ctx_id;		/* (C) never 0, and never used again */
	uint64_t gen;			/* (A) flushes since its creation, + 1 */
	uint64_t cpumask[];		/* (A) by cpu slot: it may have entries. Bits are not cleared */
};

/*
 * tlb_init - the TLB's part of @pt, whose policy and home are set; none with tlb=off. Returns 0 or -ENOMEM.
 * tlb_destroy - frees it; entries that TLBs keep are never used again, as the mm's id is not.
 */
int tlb_init(struct mm_pgtable *pt);
void tlb_destroy(struct mm_pgtable *pt);

/* Called with the page mapped at @addr, as one instruction: it takes no lock. */
typedef int tlb_use_fn(struct page *page, unsigned long addr, void *arg);

/*
 * tlb_access - a program's access to @addr through the calling cpu's TLB; @use (NULL: nothing) is called meanwhile.
 * Returns what it does; -ENOENT: no translation; -EAGAIN: one that does not allow @write. Locking: none; @pt has a TLB.
 */
int tlb_access(struct mm_pgtable *pt, unsigned long addr, bool write, tlb_use_fn *use, void *arg);

/*
 * enter_lazy_tlb - until its next access the calling cpu runs no program: with tlb=lazy no flush interrupts it, and it
 * catches up then. Locking: any. Source: arch/x86/mm/tlb.c.
 */
void enter_lazy_tlb(void);

/*
 * tlb_defers - true if @pt's policy has reclaim flush once for many entries. tlb_batch_add - the calling thread owes a
 * flush of an entry of @pt, which was changed. tlb_batch_flush - flushes all that it owes, of any mms, from all cpus
 * that run any of them. Locking: as flush_tlb_range(); the PTL of the entry. Source: arch/x86/include/asm/tlbflush.h,
 * arch_tlbbatch_add_pending(); arch/x86/mm/tlb.c, arch_tlbbatch_flush().
 */
static inline bool tlb_defers(const struct mm_pgtable *pt)
{
	return pt->policy.tlb >= TLB_BATCHED && pt->policy.tlb != TLB_NONE;
}

void tlb_batch_add(struct mm_pgtable *pt);
void tlb_batch_flush(void);

/* The part of flush_tlb_range() with a TLB. */
void tlb_shootdown(struct mm_pgtable *pt, unsigned long start, unsigned long end);

/*
 * flush_tlb_range - returns once no cpu uses or has a translation of [@start, @end) that was changed before.
 * flush_tlb_page - of the page at @addr; flush_tlb_mm - of all. Locking: any but a leaf; that of the change, where
 * others rely on the flush once they get it. Source: arch/x86/mm/tlb.c.
 */
static inline void flush_tlb_range(struct mm_pgtable *pt, unsigned long start, unsigned long end)
{
	count_event(EV_TLB_FLUSH);
	if (unlikely(pt->policy.tlb))
		tlb_shootdown(pt, start, end);
}

static inline void flush_tlb_page(struct mm_pgtable *pt, unsigned long addr)
{
	flush_tlb_range(pt, addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE);
}

static inline void flush_tlb_mm(struct mm_pgtable *pt)
{
	flush_tlb_range(pt, 0, TASK_SIZE);
}

#endif
