/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * khugepaged.h - the address spaces that khugepaged scans for memory to put into huge pages.
 *
 * An mm enters when it gets memory that may have huge pages: by mmap(), MADV_HUGEPAGE, the first fault that maps a huge
 * page, or a fork. Its slot has a reference to the struct, and is no user: the address space may end at any time.
 *
 *   a scan                                          exit
 *   (A1) mmap_lock for read, by a try               (B1) the last user goes
 *   (A2) no users: leave                            (B2) khugepaged_mm_lock: a slot that is not the cursor's is freed
 *   (A3) VMAs and page tables are used              (B3) else mmap_lock for write, taken and dropped: a scan that has
 *        mmap_lock is dropped                            passed A2 has ended
 *   (A4) mmap_lock for write; no users: leave       (B4) pages are unmapped, tables freed
 *   (A5) khugepaged_mm_lock: the cursor moves on;
 *        no users: the slot is freed
 *
 * If A1 to A3 came before B3, B3 waits for them; if not, A2 and A4 find no users. B2 never frees the slot that a scan
 * is in; A5 does, as soon as the cursor has left it.
 *
 * Source: mm/khugepaged.c; mm/mm_slot.h.
 */
#ifndef FAULTLINE_CORE_MM_KHUGEPAGED_H
#define FAULTLINE_CORE_MM_KHUGEPAGED_H

#include <sys/queue.h>

#include "core/mm/huge_memory.h"
#include "core/mm/mm.h"
#include "core/mm/mm_types.h"

/* Entries of a huge page at most that: map nothing, or the zero page; are swapped out; map shared pages. */
struct khugepaged_limits {
	unsigned int max_ptes_none, max_ptes_swap, max_ptes_shared;
};

/*
 * As the files of /sys/kernel/mm/transparent_hugepage/khugepaged; pages_to_scan: of one pass, and each address space
 * and VMA counts as one more.
 */
struct khugepaged_settings {
	unsigned int pages_to_scan;
	struct khugepaged_limits limits;
};

/* Linux's defaults. Source: mm/khugepaged.c, khugepaged_init(). */
#define KHUGEPAGED_DEFAULTS { \
	8 * HPAGE_PMD_NR, { HPAGE_PMD_NR - 1, HPAGE_PMD_NR / 8, HPAGE_PMD_NR / 2 } \
}

/*
 * Conservation: mm->khugepaged_slot names its slot exactly while the slot is on the list, and the slot has a reference
 * to the mm.
 *
 * Lock key: (H) khugepaged_mm_lock (C) const while it is on the list
 */
struct mm_slot {
	TAILQ_ENTRY(mm_slot) mm_node;	/* (H) */
	struct mm_struct *mm;		/* (C) with a reference */
};

extern bool khugepaged_enabled;		/* (A) address spaces enter */

/*
 * khugepaged_enable - address spaces enter from now on, if the policy wants huge pages in them; scans obey @settings.
 * khugepaged_disable() - none enters any more, and the cursor is dropped: the slot of an mm that has ended is freed;
 * the others' are freed when their mms end. Disabled at the start, and to be disabled before the machine stops.
 * Locking: no scan runs. Source: mm/khugepaged.c, start_stop_khugepaged(), khugepaged().
 */
void khugepaged_enable(const struct khugepaged_settings *settings);
void khugepaged_disable(void);
/* Those in force. Locking: while a scan runs, or none can begin. */
const struct khugepaged_settings *khugepaged_settings(void);

/*
 * __khugepaged_enter - adds @mm, unless it was added before, or there is no memory. Locking: a user of @mm.
 * khugepaged_enter_vma() - the same if khugepaged is enabled and @vma, which has, or is about to get, @vm_flags, may
 * have huge pages. khugepaged_fork() - adds @mm, a child, if @oldmm was added. Locking: mmap_lock or the VMA lock.
 * Source: mm/khugepaged.c; include/linux/khugepaged.h.
 */
