/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd.c - the faults that wait: queued, read, woken; and events: read. */
#include "core/op/userfaultfd.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/lock/wait.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/op/uffd_event.h"
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

DEFINE_KNOCKOUT(UFFD_MUST_WAIT,
	.name = "uffd:must-wait",
	.removes = "reading the entry again once a fault is queued for a userfaultfd",
	.breaks = "a fault that sleeps though its page is there, or no longer write-protected",
	.detected_by = "the deadlock of a schedule",
	.hunt = "explore fault_vs_uffd_copy");

DEFINE_KNOCKOUT(UFFD_EVENT_CHANGING,
	.name = "uffd-event:changing",
	.removes = "the checks of mmap_changing before pages are filled in",
	.breaks = "a child lacks a page that was filled in before its fork was read",
	.detected_by = "the check of a child's pages, in the scenario",
	.hunt = "explore uffd_copy_vs_uffd_fork",
	.mirrors = "userfaultfd: prevent non-cooperative events vs mcopy_atomic races");

DEFINE_KNOCKOUT(UFFD_EVENT_RELEASE,
	.name = "uffd-event:release",
	.removes = "waking the threads that wait for their events to be read, where a userfaultfd is closed",
	.breaks = "a fork, munmap, mremap or madvise that never returns",
	.detected_by = "the deadlock of a schedule",
	.hunt = "explore uffd_release_vs_uffd_fork");

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
	TAILQ_INIT(&ctx->events);
	init_rwsem(&ctx->map_changing_lock, RANK_UFFD_CHANGING);
	return ctx;
}

int userfaultfd_api(struct userfaultfd_ctx *ctx, uint64_t features)
{
	if ((features & ~UFFD_EVENT_FEATURES) || ctx->features)
		return -EINVAL;
	ctx->features = features | UFFD_INITIALIZED;
	return 0;
}

void uffd_put(struct userfaultfd_ctx *ctx)
{
	struct mm_struct *mm = ctx->mm;

	/* ORDER: refcount */
	if (fetch_sub_acq_rel(&ctx->refs, 1u) != 1)
		return;
	BUG_ON(!TAILQ_EMPTY(&ctx->pending) || !TAILQ_EMPTY(&ctx->reported) || !TAILQ_EMPTY(&ctx->events));
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

void uffd_sleep(uint32_t *woken)
{
	/* ORDER[uffd-wake:B] before the wait's memory is used for something else. Pairs with ORDER[uffd-wake:A]. */
	while (!load_acquire(woken))
		futex_wait(woken, 0);
}

static void sleep_until_woken(struct uffd_wait *wait)
{
	count_event(EV_UFFD_WAIT);
	if (wait->flags & UFFD_PAGEFAULT_FLAG_WP)
		count_event(EV_UFFD_WAIT_WP);
	uffd_sleep(&wait->woken);
}

static void wake(uint32_t *woken)
{
	/*
	 * ORDER[uffd-wake:A] after the last access to the wait. Pairs with ORDER[uffd-wake:B]. Weaker: the next one is
	 * read from a stack that is in use again.
	 */
	store_release(woken, 1u);
	futex_wake_all(woken);
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

/* False if there is none. Locking: ctx->lock. */
static bool read_fault(struct userfaultfd_ctx *ctx, unsigned long *addr, unsigned int *flags)
{
	struct uffd_wait *wait = TAILQ_FIRST(&ctx->pending);

	if (!wait)
		return false;
	*addr = wait->addr;
	*flags = wait->flags;
	TAILQ_REMOVE(wait->queue, wait, link);
	wait->queue = &ctx->reported;
	TAILQ_INSERT_TAIL(wait->queue, wait, link);
	return true;
}

int userfaultfd_read(struct userfaultfd_ctx *ctx, unsigned long *addr, unsigned int *flags)
{
	bool found;

	spin_lock(&ctx->lock);
	found = read_fault(ctx, addr, flags);
	spin_unlock(&ctx->lock);
	return found ? 0 : -EAGAIN;
}

/* The first event, which its thread waits for until wake(); NULL: none. Locking: ctx->lock. */
static struct uffd_event *read_event(struct userfaultfd_ctx *ctx, struct uffd_msg *msg, struct userfaultfd_ctx **child)
{
	struct uffd_event *event = TAILQ_FIRST(&ctx->events);

	if (!event)
		return NULL;
	*msg = event->msg;
	*child = event->child;
	event->child = NULL;
	TAILQ_REMOVE(&ctx->events, event, link);
	return event;
}

int userfaultfd_read_msg(struct userfaultfd_ctx *ctx, struct uffd_msg *msg, struct userfaultfd_ctx **child)
{
	struct uffd_event *event = NULL;
	unsigned long addr;
	unsigned int flags;
	bool fault;

	*child = NULL;
	spin_lock(&ctx->lock);
	fault = read_fault(ctx, &addr, &flags);
	if (!fault)
		event = read_event(ctx, msg, child);
	spin_unlock(&ctx->lock);
	if (fault) {
		*msg = (struct uffd_msg){ .event = UFFD_EVENT_PAGEFAULT };
		msg->arg.pagefault.flags = flags;
		msg->arg.pagefault.address = addr;
	} else if (event) {
		wake(&event->woken);
	}
	return fault || event ? 0 : -EAGAIN;
}

void uffd_flush_events(struct userfaultfd_ctx *ctx)
{
	struct uffd_events events = TAILQ_HEAD_INITIALIZER(events);
	struct uffd_event *event, *next;

	spin_lock(&ctx->lock);
	ctx->released = true;
	TAILQ_CONCAT(&events, &ctx->events, link);
	spin_unlock(&ctx->lock);
	for (event = TAILQ_FIRST(&events); event; event = next) {
		next = TAILQ_NEXT(event, link);
		if (!KNOCKED_OUT(UFFD_EVENT_RELEASE))
			wake(&event->woken);
	}
}

/* ---- events against pages that are filled in: see uffd_event.h ---- */

bool uffd_mmap_changing(const struct userfaultfd_ctx *ctx)
{
	return load_relaxed(&ctx->mmap_changing) && !KNOCKED_OUT(UFFD_EVENT_CHANGING);
}

/* A try, as the lock ranks above VMA locks; it fails where an event begins, which is outstanding then. */
bool uffd_fill_begin(struct userfaultfd_ctx *ctx)
{
	if (!down_read_trylock(&ctx->map_changing_lock))
		return false;
	if (!uffd_mmap_changing(ctx))
		return true;
	up_read(&ctx->map_changing_lock);
	return false;
}

void uffd_fill_end(struct userfaultfd_ctx *ctx)
{
	ASSERT(!uffd_mmap_changing(ctx));
	up_read(&ctx->map_changing_lock);
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
		wake(&wait->woken);
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
