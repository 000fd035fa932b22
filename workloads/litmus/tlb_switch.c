/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb_switch.c - a cpu that begins to run an mm against a TLB flush (tlb.h): store buffering between the mm that runs
 * and the generation of flushes.
 *
 *   flush   generation++; tlb-switch:A; runs?              switch   runs = 1; tlb-switch:B; read the generation
 */
#include "workloads/lib/litmus.h"

enum { TLB_SWITCH_A = 1, TLB_SWITCH_B = 2 };

struct tlb_switch_words {
	shared_u32 runs;
	shared_u32 generation;
};

static void begin(struct tlb_switch_words *s)
{
	store_relaxed(&s->runs, 0u);
	store_relaxed(&s->generation, 1u);
}

static force_inline bool flush(struct tlb_switch_words *s, unsigned int removed)
{
	store_release(&s->generation, 2u);
	if (!(removed & TLB_SWITCH_A))
		smp_mb();
	return !load_acquire(&s->runs);
}

static force_inline bool switch_mm(struct tlb_switch_words *s, unsigned int removed)
{
	store_release(&s->runs, 1u);
	if (!(removed & TLB_SWITCH_B))
		smp_mb();
	return load_acquire(&s->generation) == 1;
}

LITMUS(tlb_switch, begin, flush, switch_mm,
	.name = "tlb-switch",
	.forbidden = "a cpu with stale translations that no flush interrupts",
	.went_on = { "found it not running", "found the old generation" },
	.gave_up = { "found it running", "found the new generation" },
	.parts = { { "tlb-switch:A", NULL }, { "tlb-switch:B", NULL } })
