/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contents.h - what pages hold, looked at through their entries as a program would, while a run is checked. */
#ifndef FAULTLINE_WORKLOADS_LIB_CONTENTS_H
#define FAULTLINE_WORKLOADS_LIB_CONTENTS_H

#include "core/faultline.h"

/* Called under the PTL of the entry that maps @page at @addr. */
typedef int page_fn(struct page *page, unsigned long addr, void *arg);

/*
 * access_payload - calls @fn with the page mapped at @addr. Returns what @fn does; -ENOENT when nothing accessible is
 * mapped there. Locking: none held.
 */
int access_payload(struct mm_struct *mm, unsigned long addr, page_fn *fn, void *arg);
/* The same as a write would: -EAGAIN when the entry allows none. */
int access_payload_to_write(struct mm_struct *mm, unsigned long addr, page_fn *fn, void *arg);

/*
 * contents_mark - the page at @addr was just mapped by a first write: it must be anonymous, know its address and hold
 * zeroes, and then holds @mark. contents_expect - it still does. contents_zero - what is mapped reads as zeroes.
 * Each returns 0, -ENOENT, or -EUCLEAN when it differs. With payload 0 pages have no contents, and only the presence of
 * the page is checked.
 */
int contents_mark(struct mm_struct *mm, unsigned long addr, uint64_t mark);
int contents_expect(struct mm_struct *mm, unsigned long addr, uint64_t mark);
int contents_zero(struct mm_struct *mm, unsigned long addr);

/* A device writes: @page holds @mark from now on. Locking: a reference to the page. */
void contents_put(struct page *page, uint64_t mark);

/*
 * Pages that fork shares. contents_write - a write that needs no fault: the page at @addr must be this entry's alone,
 * and holds @mark from now on; -EAGAIN when the entry allows no write. contents_read - *@mark is what it holds. Else as
 * above.
 */
int contents_write(struct mm_struct *mm, unsigned long addr, uint64_t mark);
int contents_read(struct mm_struct *mm, unsigned long addr, uint64_t *mark);

#endif
