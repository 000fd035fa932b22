/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd.c - the faults that wait: queued, read, woken. */
#include "core/op/userfaultfd.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/lock/wait.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/op/uffd_queue.h"
#include "core/op/vm_fault.h"
#include "core/pgtable/swapent.h"
#include "core/probe/operation.h"

DEFINE_EVENT(UFFD_WAIT, "faults that waited for a userfaultfd");
DEFINE_EVENT(UFFD_WAIT_WP, "of those, writes to pages that it write-protects");

/* On the stack of its fault. Lock key: (L) the userfaultfd's lock (C) const while queued (A) atomic */
struct uffd_wait {
	TAILQ_ENTRY(uffd_wait) link;	/* (L) */
	unsigned long addr;		/* (C) */
	unsigned int flags;		/* (C) */
	struct uffd_waits *queue;	/* (L) NULL: it is about to be woken */
	uint32_t woken;			/* (A) the fault starts over; then it is dead, as is a late futex_wake() */
};

TAILQ_HEAD(uffd_waits, uffd_wait);

/* Lock key: (C) const (A) atomic (L) lock */
struct userfaultfd_ctx {
	struct mm_struct *mm;		/* (C) a reference to the struct */
	uint32_t refs;			/* (A) its owner's, and one of each fault that is queued */
	spinlock_t lock;
	struct uffd_waits pending;	/* (L) faults that were not read yet */
	struct uffd_waits reported;	/* (L) those read */
};

DEFINE_KNOCKOUT(UFFD_MUST_WAIT,
	.name = "uffd:must-wait",
	.removes = "reading the entry again once a fault is queued for a userfaultfd",
	.breaks = "a fault that sleeps though its page is there, or no longer write-protected",
	.detected_by = "the deadlock of a schedule",
	.hunt = "explore fault_vs_uffd_copy");

struct mm_struct *uffd_mm(const struct userfaultfd_ctx *ctx)
{
	return ctx->mm;
}

struct userfaultfd_ctx *userfaultfd_create(struct mm_struct *mm)
{
	struct userfaultfd_ctx *ctx = node_zalloc(mm->pt.home, sizeof(*ctx), CACHE_LINE);

	if (!ctx)
		return NULL;
	mmgrab(mm);
	ctx->mm = mm;
	ctx->refs = 1;
	spin_lock_init(&ctx->lock, mm->pt.policy.spin, RANK_UFFD);
	TAILQ_INIT(&ctx->pending);
	TAILQ_INIT(&ctx->reported);
	return ctx;
}

void uffd_put(struct userfaultfd_ctx *ctx)
{
	struct mm_struct *mm = ctx->mm;

	/* ORDER: refcount */
	if (fetch_sub_acq_rel(&ctx->refs, 1u) != 1)
		return;
	BUG_ON(!TAILQ_EMPTY(&ctx->pending) || !TAILQ_EMPTY(&ctx->reported));
	node_free(ctx, mm->pt.home, sizeof(*ctx));
	mmdrop(mm);
}

/* ---- the fault ---- */

/* Under the fault's lock: the userfaultfd is not released before it has this wait. */
static void queue(struct userfaultfd_ctx *ctx, struct uffd_wait *wait)
{
	fetch_add_relaxed(&ctx->refs, 1u);
	spin_lock(&ctx->lock);
	wait->queue = &ctx->pending;
	TAILQ_INSERT_TAIL(wait->queue, wait, link);
	spin_unlock(&ctx->lock);
}

/* False: a thread is waking it. */
static bool unqueue(struct userfaultfd_ctx *ctx, struct uffd_wait *wait)
{
	bool queued;

	spin_lock(&ctx->lock);
	queued = wait->queue;
	if (queued)
		TAILQ_REMOVE(wait->queue, wait, link);
	spin_unlock(&ctx->lock);
	return queued;
}

/* Source: fs/userfaultfd.c, userfaultfd_must_wait(). Locking: that of the fault, which keeps upper tables. */
static bool must_wait(struct vm_fault *vmf, unsigned long reason)
{
	spinlock_t *ptl;
	pte_t *ptep, pte;

	if (KNOCKED_OUT(UFFD_MUST_WAIT))
		return true;
	ptep = pte_offset_map_lock(vmf->pt, vmf->pmdp, vmf->addr, &ptl);
	if (!ptep)
		return reason != VM_UFFD_WP && pmd_none(pmdp_get(vmf->pmdp));
	pte = ptep_get(ptep);
	pte_unmap_unlock(vmf->pt, ptl);
	return reason != VM_UFFD_WP ? pte_none(pte) : !pte_none(pte) && pte_uffd_wp_any(pte);
}

