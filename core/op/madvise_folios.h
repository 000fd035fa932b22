/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * madvise_folios.h - advice about the folios of a range: MADV_COLD and MADV_FREE.
 *
 * MADV_COLD leaves folios alone that others map too. A large one is taken as a whole if all of its pages are mapped in
 * the range, and else split first; one that cannot be split is skipped. Source: mm/madvise.c.
 */
#ifndef FAULTLINE_CORE_OP_MADVISE_FOLIOS_H
#define FAULTLINE_CORE_OP_MADVISE_FOLIOS_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(MADV_FREE);

/*
 * madvise_cold - the folios that @vma maps in [@start, @end) are no longer recently used: clears the accessed bits of
 * their entries. Returns 0; -EINVAL (raw frames, hugetlb, locked memory). Locking: mmap_lock; no spinlock. Source:
 * mm/madvise.c.
 */
int madvise_cold(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/*
 * madvise_free - the contents of [@start, @end) are not needed: frees swap entries, and marks folios as lazily freed,
 * with clean entries. Reclaim frees such a folio without a write (op/reclaim.c), until a write makes an entry dirty;
 * so do the dirty entries of others. Guards stay. Skipped are a folio that is merged, or locked at the moment, or in a
 * swap slot still, and one that others map after it was in one. One that another mm has mlocked is not marked.
 * Returns 0; -EINVAL (a file); the caller checks for raw frames, hugetlb and locked memory. Locking: mmap_lock; no
 * spinlock. Source: mm/madvise.c, madvise_free_single_vma().
 */
int madvise_free(struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
