/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma_wake.c - a VMA's writer that is about to sleep on a word of its mm against the last reader, which leaves
 * (vma_lock.c, VMA_LOCK_REFCNT_MM): each writes one word, and then reads the other's.
 */
#include "workloads/lib/litmus.h"

#define READER		1u

enum { WAKE_A = 1, WAKE_B = 2 };

struct vma_wake_words {
	shared_u32 vm_refcnt;
	shared_u32 vma_writer_wait;
};

static void begin(struct vma_wake_words *s)
{
	store_relaxed(&s->vm_refcnt, READER);
	store_relaxed(&s->vma_writer_wait, 0u);
}

/* True: sleeps. */
static force_inline bool sleep_on_mm(struct vma_wake_words *s, unsigned int removed)
{
	store_relaxed(&s->vma_writer_wait, 1u);
	if (!(removed & WAKE_A))
		smp_mb();
	return load_relaxed(&s->vm_refcnt) == READER;
}

/* True: wakes no writer. */
static force_inline bool leave(struct vma_wake_words *s, unsigned int removed)
{
	(void)fetch_sub_release(&s->vm_refcnt, READER);
	if (!(removed & WAKE_B))
		smp_mb();
	return !load_relaxed(&s->vma_writer_wait);
}

LITMUS(vma_wake, begin, sleep_on_mm, leave,
	.name = "vma-wake",
	.forbidden = "a sleeper without a wake-up",
	.went_on = { "sleeps", "wakes no writer" },
	.gave_up = { "does not sleep", "wakes the writer" },
	.parts = { { "vma-wake:A", NULL }, { "vma-wake:B", "a locked instruction before a load is a barrier" } })
