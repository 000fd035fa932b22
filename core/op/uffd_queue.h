/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_queue.h - a userfaultfd, for the files that register ranges, fill in pages and report events. */
#ifndef FAULTLINE_CORE_OP_UFFD_QUEUE_H
#define FAULTLINE_CORE_OP_UFFD_QUEUE_H

#include "core/mm/address_space.h"
#include "core/op/userfaultfd.h"

/*
 * On the stack of the thread that waits until it was read. Lock key: (L) the userfaultfd's lock (C) const while queued
 * (A) atomic
 */
struct uffd_event {
	TAILQ_ENTRY(uffd_event) link;	/* (L) */
	struct uffd_msg msg;		/* (C) */
	struct userfaultfd_ctx *child;	/* (L) of a fork: its waiter's, until it was read; else NULL */
	uint32_t woken;			/* (A) it was read, or never will be; then it is dead, as in struct uffd_wait */
};

TAILQ_HEAD(uffd_waits, uffd_wait);
TAILQ_HEAD(uffd_events, uffd_event);

/* Lock key: (C) const (A) atomic (L) lock (R) const once a range is registered */
struct userfaultfd_ctx {
	struct mm_struct *mm;		/* (C) a reference to the struct */
	uint64_t features;		/* (R) UFFD_FEATURE_EVENT_*, and UFFD_INITIALIZED */
	uint32_t refs;			/* (A) its owner's, one of each fault that is queued, and of each event */
	uint32_t mmap_changing;		/* (A) events that are outstanding; raised under map_changing_lock for write */
	struct rwsem map_changing_lock;	/* (A) for read while pages are filled in */
	spinlock_t lock;
	struct uffd_waits pending;	/* (L) faults that were not read yet */
	struct uffd_waits reported;	/* (L) those read */
	struct uffd_events events;	/* (L) those that were not read yet */
	bool released;			/* (L) none is read any more */
};

#define UFFD_INITIALIZED	(1ull << 63)	/* userfaultfd_api() was called */

/* Locking: mmap_lock or the VMA lock. Source: include/linux/mm.h. */
static inline bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return !vma_is_anonymous(vma) && shmem_mapping(&vma->vm_file->mapping);
}

/*
 * vma_can_userfault - true if @vma may be a userfaultfd's, for @modes of __VM_UFFD_FLAGS. vma_move_compatible() - if
 * pages may be moved from there, and to there. Locking: mmap_lock or the VMA lock. Source: include/linux/
 * userfaultfd_k.h; mm/userfaultfd.c.
 */
static inline bool vma_can_userfault(const struct vm_area_struct *vma, unsigned long modes)
{
	if (vma->vm_flags & (VM_SPECIAL | VM_HUGETLB))
		return false;
	return vma_is_anonymous(vma) ? !(modes & VM_UFFD_MINOR) : vma_is_shmem(vma) && !(modes & VM_UFFD_WP);
}

static inline bool vma_move_compatible(const struct vm_area_struct *vma)
{
	return vma_is_anonymous(vma) && !(vma->vm_flags & (VM_SPECIAL | VM_HUGETLB));
}

/* -EINVAL unless the range is aligned, not empty, and in bounds. Source: fs/userfaultfd.c, validate_range(). */
int uffd_validate_range(unsigned long start, unsigned long len);
/* Wakes faults in [@start, @end). Locking: none, or any but a leaf. */
void uffd_wake_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end);
/* Events are not waited for any more, from now on. Locking: as above. */
void uffd_flush_events(struct userfaultfd_ctx *ctx);
/* Sleeps until another thread sets *@woken, of a wait or an event. Locking: none held. */
void uffd_sleep(uint32_t *woken);
/*
 * uffd_mmap_changing - true if an event is outstanding; it may be stale. uffd_fill_begin() - true if none is, and none
 * begins until uffd_fill_end(). Locking: the VMA's, or mmap_lock. Source: mm/userfaultfd.c, mfill_atomic().
 */
bool uffd_mmap_changing(const struct userfaultfd_ctx *ctx);
bool uffd_fill_begin(struct userfaultfd_ctx *ctx) __must_check;
void uffd_fill_end(struct userfaultfd_ctx *ctx);
/*
 * uffd_event_begin - from now on no page is filled in, until uffd_event_end(), which each begin has one of: it finds by
 * its own locks what the operation has changed. Locking: to begin, mmap_lock, under which a VMA is @ctx's.
 * uffd_event_wait() - queues @event, and sleeps until it was read, or will not be. Locking: none held. Source:
 * fs/userfaultfd.c, userfaultfd_event_wait_completion().
 */
void uffd_event_begin(struct userfaultfd_ctx *ctx);
void uffd_event_wait(struct userfaultfd_ctx *ctx, struct uffd_event *event);
void uffd_event_end(struct userfaultfd_ctx *ctx);
/* arg.remap has the bytes of arg.remove, and all others: no garbage is read. @len 0: of a range. */
static inline struct uffd_event uffd_event_of(unsigned char type, unsigned long from, unsigned long to,
					      unsigned long len)
{
	return (struct uffd_event){ .msg = { .event = type, .arg.remap = { from, to, len } } };
}

/* Drops a reference; the last one frees it. Locking: none held. */
void uffd_put(struct userfaultfd_ctx *ctx);
/* Its address space, in which the caller has no user. */
static inline struct mm_struct *uffd_mm(const struct userfaultfd_ctx *ctx)
{
	return ctx->mm;
}

#endif
