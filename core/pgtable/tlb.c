/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tlb.c - accesses through a cpu's TLB: look-up, page walk, and the switch to another mm. */
#include "core/pgtable/tlb.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/host/interrupt.h"
#include "core/pgtable/cpu_tlb.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(TLB_HIT, "accesses by a TLB entry");
DEFINE_EVENT(TLB_FILL, "page walks that filled a TLB entry");
DEFINE_EVENT(TLB_BEHIND, "switches to an mm that was flushed meanwhile");

struct cpu_tlb cpu_tlbs[NR_CPUS];
static uint64_t last_ctx_id;		/* (A) */

/* ---- an mm's part ---- */

static size_t mm_tlb_size(void)
{
	return sizeof(struct mm_tlb) + (nr_cpu_ids + 63) / 64 * sizeof(uint64_t);
}

int tlb_init(struct mm_pgtable *pt)
{
	if (likely(!pt->policy.tlb))
		return 0;
	pt->tlb = node_zalloc(pt->home, mm_tlb_size(), CACHE_LINE);
	if (!pt->tlb)
		return -ENOMEM;
	interrupts_init();
	pt->tlb->ctx_id = fetch_add_relaxed(&last_ctx_id, 1) + 1;
	store_relaxed(&pt->tlb->gen, (uint64_t)1);
#if FAULTLINE_CHECK
	store_relaxed(&entry_log_on, true);
#endif
	return 0;
}

void tlb_destroy(struct mm_pgtable *pt)
{
	if (unlikely(pt->tlb))
		node_free(pt->tlb, pt->home, mm_tlb_size());
}

/* ---- switching to an mm ---- */

void tlb_drop(struct cpu_tlb *tlb, unsigned int slot, unsigned long start, unsigned long end)
{
	for (struct tlb_entry *entry = tlb->entries; entry < tlb->entries + TLB_ENTRIES; entry++)
		if (entry->size && entry->slot == slot && entry->start < end && entry->start + entry->size - 1 >= start)
			entry->size = 0;
}

/* Sets tlb->slot to that of the mm @ctx_id, empty if it is a new one. Source: arch/x86/mm/tlb.c, choose_new_asid(). */
static void choose_slot(struct cpu_tlb *tlb, uint64_t ctx_id)
{
	unsigned int slot;

	for (slot = 0; slot < TLB_SLOTS; slot++)
		if (tlb->slots[slot].ctx_id == ctx_id)
			break;
	if (slot == TLB_SLOTS) {
		slot = tlb->next_slot;
		tlb->next_slot = (slot + 1) % TLB_SLOTS;
		tlb->slots[slot].ctx_id = ctx_id;
		tlb->slots[slot].gen = 0;
	}
	tlb->slot = slot;
}

DEFINE_KNOCKOUT(TLB_SWITCH_B,
	.name = "tlb-switch:B",
	.removes = "the fence between running an mm and reading its flush generation",
	.breaks = "a cpu that is not interrupted, and keeps what was flushed",
	.detected_by = "the litmus pattern tlb-switch",
	.hunt = "serial tlb_vs_mprotect" HUNT_C11,
	.mirrors = "x86/mm: Add barriers and document switch_mm()-vs-flush synchronization");

DEFINE_KNOCKOUT(TLB_LAZY,
	.name = "tlb:lazy",
	.removes = "the comparison of generations when a cpu leaves lazy mode",
	.breaks = "a cpu that was not interrupted, and uses what was flushed meanwhile",
	.detected_by = "the detector translations: knockout.tlb",
	.hunt = "test knockout.tlb");

/* Also where the same mm goes on after lazy mode. Source: arch/x86/mm/tlb.c, switch_mm_irqs_off(). */
static __noinline void switch_mm(struct cpu_tlb *tlb, struct mm_tlb *mt)
{
	bool was_lazy;
	uint64_t gen;

	if (!load_relaxed(&tlb->ready)) {
		spin_lock_init(&tlb->lock, SPIN_TTAS, RANK_CPU_TLB);
		store_relaxed(&tlb->ready, true);
	}
	spin_lock(&tlb->lock);
	choose_slot(tlb, mt->ctx_id);
	was_lazy = load_relaxed(&tlb->is_lazy);
	store_relaxed(&tlb->is_lazy, false);
	/* ORDER[tlb-mask:A] the lock is initialised; pairs with ORDER[tlb-mask:B]. */
	fetch_or_acq_rel(&mt->cpumask[this_cpu->id / 64], 1ul << this_cpu->id % 64);
	/* ORDER[tlb-leave:A] after the last access to the mm that ran before; pairs with ORDER[tlb-leave:B]. */
	store_release(&tlb->loaded, mt->ctx_id);
	/*
	 * ORDER[tlb-switch:B] the mm runs here before its generation is read; pairs with ORDER[tlb-switch:A]. Weaker: a
	 * flush does not find it running, and this cpu does not find the flush.
	 */
	if (!KNOCKED_OUT(TLB_SWITCH_B))
		smp_mb();
	/* ORDER[tlb-gen:B] before a walk reads what was changed before a flush; pairs with ORDER[tlb-gen:A]. */
	gen = load_acquire(&mt->gen);
	if (tlb->slots[tlb->slot].gen != gen && !(was_lazy && KNOCKED_OUT(TLB_LAZY))) {
		if (tlb->slots[tlb->slot].gen)
			count_event(EV_TLB_BEHIND);
		tlb_drop(tlb, tlb->slot, 0, ULONG_MAX);
		tlb->slots[tlb->slot].gen = gen;
	}
	spin_unlock(&tlb->lock);
	SYNCPOINT("tlb.switched");
}