/* Source: include/linux/mm.h. */
static void release_fault_lock(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;

	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		vma_end_read(mm, vmf->vma);
	else
		mmap_read_unlock(mm);
}

static void sleep_until_woken(struct uffd_wait *wait)
{
	count_event(EV_UFFD_WAIT);
	if (wait->flags & UFFD_PAGEFAULT_FLAG_WP)
		count_event(EV_UFFD_WAIT_WP);
	/* ORDER[uffd-wake:B] before the wait's memory is used for something else. Pairs with ORDER[uffd-wake:A]. */
	while (!load_acquire(&wait->woken))
		futex_wait(&wait->woken, 0);
}

vm_fault_t handle_userfault(struct vm_fault *vmf, unsigned long reason)
{
	struct userfaultfd_ctx *ctx = vmf->vma->vm_uffd;
	struct uffd_wait wait = {
		.addr = vmf->addr,
		.flags = (vmf->flags & FAULT_FLAG_WRITE ? UFFD_PAGEFAULT_FLAG_WRITE : 0) |
			 (reason == VM_UFFD_WP ? UFFD_PAGEFAULT_FLAG_WP : 0) |
			 (reason == VM_UFFD_MINOR ? UFFD_PAGEFAULT_FLAG_MINOR : 0),
	};
	bool waits;

	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return VM_FAULT_SIGBUS;
	SYNCPOINT("uffd.before_queue");
	queue(ctx, &wait);
	SYNCPOINT("uffd.queued");
	waits = must_wait(vmf, reason);
	release_fault_lock(vmf);
	if (waits || !unqueue(ctx, &wait))
		sleep_until_woken(&wait);
	uffd_put(ctx);
	return VM_FAULT_RETRY | VM_FAULT_DROPPED;
}

/* ---- its user ---- */

int uffd_validate_range(unsigned long start, unsigned long len)
{
	if (!IS_ALIGNED(start, PAGE_SIZE) || !IS_ALIGNED(len, PAGE_SIZE) || !len || start < MMAP_MIN_ADDR ||
	    start >= TASK_SIZE || len > TASK_SIZE - start)
		return -EINVAL;
	return 0;
}

int userfaultfd_read(struct userfaultfd_ctx *ctx, unsigned long *addr, unsigned int *flags)
{
	struct uffd_wait *wait;

	spin_lock(&ctx->lock);
	wait = TAILQ_FIRST(&ctx->pending);
	if (wait) {
		*addr = wait->addr;
		*flags = wait->flags;
		TAILQ_REMOVE(wait->queue, wait, link);
		wait->queue = &ctx->reported;
		TAILQ_INSERT_TAIL(wait->queue, wait, link);
	}
	spin_unlock(&ctx->lock);
	return wait ? 0 : -EAGAIN;
}

/* Moves what waits in the range from @queue to @woken. Locking: ctx->lock. */
static void take_waits(struct uffd_waits *queue, struct uffd_waits *woken, unsigned long start, unsigned long end)
{
	struct uffd_wait *wait, *next;

	for (wait = TAILQ_FIRST(queue); wait; wait = next) {
		next = TAILQ_NEXT(wait, link);
		if (wait->addr < start || wait->addr >= end)
			continue;
		TAILQ_REMOVE(queue, wait, link);
		wait->queue = NULL;
		TAILQ_INSERT_TAIL(woken, wait, link);
	}
}

void uffd_wake_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end)
{
	struct uffd_waits woken = TAILQ_HEAD_INITIALIZER(woken);
	struct uffd_wait *wait, *next;

	spin_lock(&ctx->lock);
	take_waits(&ctx->pending, &woken, start, end);
	take_waits(&ctx->reported, &woken, start, end);
	spin_unlock(&ctx->lock);
	for (wait = TAILQ_FIRST(&woken); wait; wait = next) {
		next = TAILQ_NEXT(wait, link);
		/*
		 * ORDER[uffd-wake:A] after the last access to the wait. Pairs with ORDER[uffd-wake:B]. Weaker: the
		 * next one is read from a stack that is in use again.
		 */
		store_release(&wait->woken, 1u);
		futex_wake_all(&wait->woken);
	}
}

int userfaultfd_wake(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len)
{
	OPERATION("uffd wake", ctx->mm, start);
	int err = uffd_validate_range(start, len);

	if (!err)
		uffd_wake_range(ctx, start, start + len);
	return err;
}
