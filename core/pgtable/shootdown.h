/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shootdown.h - frees tables without RCU: asks every cpu, and waits until none is inside a lockless walk.
 *
 * It models x86 without RCU-freed tables, where walkers disable interrupts, and a thread that frees a table sends an
 * interrupt to all cpus and waits. Here each cpu marks its walks in a word of its own:
 *
 *   walker    seq odd; read entries … ; seq even
 *   freer     clear the entry; for each cpu: while its seq is odd and the same, wait; free
 *
 * Store buffering: both sides store and then load the other's word, with a full fence between. Either the freer sees
 * the odd seq and waits, or the walker sees the cleared entry.
 * Source: mm/mmu_gather.c, tlb_remove_table_sync_one(); arch/x86 before CONFIG_MMU_GATHER_RCU_TABLE_FREE.
 */
#ifndef FAULTLINE_CORE_PGTABLE_SHOOTDOWN_H
#define FAULTLINE_CORE_PGTABLE_SHOOTDOWN_H

#include "core/base/cpu.h"
#include "core/probe/knockout.h"

DECLARE_KNOCKOUT(SHOOTDOWN_B);

/* Lock key: (A) atomic, written by its cpu */
struct walk_mark {
	uint32_t seq;		/* (A) odd while the cpu is inside a lockless walk */
	uint32_t depth;		/* (A) nesting; only its cpu reads it */
} __cacheline_aligned;

extern struct walk_mark walk_marks[NR_CPUS];

/*
 * From here to shootdown_walk_end() no table is freed that was linked when its entry was read. Nests. Context: the
 * walk waits for no other thread. Source: mm/gup.c, gup_fast(), which disables interrupts.
 */
static inline void shootdown_walk_begin(void)
{
	struct walk_mark *mark = &walk_marks[this_cpu->id];

	if (mark->depth++)
		return;
	if (KNOCKED_OUT(SHOOTDOWN_B))
		return;
	store_relaxed(&mark->seq, mark->seq + 1);
	/* ORDER[shootdown:B] the mark is stored before any entry is read; pairs with ORDER[shootdown:A]. */
	smp_mb();
}

/* Ends a walk, the outermost one for the freer. */
static inline void shootdown_walk_end(void)
{
	struct walk_mark *mark = &walk_marks[this_cpu->id];

	if (--mark->depth == 0 && (load_relaxed(&mark->seq) & 1))
		/* ORDER[walk-end:A] after the last entry is read; pairs with ORDER[walk-end:B]. */
		store_release(&mark->seq, mark->seq + 1);
}

/*
 * Returns once every lockless walk that could have read an entry cleared before has ended. Locking: no spinlock held.
 */
void shootdown_wait(void);

#endif
