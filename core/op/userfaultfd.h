/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userfaultfd.h - faults that wait until another thread has filled in or mapped the page, or no longer protects it.
 *
 * A range of an address space is registered with a userfaultfd, for what its user chooses: faults on missing pages,
 * anonymous ones, or those that the file of shared memory does not have; minor faults, on pages that the file has and
 * no entry maps; and writes to pages that the user write-protects. Such a fault queues itself, drops its lock and
 * sleeps; another thread reads the address, maps a page there or takes the protection away, and wakes it. Then it
 * starts over.
 *
 * No wake-up is lost, as the fault reads its entry again once it is queued, under the PTL:
 *
 *   fault                                        filling in
 *   (F1) the entry is none, or protected         (U1) change the entry
 *   (F2) queue, under ctx->lock                  (U2) wake what is queued, under ctx->lock
 *   (F3) the entry is so still: sleep
 *
 * U2 after F2 finds the fault. U2 before F2: the lock orders U1 before F3, which finds the change. (F3 in Linux reads
 * the entry without its lock, and may find none while a thread moves it from one form to another. A protected page is
 * there whatever form its entry has: its uffd-wp bit alone decides, where Linux also waits for one that is read-only.)
 *
 * Nor is one lost when the range is no longer registered: the fault queues itself under the VMA lock or mmap_lock, both
 * of which are held for write before the last wake-up, so that none queues itself later.
 *
 * An entry with the uffd-wp bit is read-only, whatever its VMA allows: fault, mprotect() and forced writes leave it so,
 * and what replaces the entry (swap, migration, KSM) keeps the bit. Leaves have none: they are split, and do not
 * collapse.
 *
 * Other events than faults are reported if its user asks for them (uffd_event.h): forks, of which a child's VMAs get a
 * userfaultfd of their own, moves by mremap(), and pages that madvise() or munmap() removes. Else a child's VMAs, and
 * those that moved, are not registered.
 *
 * Not here: protection of shared memory and of what is not mapped, and the asynchronous mode. Faults of mlock(),
 * madvise() and remote accesses cannot wait, and fail.
 *
 * Source: fs/userfaultfd.c, mm/userfaultfd.c; include/uapi/linux/userfaultfd.h.
 */
#ifndef FAULTLINE_CORE_OP_USERFAULTFD_H
#define FAULTLINE_CORE_OP_USERFAULTFD_H

#include <linux/userfaultfd.h>

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/probe/knockout.h"

DECLARE_EVENT(UFFD_WAIT);
DECLARE_EVENT(UFFD_WAIT_WP);
DECLARE_EVENT(UFFD_EVENT);
DECLARE_EVENT(UFFD_FILLED);
DECLARE_EVENT(UFFD_MOVED);
DECLARE_EVENT(UFFD_MOVED_PMD);
DECLARE_EVENT(UFFD_MOVED_SWAP);
DECLARE_KNOCKOUT(UFFD_MUST_WAIT);
DECLARE_KNOCKOUT(UFFD_UNREGISTER_LOCK);
DECLARE_KNOCKOUT(UFFD_EVENT_CHANGING);
DECLARE_KNOCKOUT(UFFD_EVENT_LOCK);
DECLARE_KNOCKOUT(UFFD_EVENT_RELEASE);
DECLARE_KNOCKOUT(UFFD_FILL_RECHECK);
DECLARE_KNOCKOUT(UFFD_MOVE_RECHECK);
DECLARE_KNOCKOUT(UFFD_MOVE_PINS);
DECLARE_KNOCKOUT(UFFD_MOVE_SWAP);

#ifndef UFFDIO_MOVE_MODE_DONTWAKE	/* Linux 6.8 */
#define UFFDIO_MOVE_MODE_DONTWAKE	1ul
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES	2ul
#endif

/* A userfaultfd for @mm, and a reference to it. NULL without memory. Locking: none held. */
struct userfaultfd_ctx *userfaultfd_create(struct mm_struct *mm);
/*
 * userfaultfd_api - asks for events: @features of UFFD_EVENT_FEATURES. Called before the first range is registered.
 * Returns 0; -EINVAL for others, or if it was called before. Locking: none. Source: fs/userfaultfd.c.
 */
#define UFFD_EVENT_FEATURES \
	(UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP)
int userfaultfd_api(struct userfaultfd_ctx *ctx, uint64_t features);
/*
 * Closes it: nothing is registered any more, all faults that wait start over, and no thread waits for an event to be
 * read; the child's userfaultfd of a fork that was not is closed, too. Locking: none held.
 */
void userfaultfd_release(struct userfaultfd_ctx *ctx);