void __khugepaged_enter(struct mm_struct *mm);

static inline void khugepaged_enter_vma(struct vm_area_struct *vma, unsigned long vm_flags)
{
	if (likely(!load_relaxed(&khugepaged_enabled)) || mm_flag(vma->vm_mm, MMF_VM_HUGEPAGE))
		return;
	if (thp_vma_wanted(vma, vm_flags) && thp_vma_collapsible(vma, vm_flags))
		__khugepaged_enter(vma->vm_mm);
}

static inline void khugepaged_fork(struct mm_struct *mm, const struct mm_struct *oldmm)
{
	if (unlikely(mm_flag(oldmm, MMF_VM_HUGEPAGE)) && load_relaxed(&khugepaged_enabled))
		__khugepaged_enter(mm);
}

/*
 * khugepaged_exit - @mm's last user has gone: on return no scan uses its VMAs, page tables or pages, and none will. Its
 * slot is freed, at the latest by the scan that is in it. Locking: none held; a reference. Source: mm/khugepaged.c,
 * __khugepaged_exit().
 */
void __khugepaged_exit(struct mm_struct *mm);

static inline void khugepaged_exit(struct mm_struct *mm)
{
	if (unlikely(mm_flag(mm, MMF_VM_HUGEPAGE)))
		__khugepaged_exit(mm);
}

/*
 * hpage_collapse_test_exit - true if @mm has no users: its VMAs must not be used. If false, an exit waits until
 * mmap_lock is dropped. Locking: mmap_lock, and the slot of @mm is the cursor's, or the caller has a user. Source:
 * mm/khugepaged.c.
 */
bool hpage_collapse_test_exit(const struct mm_struct *mm);

/*
 * khugepaged_assert_mapped - the caller is about to drop mmap_lock, under which that was false: until then nothing was
 * unmapped by an exit. Locking: mmap_lock.
 */
static inline void khugepaged_assert_mapped(const struct mm_struct *mm)
{
	ASSERT(!mm_flag(mm, MMF_OOM_SKIP));
	(void)mm;
}

/* ---- the cursor; locking: one thread at a time ---- */

/*
 * Where a pass is, kept between passes. Lock key: (H) khugepaged_mm_lock to change, and its thread reads without (S)
 * the scanning thread
 */
struct khugepaged_scan {
	struct mm_slot *mm_slot;	/* (H) NULL: the next pass begins with the first */
	unsigned long address;		/* (S) of the next range */
};

extern struct khugepaged_scan khugepaged_scan;

/*
 * khugepaged_scan_slot - the slot of the cursor; if it has none, the first one, from address 0. NULL: there is none. It
 * is not freed before khugepaged_scan_leave(). khugepaged_at_head() - true if the cursor has no slot.
 * khugepaged_scan_leave() - if @done, or if the mm has no users, the cursor moves to the next slot; without users @slot
 * is freed. Returns true if it moved, and @slot was the last one. Source: mm/khugepaged.c, khugepaged_scan_mm_slot(),
 * collect_mm_slot().
 */
struct mm_slot *khugepaged_scan_slot(void);
bool khugepaged_at_head(void);
bool khugepaged_scan_leave(struct mm_slot *slot, bool done);

/* The number of slots. Locking: none held. */
unsigned long khugepaged_nr_slots(void);

/*
 * khugepaged_wait - sleeps until an mm enters an empty list, khugepaged_wake() is called, or @millisecs have passed; 0:
 * without a bound if there are no slots, and yields the core if there are. @seen: what khugepaged_wakeups() was before
 * the caller looked for work. Locking: as futex_wait(). Source: mm/khugepaged.c, khugepaged_wait_work().
 */
uint32_t khugepaged_wakeups(void);
void khugepaged_wait(uint32_t seen, unsigned int millisecs);
void khugepaged_wake(void);

#endif
