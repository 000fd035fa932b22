/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ksm.h - merges anonymous pages with equal contents, in VMAs with VM_MERGEABLE, of any mm.
 *
 * A page is made read-only everywhere, then its contents are compared, then it is replaced. Between the first and the
 * last step they can't change: a write is a fault, which copies, and a holder of a reference would have been found.
 *
 *   KSM                                             another thread
 *   (A1) clear the entry                            (B1) GUP: as in rmap.h; a pin, or a reference, for writing
 *        full barrier  gup-share:A                  (B2) a write: a fault, which copies the page, so that the entry
 *   (A2) references besides mappings, a swap slot        changes, or makes it writable again
 *        and KSM's own: restore the entry, give up
 *   (A3) clear exclusive, set a read-only entry
 *   (A4) compare with the merged page
 *   (A5) under the PTL: the entry has changed
 *        since A3: give up; else replace it
 *
 * Source: mm/ksm.c, write_protect_page(), replace_page().
 */
#ifndef FAULTLINE_CORE_OP_KSM_H
#define FAULTLINE_CORE_OP_KSM_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(KSM_MERGED);
DECLARE_EVENT(KSM_BUSY);
DECLARE_EVENT(KSM_BROKEN);

/*
 * ksm_scan - visits the next @nr pages of @mm in VMAs with VM_MERGEABLE, from where the last scan of @mm stopped, up to
 * the end of the mm, and merges those whose contents are in the stable tree; or have not changed since the last visit,
 * and are those of another page. Small folios only. Returns the number of entries that map a merged folio now and did
 * not before. Any thread may call it; one runs at a time. Locking: none held; @mm does not exit meanwhile. Source:
 * mm/ksm.c, ksm_do_scan().
 */
unsigned long ksm_scan(struct mm_struct *mm, unsigned long nr);

/*
 * break_ksm - gives the merged page that @vma maps at @addr, if there is one, a copy of its own. Returns 0 or -ENOMEM.
 * Locking: mmap_lock. Source: mm/ksm.c.
 */
int break_ksm(struct vm_area_struct *vma, unsigned long addr);

/*
 * ksm_madvise - MADV_MERGEABLE, MADV_UNMERGEABLE for [@start, @end) in @vma: *@flags are the flags it shall have.
 * UNMERGEABLE first gives each merged page of the range a copy of its own. Returns 0 or -ENOMEM. Locking: mmap_lock for
 * write. Source: mm/ksm.c.
 */
int ksm_madvise(struct vm_area_struct *vma, unsigned long start, unsigned long end, int advice, unsigned long *flags);

#endif
