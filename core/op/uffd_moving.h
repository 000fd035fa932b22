/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_moving.h - a move of pages for a userfaultfd, while it is done. Source: mm/userfaultfd.c, move_pages(). */
#ifndef FAULTLINE_CORE_OP_UFFD_MOVING_H
#define FAULTLINE_CORE_OP_UFFD_MOVING_H

#include "core/op/uffd_queue.h"

/* (T) all of it */
struct uffd_move {
	struct userfaultfd_ctx *ctx;
	struct mm_struct *mm;
	struct vm_area_struct *dst, *src;	/* while locked */
	bool mmap_locked;			/* by mmap_lock; else by both VMA locks */
	unsigned long mode;
	struct folio *busy;			/* a reference: its lock is to be waited for, without locks */
};

DECLARE_KNOCKOUT(UFFD_MOVE_RECHECK);
DECLARE_KNOCKOUT(UFFD_MOVE_PINS);

/*
 * uffd_move_lock_vmas - finds the VMAs of @dst and @src, and locks both, or mmap_lock for read. Returns 0, -ENOENT or
 * -ENOMEM, with the locks all the same. uffd_move_unlock_vmas() - drops the locks. Source: mm/userfaultfd.c,
 * uffd_move_lock().
 */
int uffd_move_lock_vmas(struct uffd_move *move, unsigned long dst, unsigned long src);
void uffd_move_unlock_vmas(struct uffd_move *move);
/* True if pages may be moved so. Locking: those of the VMAs. Source: mm/userfaultfd.c, validate_move_areas(). */
bool uffd_move_areas_valid(const struct uffd_move *move, unsigned long dst, unsigned long src, unsigned long len);

/*
 * uffd_move_lock_folio - takes the folio's lock. Under VMA locks, below which it ranks, that is only tried: false, and
 * move->busy has the caller's reference. uffd_move_wait() - waits for that lock, and drops the reference. Locking: none
 * held.
 */
bool uffd_move_lock_folio(struct uffd_move *move, struct folio *folio);
void uffd_move_wait(struct uffd_move *move);

/*
 * uffd_move_huge_pmd - moves the huge page that the leaf at @src_pmdp maps from @src to @dst, if @left bytes from there
 * on are its whole range and there is no table at @dst_pmdp; else splits the leaf. Returns PMD_SIZE; -EAGAIN: it was
 * split, changed, or waited for; -EBUSY: it is shared or pinned. Locking: mmap_lock or the VMA locks of both. Source:
 * mm/huge_memory.c, move_pages_huge_pmd().
 */
long uffd_move_huge_pmd(struct uffd_move *move, pmd_t *dst_pmdp, pmd_t *src_pmdp, unsigned long dst, unsigned long src,
			unsigned long left);

#endif
