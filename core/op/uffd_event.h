/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_event.h - what fork, munmap, mmap, mremap and madvise report to a userfaultfd that asked for it.
 *
 * The operation counts its event in mmap_changing, and waits, without locks, until a thread has read it. Meanwhile
 * pages are not filled in:
 *
 *   event                                        filling in
 *   (E1) under map_changing_lock for write:      (C1) lock the VMA, and map_changing_lock for read
 *        mmap_changing + 1                       (C2) a try that fails, or mmap_changing is not 0: -EAGAIN
 *   (E2) copy, move or unmap pages               (C3) map pages
 *   (E3) wait until the event was read           (C4) unlock both
 *   (E4) mmap_changing - 1
 *
 * C1 to C4 come as a whole before E1, or after E3. So what was filled in before an event was read was there when pages
 * were copied, moved or unmapped; and later calls find them so. For mremap() E2 comes before E1, both with the VMAs
 * write-locked, which keeps C1 to C4 out; madvise() drops its pages after E4, and then whatever is filled in meanwhile.
 *
 * Source: fs/userfaultfd.c, include/linux/userfaultfd_k.h.
 */
#ifndef FAULTLINE_CORE_OP_UFFD_EVENT_H
#define FAULTLINE_CORE_OP_UFFD_EVENT_H

#include "core/op/userfaultfd.h"

struct uffd_fork;
struct uffd_unmap;
STAILQ_HEAD(uffd_forks, uffd_fork);
STAILQ_HEAD(uffd_unmaps, uffd_unmap);

/* (T) one mremap(); ctx NULL: nothing is reported */
struct uffd_remap {
	struct userfaultfd_ctx *ctx;
	unsigned long from, to, len;
};

/*
 * dup_userfaultfd - @vma is a copy, of a child, that its parent's userfaultfd has: it gets one of its own, the same as
 * the child's other VMAs of it, if events of forks are asked for, and else none. Returns 0 or -ENOMEM. Locking:
 * mmap_lock of both mms for write. dup_userfaultfd_complete() - reports all of a fork, and waits; a child's userfaultfd
 * that no thread reads is released. dup_userfaultfd_fail() - the child has ended: nothing is reported. Locking: none
 * held. Source: fs/userfaultfd.c.
 */
int dup_userfaultfd(struct vm_area_struct *vma, struct uffd_forks *forks);
void dup_userfaultfd_complete(struct uffd_forks *forks);
void dup_userfaultfd_fail(struct uffd_forks *forks);

/* True if what moves from @vma is not its userfaultfd's any more. Locking: mmap_lock. Source: fs/userfaultfd.c. */
bool vma_has_uffd_without_event_remap(const struct vm_area_struct *vma);
/*
 * mremap_userfaultfd_prep - @vma, write-locked, which a userfaultfd has, got the pages of a range that moved: it stays
 * the userfaultfd's, and @remap is to be reported, or it is none's any more. Locking: mmap_lock for write.
 * mremap_userfaultfd_complete() - reports it, and waits. Locking: none held. Source: fs/userfaultfd.c.
 */
void mremap_userfaultfd_prep(struct vm_area_struct *vma, struct uffd_remap *remap, unsigned long from, unsigned long to,
			     unsigned long len);
void mremap_userfaultfd_complete(struct uffd_remap *remap);

/*
 * userfaultfd_remove - pages of @vma in [@start, @end) are about to go: reports that, and waits, without mmap_lock.
 * Returns true if nothing was reported; else false, mmap_lock is dropped, and @vma may have gone. Locking: mmap_lock
 * for read. Source: fs/userfaultfd.c.
 */
bool userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/*
 * userfaultfd_unmap_prep - VMAs in [@start, @end) are about to be unmapped, to be reported to each userfaultfd that has
 * one. Returns 0, or -ENOMEM, with some of them in @unmaps. Locking: mmap_lock for write. userfaultfd_unmap_complete()
 * - reports it, and waits. Locking: none held. Source: fs/userfaultfd.c.
 */
int userfaultfd_unmap_prep(struct mm_struct *mm, unsigned long start, unsigned long end, struct uffd_unmaps *unmaps);
void userfaultfd_unmap_complete(struct uffd_unmaps *unmaps);

#endif
