/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup.h - the pages behind addresses, for who will read and write them without looking at page tables: get_user_pages().
 *
 * get   a reference: the page is not freed, but may be replaced at its address
 * pin   what is read and written through the pages is what the addresses hold, until unpinned: an anonymous page that is pinned
 *       is exclusive, and neither shared nor copied away from its mm (rmap.h). Unmapping it ends that; the page stays. So does a
 *       page of a file, while the file is not cut off; who wrote to it through the pin says so (unpin_user_pages_dirty_lock())
 *
 * GUP-fast finds pages without a lock (gup_fast.c); what it cannot do is done under mmap_lock, with faults (gup.c).
 * Source: mm/gup.c.
 */
#ifndef FAULTLINE_CORE_OP_GUP_H
#define FAULTLINE_CORE_OP_GUP_H

#include "core/mm/mm_types.h"

#define FOLL_WRITE	0x01u	/* pages to write to: writable, and the mm's alone */
#define FOLL_LONGTERM	0x02u	/* held for long: never the page of zeroes, nor one shared with a file. Pins only */
#define FOLL_FAST_ONLY	0x04u	/* what GUP-fast gets, and no more. The _fast calls only */
#define FOLL_GET	0x10u	/* set by the calls themselves: this, or */
#define FOLL_PIN	0x20u

/*
 * get_user_pages_fast, pin_user_pages_fast - the @nr pages from @start on into @pages, without a lock where that works.
 * get_user_pages_unlocked, pin_user_pages_unlocked - the same under mmap_lock throughout.
 *
 * All return how many pages were got, fewer than @nr where one could not be, and 0 for @nr 0 or with FOLL_FAST_ONLY. When not
 * even the first: -EFAULT, no such address, or the VMA does not allow it, as shared mappings of files do not what is written to for
 * long; -ENOMEM, also for a page that has 2^31 references, or 2^21 pins; -EINVAL for flags that mean nothing.
 *
 * Who gets pages calls put_page() for each, who pins them unpin_user_page(). The shared page of zeroes may come to who only reads:
 * it is got like any page, but not counted as pinned. Who reads an address that was never written, and keeps the pin for long, asks
 * for FOLL_LONGTERM: else what is written to the address later goes to another page.
 *
 * Locking: none held; the mm lives. Source: mm/gup.c.
 */
long get_user_pages_fast(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags, struct page **pages);
long pin_user_pages_fast(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags, struct page **pages);
long get_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			     struct page **pages);
long pin_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			     struct page **pages);

/* Ends pins. Locking: any. Source: mm/gup.c. */
void unpin_user_page(struct page *page);
void unpin_user_pages(struct page **pages, unsigned long nr);
/*
 * unpin_user_pages_dirty_lock - the same by who has written to them: pages of files are dirty from then on, though they were written
 * back in between. Locking: none held; waits for folio locks. Source: mm/gup.c.
 */
void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr);

#endif
