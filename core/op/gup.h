/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup.h - gets the pages of addresses, for access without page tables: get_user_pages().
 *
 * get   a reference: the page is not freed, but may be replaced at its address
 * pin   until it is unpinned, access through the page is access to the address: a pinned anonymous page is exclusive,
 *       and neither shared nor copied away from its mm (rmap.h). Unmapping it ends that; the page stays. The same holds
 *       for a page of a file, until it is truncated; writers through the pin mark it dirty
 *       (unpin_user_pages_dirty_lock())
 *
 * GUP-fast finds pages without a lock (gup_fast.c); the slow path runs under mmap_lock, with faults (gup.c). Source:
 * mm/gup.c.
 */
#ifndef FAULTLINE_CORE_OP_GUP_H
#define FAULTLINE_CORE_OP_GUP_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(GUP_FAST);
DECLARE_EVENT(GUP_LEAF);
DECLARE_EVENT(GUP_SLOW);
DECLARE_EVENT(GUP_CHANGED);
DECLARE_EVENT(GUP_FORKED);
DECLARE_EVENT(GUP_UNSHARE);

#define FOLL_WRITE	0x01u	/* pages to write to: writable, and exclusive */
#define FOLL_LONGTERM	0x02u	/* long-term: never the zero page, nor one shared with a file. Pins only */
#define FOLL_FAST_ONLY	0x04u	/* GUP-fast only, no slow path. The _fast calls only */
#define FOLL_TOUCH	0x08u	/* set by the calls themselves: what the slow path finds becomes accessed, or dirty */
#define FOLL_GET	0x10u	/* set by the calls themselves: this, or */
#define FOLL_PIN	0x20u
#define FOLL_UNLOCKABLE	0x80u	/* set by the calls themselves: a fault may drop mmap_lock to wait */
#define FOLL_HONOR_NUMA_FAULT 0x100u /* a NUMA hint takes its fault; else the slow path gets the page that it names */
#define FOLL_FORCE	0x40u	/* access_remote_vm() only: also what the VMA does not allow */

/*
 * get_user_pages_fast, pin_user_pages_fast - stores the @nr pages from @start on to @pages, without a lock where
 * possible. get_user_pages_unlocked, pin_user_pages_unlocked - the same under mmap_lock throughout.
 *
 * All return the number of pages, fewer than @nr after a failure, and 0 for @nr 0 or with FOLL_FAST_ONLY. If the first
 * one fails: -EFAULT, no such address, or the VMA does not allow it, such as shared mappings of files with long-term
 * writes; -ENOMEM, also for a page that has 2^31 references, or 2^21 pins; -EINVAL for invalid flags.
 *
 * The caller drops each page by put_page() or unpin_user_page(). Readers may get the shared zero page: it is returned
 * like any page, but not counted as pinned. A long-term pin for reading needs FOLL_LONGTERM: else, if the address was
 * never written to, later writes to it go to another page.
 *
 * Locking: none held; the mm is alive. Source: mm/gup.c.
 */
long get_user_pages_fast(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			 struct page **pages);
long pin_user_pages_fast(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			 struct page **pages);
long get_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			     struct page **pages);
long pin_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			     struct page **pages);

/* Ends pins. Locking: any. Source: mm/gup.c. */
void unpin_user_page(struct page *page);
void unpin_user_pages(struct page **pages, unsigned long nr);
/*
 * unpin_user_pages_dirty_lock - the same after writes: marks pages of files dirty, though they may have been written
 * back in between. Locking: none held; waits for folio locks. Source: mm/gup.c.
 */
void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr);

#endif