/*
 * userfaultfd_register - from now on missing pages in the range are the userfaultfd's, or its user may write-protect
 * pages, or minor faults are its: @mode is one or more of UFFDIO_REGISTER_MODE_MISSING, _WP (anonymous memory) and
 * _MINOR (shared memory), and replaces another one; but a VMA that has all of @mode stays as it is. Without _WP in
 * @mode no page is protected any more (in Linux the bits stay, unused). userfaultfd_unregister() - no longer; faults
 * that wait start over, as ordinary ones. Both skip holes. Return 0; -EINVAL for another mode, or a range that is
 * empty, not aligned, out of bounds, without a VMA, or with one that is neither of private anonymous pages nor of
 * shared memory, or not for @mode; -EBUSY, to unregister -EINVAL, if another one has a VMA; -ENOMEM; -ESRCH if the
 * address space has ended. Locking: none held. Source: fs/userfaultfd.c.
 */
int userfaultfd_register(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len, unsigned long mode);
int userfaultfd_unregister(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len);

/*
 * userfaultfd_read - stores the address and the flags (UFFD_PAGEFAULT_FLAG_WRITE, _WP, _MINOR) of a fault that was
 * not read before. Returns 0, or -EAGAIN if there is none. Locking: none. Source: fs/userfaultfd.c,
 * userfaultfd_ctx_read().
 */
int userfaultfd_read(struct userfaultfd_ctx *ctx, unsigned long *addr, unsigned int *flags);
/*
 * userfaultfd_read_msg - stores the first fault as UFFD_EVENT_PAGEFAULT, else the first event, which then no longer
 * waits: UFFD_EVENT_FORK, with the userfaultfd of the child's VMAs in *@child (else NULL), which the caller releases;
 * UFFD_EVENT_REMAP (arg.remap: from, to, len), UFFD_EVENT_REMOVE and UFFD_EVENT_UNMAP (arg.remove: start, end).
 * Returns 0, or -EAGAIN if there is none. Locking: none. Source: fs/userfaultfd.c, userfaultfd_ctx_read().
 */
int userfaultfd_read_msg(struct userfaultfd_ctx *ctx, struct uffd_msg *msg, struct userfaultfd_ctx **child);
/* Faults in the range start over. Returns 0, or -EINVAL for a bad range. Locking: none held. */
int userfaultfd_wake(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len);

/*
 * What fills in, maps, protects or moves pages, below, returns -EAGAIN if an event is outstanding, or begins: one that
 * was not read yet, or whose operation has not noticed.
 */

/*
 * userfaultfd_copy - maps new pages over a range in which nothing is mapped but guard regions, which go, with the
 * contents at @src, of machine.payload bytes each; and wakes faults there, without UFFDIO_COPY_MODE_DONTWAKE in @mode.
 * With UFFDIO_COPY_MODE_WP they are write-protected; -EINVAL if the VMA is not registered for that.
 * userfaultfd_zeropage() - maps the zero page, and keeps guard regions. In a shared mapping both add a page to the
 * file, and guard regions go. Return the number of bytes mapped, less than @len if an error came behind; else -EEXIST
 * if something is mapped, or in the file, -ENOENT unless a VMA that any userfaultfd has contains the range, -EFAULT
 * beyond the file's end, -ENOMEM, -EINVAL, -ESRCH. Locking: none held. Source: mm/userfaultfd.c, mfill_atomic().
 */
long userfaultfd_copy(struct userfaultfd_ctx *ctx, unsigned long dst, const void *src, unsigned long len,
		      unsigned long mode);
long userfaultfd_zeropage(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long len, unsigned long mode);
/*
 * userfaultfd_continue - maps the pages that the file of the range, shared memory, has there; in a private mapping
 * read-only. Wakes as userfaultfd_copy(). Returns as that; -EFAULT for a page that the file does not have, -EINVAL for
 * other memory. Locking: none held. Source: mm/userfaultfd.c, mfill_atomic_continue().
 */
long userfaultfd_continue(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len, unsigned long mode);

/*
 * userfaultfd_writeprotect - pages that are there in the range are write-protected from now on, with
 * UFFDIO_WRITEPROTECT_MODE_WP in @mode; else no longer, and faults there are woken, without
 * UFFDIO_WRITEPROTECT_MODE_DONTWAKE. Once it has returned no processor writes to a protected page; but pins do.
 * Returns 0; -ENOENT for a VMA that is not registered for it (those before are changed), or without any; -EINVAL for a
 * bad range, or both modes; -ESRCH. Locking: none held. Source: mm/userfaultfd.c, mwriteprotect_range().
 */
int userfaultfd_writeprotect(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len, unsigned long mode);

/*
 * userfaultfd_move - moves the pages at @src, with their contents, to @dst, where nothing is mapped; and wakes faults
 * there, without UFFDIO_MOVE_MODE_DONTWAKE. Both ranges lie in one VMA each, private anonymous memory with the same
 * rights, one that @ctx has registered at @dst. Returns the number of bytes moved, less than @len if an error came
 * behind; else -EEXIST if something is mapped at @dst; -ENOENT if nothing is at @src, without
 * UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, or there is no VMA; -EBUSY for a page that is shared, pinned, or large; -EFAULT
 * for a guard region, a hwpoisoned page, and one in device memory; -EINVAL, -ENOMEM, -ESRCH. Locking: none held.
 * Source: mm/userfaultfd.c, move_pages().
 */
long userfaultfd_move(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long src, unsigned long len,
		      unsigned long mode);

#endif
