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
 * What the interrupted cpu does, or a broadcast. Flushes may arrive out of order: one that is not the next, or is not
 * the mm's last, is of the whole slot, and brings it up to date. Locking: the TLB's lock. Source: arch/x86/mm/tlb.c,
 * flush_tlb_func().
 */
static void flush_tlb_func(struct cpu_tlb *tlb, unsigned int slot, const struct flush_info *info)
{
	/* ORDER[tlb-gen:B] as in switch_mm(). */
	uint64_t *local = &tlb->slots[slot].gen, mm_gen = load_acquire(&info->mt->gen);

	if (info->gen <= *local)
		return;
	if (info->gen == *local + 1 && info->gen == mm_gen)
		tlb_drop(tlb, slot, info->start, info->end);
	else
		tlb_drop(tlb, slot, 0, ULONG_MAX);
	*local = mm_gen;
}

/* Whether a flush must interrupt @tlb's cpu. Source: arch/x86/mm/tlb.c, should_flush_tlb(). */
static bool runs(struct cpu_tlb *tlb, enum tlb_kind kind, uint64_t ctx_id)
{
	/* ORDER[tlb-leave:B] before a page is freed that it used until it left; pairs with ORDER[tlb-leave:A]. */
	if (kind == TLB_LAZY && load_acquire(&tlb->is_lazy))
		return false;
	/* ORDER[tlb-leave:B] as above. */
	return !ctx_id || load_acquire(&tlb->loaded) == ctx_id;
}

static bool is_other(const struct cpu_tlb *tlb)
{
	return this_cpu && tlb != &cpu_tlbs[this_cpu->id];
}

/* Returns true if @tlb is another cpu's, which runs the mm. */
static bool interrupt(struct cpu_tlb *tlb, enum tlb_kind kind, const struct flush_info *info)
{
	bool still;

	if (!runs(tlb, kind, info->mt->ctx_id))
		return false;
	spin_lock(&tlb->lock);
	still = load_relaxed(&tlb->loaded) == info->mt->ctx_id;
	if (still)
		flush_tlb_func(tlb, tlb->slot, info);
	spin_unlock(&tlb->lock);
	return still && is_other(tlb);
}

/* Source: arch/x86/include/asm/tlb.h, __invlpgb(). */
static void broadcast(struct cpu_tlb *tlb, const struct flush_info *info)
{
	spin_lock(&tlb->lock);
	for (unsigned int slot = 0; slot < TLB_SLOTS; slot++)
		if (tlb->slots[slot].ctx_id == info->mt->ctx_id)
			flush_tlb_func(tlb, slot, info);
	spin_unlock(&tlb->lock);
}

static void interrupted(unsigned int others)
{
	count_events(EV_TLB_IPI, others);
	if (others && !SCHEDULED())
		interrupt_others();
}

/* The cpus of word @i of @mt's mask. */
static uint64_t mask_word(struct mm_tlb *mt, unsigned int i)
{
	/* ORDER[tlb-mask:B] before the locks are used; pairs with ORDER[tlb-mask:A]. */
	return load_acquire(&mt->cpumask[i]);
}

static unsigned int mask_words(void)
{
	return (nr_cpus_used() + 63) / 64;
}

static struct cpu_tlb *first_of(uint64_t mask, unsigned int i)
{
	return &cpu_tlbs[i * 64 + (unsigned int)__builtin_ctzl(mask)];
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
	for (unsigned int i = 0; i < mask_words(); i++)
		for (uint64_t mask = mask_word(mt, i); mask; mask &= mask - 1)
			if (pt->policy.tlb == TLB_BROADCAST)
				broadcast(first_of(mask, i), &info);
			else
				others += interrupt(first_of(mask, i), pt->policy.tlb, &info);
	interrupted(others);
}

/* ---- batches ---- */

/* (T) what the thread owes */
static _Thread_local struct tlb_batch {
	enum tlb_kind kind;
	uint64_t mask[NR_CPUS / 64];
} batch;

/*
 * From the new generation on, cpus that come to the mm find it; those that run it are in the mask. Locking: the PTL.
 */
void tlb_batch_add(struct mm_pgtable *pt)
{
	inc_mm_tlb_gen(pt->tlb);
	for (unsigned int i = 0; i < mask_words(); i++)
		batch.mask[i] |= mask_word(pt->tlb, i);
	batch.kind = pt->policy.tlb;
}

DEFINE_KNOCKOUT(TLB_BATCH,
	.name = "tlb:batch",
	.removes = "the flush that reclaim deferred",
	.breaks = "an access to a page that was reclaimed",
	.detected_by = "the detector translations: knockout.tlb",
	.hunt = "stress tlb_vs_all --policy linux-6.15,tlb=batched");

/* Slots do not become up to date, as only one mm's entries would: the next flush is of all, too. */
void tlb_batch_flush(void)
{
	unsigned int others = 0;

	for (unsigned int i = 0; i < mask_words(); i++) {
		for (uint64_t mask = batch.mask[i]; mask; mask &= mask - 1) {
			struct cpu_tlb *tlb = first_of(mask, i);

			if (!runs(tlb, batch.kind, 0) || KNOCKED_OUT(TLB_BATCH))
				continue;
			spin_lock(&tlb->lock);
			for (unsigned int slot = 0; slot < TLB_SLOTS; slot++)
				if (slot == tlb->slot || batch.kind == TLB_BROADCAST)
					tlb_drop(tlb, slot, 0, ULONG_MAX);
			spin_unlock(&tlb->lock);
			others += is_other(tlb);
		}
		batch.mask[i] = 0;
	}
	interrupted(batch.kind == TLB_BROADCAST ? 0 : others);
}
