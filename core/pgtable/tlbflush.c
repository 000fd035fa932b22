/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tlbflush.c - removes changed translations from all TLBs. */
#include "core/host/interrupt.h"
#include "core/pgtable/cpu_tlb.h"
#include "core/probe/knockout.h"
#include "core/probe/schedule.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(TLB_FLUSH, "TLB flushes");
DEFINE_EVENT(TLB_IPI, "cpus interrupted by TLB flushes");

/* Source: arch/x86/include/asm/tlbflush.h, struct flush_tlb_info. No lock key: the sender's */
struct flush_info {
	struct mm_tlb *mt;
	unsigned long start, end;
	uint64_t gen;			/* the mm's with this flush */
};

DEFINE_KNOCKOUT(TLB_GEN,
	.name = "tlb:generation",
	.removes = "increasing an mm's generation at a TLB flush",
	.breaks = "a cpu that returns to an mm, and uses what was flushed meanwhile",
	.detected_by = "the detector translations: knockout.tlb",
	.hunt = "stress tlb_vs_all");

static uint64_t inc_mm_tlb_gen(struct mm_tlb *mt)
{
	uint64_t gen;

	if (KNOCKED_OUT(TLB_GEN))
		return load_relaxed(&mt->gen);
	/* ORDER[tlb-gen:A] after the change of entries; pairs with ORDER[tlb-gen:B]. */
	gen = fetch_add_acq_rel(&mt->gen, (uint64_t)1) + 1;
	/* ORDER[tlb-switch:A] the new generation is there before a cpu's mm is read; pairs with ORDER[tlb-switch:B]. */
	smp_mb__after_atomic();
	return gen;
}

/*
 * What the interrupted cpu does. Flushes may arrive out of order: one that is not the next, or is not the mm's last, is
 * of the whole slot, and brings it up to date. Locking: the TLB's lock. Source: arch/x86/mm/tlb.c, flush_tlb_func().
 */
static void flush_tlb_func(struct cpu_tlb *tlb, const struct flush_info *info)
{
	/* ORDER[tlb-gen:B] as in switch_mm(). */
	uint64_t *local = &tlb->slots[tlb->slot].gen, mm_gen = load_acquire(&info->mt->gen);

	if (info->gen <= *local)
		return;
	if (info->gen == *local + 1 && info->gen == mm_gen)
		tlb_drop(tlb, tlb->slot, info->start, info->end);
	else
		tlb_drop(tlb, tlb->slot, 0, ULONG_MAX);
	*local = mm_gen;
}

/* Returns true if @tlb is another cpu's, which runs the mm. */
static bool interrupt(struct cpu_tlb *tlb, const struct flush_info *info)
{
	bool runs;

	/* ORDER[tlb-leave:B] before a page is freed that it used until it left; pairs with ORDER[tlb-leave:A]. */
	if (load_acquire(&tlb->loaded) != info->mt->ctx_id)
		return false;
	spin_lock(&tlb->lock);
	runs = load_relaxed(&tlb->loaded) == info->mt->ctx_id;
	if (runs)
		flush_tlb_func(tlb, info);
	spin_unlock(&tlb->lock);
	return runs && this_cpu && tlb != &cpu_tlbs[this_cpu->id];
}

void tlb_shootdown(struct mm_pgtable *pt, unsigned long start, unsigned long end)
{
	struct mm_tlb *mt = pt->tlb;
	struct flush_info info = { .mt = mt, .start = start, .end = end };
	unsigned int others = 0;

	if (pt->policy.tlb == TLB_NONE)
		return;
	SYNCPOINT("tlb.flush");
	info.gen = inc_mm_tlb_gen(mt);
	for (unsigned int i = 0; i < (nr_cpus_used() + 63) / 64; i++) {
		/* ORDER[tlb-mask:B] before the lock is used; pairs with ORDER[tlb-mask:A]. */
		uint64_t mask = load_acquire(&mt->cpumask[i]);

		for (; mask; mask &= mask - 1)
			others += interrupt(&cpu_tlbs[i * 64 + (unsigned int)__builtin_ctzl(mask)], &info);
	}
	count_events(EV_TLB_IPI, others);
	if (others && !SCHEDULED())
		interrupt_others();
}
