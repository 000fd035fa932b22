/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma_seq.c - a fault that locks a VMA against a writer of it (vma_lock.h, VMA_LOCK_REFCNT). The writer keeps readers
 * out, sets vm_lock_seq, lets them in again, changes the VMA, and moves mm_lock_seq on. A writer that would wait for a
 * reader leaves.
 */
#include "workloads/lib/litmus.h"

#define OFFSET		0x40000000u
#define SEQ		2u	/* mm_lock_seq while the writer works */

enum { SEQ_A = 1, SEQ_B = 2, SEQ_B_ACQUIRE = 4, WRITER_WAIT = 8 };

struct vma_seq_words {
	shared_u32 vm_refcnt;
	shared_u32 vm_lock_seq, mm_lock_seq;
	shared_u32 vm_start, vm_end;	/* equal but while the writer works */
};

static void begin(struct vma_seq_words *s)
{
	store_relaxed(&s->vm_refcnt, 1u);
	store_relaxed(&s->vm_lock_seq, SEQ - 1);
	store_relaxed(&s->mm_lock_seq, SEQ);
	store_relaxed(&s->vm_start, 0u);
	store_relaxed(&s->vm_end, 0u);
}

static force_inline bool change(struct vma_seq_words *s, unsigned int removed)
{
	(void)fetch_add_acquire(&s->vm_refcnt, OFFSET);
	if (!(removed & WRITER_WAIT) && load_acquire(&s->vm_refcnt) != OFFSET + 1) {
		(void)fetch_sub_release(&s->vm_refcnt, OFFSET);
		return false;
	}
	if (!(removed & SEQ_A))
		store_relaxed(&s->vm_lock_seq, SEQ);
	(void)fetch_sub_release(&s->vm_refcnt, OFFSET);
	store_relaxed(&s->vm_start, 1u);
	store_relaxed(&s->vm_end, 1u);
	store_release(&s->mm_lock_seq, SEQ + 1);
	return true;
}

/* True: the VMA changed while it was locked for read, or was found half changed. */
static force_inline bool fault(struct vma_seq_words *s, unsigned int removed)
{
	uint32_t old = load_relaxed(&s->vm_refcnt), start, seq;

	do {
		if (!old || old >= OFFSET)
			return false;
	} while (!try_cmpxchg_acquire(&s->vm_refcnt, &old, old + 1));
	seq = load_relaxed(&s->vm_lock_seq);
	if (seq == (removed & SEQ_B_ACQUIRE ? load_relaxed(&s->mm_lock_seq) : load_acquire(&s->mm_lock_seq)) &&
	    !(removed & SEQ_B)) {
		(void)fetch_sub_release(&s->vm_refcnt, 1u);
		return false;
	}
	start = load_relaxed(&s->vm_start);
	old = load_relaxed(&s->vm_end);
	(void)fetch_sub_release(&s->vm_refcnt, 1u);
	return start != old;
}

LITMUS(vma_seq, begin, change, fault,
	.name = "vma-seq",
	.forbidden = "a fault in a VMA that is being changed",
	.went_on = { "changed the VMA", "found it half changed" },
	.gave_up = { "waits for the reader", "found it complete, or write-locked" },
	.parts = {
		{ "vma-seq:A", NULL },
		{ "vma-seq:B", NULL },
		{ "vma-seq:B, the acquire", "loads are done in order" },
		{ "writer-wait", NULL },
	})
