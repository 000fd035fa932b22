/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seqcount.h - a counter that is odd while its one writer is inside, for readers that check it and retry.
 *
 * It guards no data of its own: a reader reads the count, does its work, and undoes it if the count was odd or has
 * changed. Source: include/linux/seqlock.h.
 */
#ifndef FAULTLINE_CORE_BASE_SEQCOUNT_H
#define FAULTLINE_CORE_BASE_SEQCOUNT_H

#include "core/base/atomic.h"

/* Lock key: (A) atomic, written by one thread at a time */
typedef struct seqcount {
	uint32_t sequence;	/* (A) odd: a writer is inside */
} seqcount_t;

static force_inline uint32_t raw_read_seqcount(const seqcount_t *s)
{
	return load_acquire(&s->sequence);
}

/* True if a writer came since @start was read: the work in between does not count. */
static force_inline bool read_seqcount_retry(const seqcount_t *s, uint32_t start)
{
	return load_acquire(&s->sequence) != start;
}

/* Locking: one writer at a time. No fence: a writer that checks for readers' traces afterwards adds its own. */
static force_inline void raw_write_seqcount_begin(seqcount_t *s)
{
	store_relaxed(&s->sequence, load_relaxed(&s->sequence) + 1);
}

/* The count is even again: readers that began before it retry. Locking: the writer that made it odd. */
static force_inline void raw_write_seqcount_end(seqcount_t *s)
{
	store_release(&s->sequence, load_relaxed(&s->sequence) + 1);
}

#endif