void enter_lazy_tlb(void)
{
	/* ORDER[tlb-leave:A] after the last access; pairs with ORDER[tlb-leave:B]. */
	store_release(&cpu_tlbs[this_cpu->id].is_lazy, true);
}

/* ---- walks ---- */

/* The bits that the processor sets where @path ends; the entry must not have changed. False: walk again. */
static bool set_bits(struct tlb_path *path, bool write)
{
	uint64_t *entry = path->entry[path->level], val = path->val | ENTRY_ACCESSED | (write ? ENTRY_DIRTY : 0);

	if (val == path->val)
		return load_relaxed(entry) == val;
	/* ORDER: entry-bits */
	if (!try_cmpxchg_acq_rel(entry, &path->val, val))
		return false;
	path->val = val;
	return true;
}

/* Equal addresses of several mms have entries of their own. */
static struct tlb_entry *entry_of(struct cpu_tlb *tlb, unsigned long addr, enum pgtable_level level)
{
	return &tlb->entries[((addr >> level_shift(level)) + 9 * tlb->slot) % TLB_ENTRIES];
}

/* NULL: none is cached, of any size. */
static struct tlb_entry *look_up(struct cpu_tlb *tlb, unsigned long addr)
{
	for (enum pgtable_level level = LEVEL_PTE; level >= (THP_POSSIBLE ? LEVEL_PUD : LEVEL_PTE); level--) {
		struct tlb_entry *entry = entry_of(tlb, addr, level);

		if (entry->size && entry->slot == tlb->slot && addr - entry->start < entry->size)
			return entry;
	}
	return NULL;
}

/* Walks, and caches what was found at *@entry. Returns 0, -ENOENT or -EAGAIN. */
static int fill(struct cpu_tlb *tlb, const struct mm_pgtable *pt, unsigned long addr, bool write,
		struct tlb_entry **entry)
{
	unsigned long size;
	struct tlb_path path;

	do {
		tlb_walk(pt, addr, &path);
		if (!tlb_is_leaf(path.level, path.val) || !(path.val & ENTRY_PRESENT))
			return -ENOENT;
		if (write && !(path.val & ENTRY_WRITE))
			return -EAGAIN;
	} while (!set_bits(&path, write));
	size = 1ul << level_shift(path.level);
	*entry = entry_of(tlb, addr, path.level);
	(*entry)->start = ALIGN_DOWN(addr, size);
	(*entry)->size = size;
	(*entry)->val = path.val;
	(*entry)->slot = tlb->slot;
	tlb_check_fill(*entry, &path, tlb->slots[tlb->slot].gen);
	count_event(EV_TLB_FILL);
	return 0;
}

static bool allows(const struct tlb_entry *entry, bool write)
{
	return !write || (~entry->val & (ENTRY_WRITE | ENTRY_DIRTY)) == 0;
}

/* Locking: the TLB's lock. */
static int access_locked(struct cpu_tlb *tlb, const struct mm_pgtable *pt, unsigned long addr, bool write,
			 tlb_use_fn *use, void *arg)
{
	struct tlb_entry *entry = look_up(tlb, addr);
	int err = 0;

	if (entry && allows(entry, write)) {
		tlb_check_use(pt, entry, addr, write);
		count_event(EV_TLB_HIT);
	} else {
		tlb_drop(tlb, tlb->slot, addr, addr + 1);
		err = fill(tlb, pt, addr, write, &entry);
	}
	if (!err && write)
		tlb_check_write(entry, addr);
	if (err || !use)
		return err;
	return use(pfn_to_page(tlb_pfn(entry->val, entry->size, addr)), addr, arg);
}

int tlb_access(struct mm_pgtable *pt, unsigned long addr, bool write, tlb_use_fn *use, void *arg)
{
	struct cpu_tlb *tlb = &cpu_tlbs[this_cpu->id];
	int err;

	SYNCPOINT("tlb.access");
	if (unlikely(load_relaxed(&tlb->loaded) != pt->tlb->ctx_id || load_relaxed(&tlb->is_lazy)))
		switch_mm(tlb, pt->tlb);
	spin_lock(&tlb->lock);
	err = access_locked(tlb, pt, addr, write, use, arg);
	spin_unlock(&tlb->lock);
	return err;
}
