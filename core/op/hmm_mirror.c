/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hmm_mirror.c - a device that accesses an mm's memory through its own page table. */
#include "core/op/hmm_mirror.h"

#include <errno.h>
#include <string.h>

#include "core/host/arena.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/fault.h"
#include "core/pgtable/ptl.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

#define CHUNK	64u		/* entries read before the mirror's lock is taken for them */

static size_t table_size(const struct hmm_mirror *mirror)
{
	return ((mirror->end - mirror->start) >> PAGE_SHIFT) * sizeof(*mirror->table);
}

static size_t accessed_size(const struct hmm_mirror *mirror)
{
	return (mirror->end - mirror->start) >> PAGE_SHIFT;
}

static void free_tables(struct hmm_mirror *mirror)
{
	if (mirror->table)
		node_free(mirror->table, mirror->node, table_size(mirror));
	if (mirror->accessed)
		node_free(mirror->accessed, mirror->node, accessed_size(mirror));
}

DEFINE_KNOCKOUT(MIRROR_DROP,
	.name = "mirror:drop",
	.removes = "removing invalidated entries from a mirror",
	.breaks = "a mirror entry that the mm has dropped",
	.detected_by = "the oracle of mirrors: knockout.hmm",
	.hunt = "stress mirror_storm --noise 100");

static void mirror_invalidate(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, uint32_t seq)
{
	struct hmm_mirror *mirror = container_of(sub, struct hmm_mirror, notifier);
	unsigned long start = max(range->start, mirror->start), end = min(range->end, mirror->end);

	spin_lock(&mirror->lock);
	mmu_interval_set_seq(sub, seq);
	if (!KNOCKED_OUT(MIRROR_DROP))
		memset(hmm_mirror_entry(mirror, start), 0, ((end - start) >> PAGE_SHIFT) * sizeof(*mirror->table));
	mirror->released |= range->event == MMU_NOTIFY_RELEASE;
	spin_unlock(&mirror->lock);
}

/* Under a PTL, so without the mirror's lock. */
static bool mirror_young(struct mmu_interval_notifier *sub, unsigned long start, unsigned long end, bool clear)
{
	struct hmm_mirror *mirror = container_of(sub, struct hmm_mirror, notifier);
	bool young = false;

	start = max(start, mirror->start);
	for (end = min(end, mirror->end); start < end; start += PAGE_SIZE) {
		uint8_t *accessed = &mirror->accessed[(start - mirror->start) >> PAGE_SHIFT];

		young |= load_relaxed(accessed);
		if (clear && load_relaxed(accessed))
			store_relaxed(accessed, 0);
	}
	return young;
}

static const struct mmu_interval_notifier_ops mirror_ops = { .invalidate = mirror_invalidate, .young = mirror_young };

DEFINE_KNOCKOUT(MIRROR_MM_REF,
	.name = "mirror:mm-ref",
	.removes = "the reference of a mirror to its mm",
	.breaks = "an exit that frees an mm with subscribers",
	.detected_by = "the check of subscriptions in mmu_notifier_destroy()",
	.hunt = "test knockout.hmm");

int hmm_mirror_create(struct hmm_mirror *mirror, struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int err = mmu_notifier_register(mm);

	if (err)
		return err;
	*mirror = (struct hmm_mirror){ .mm = mm, .start = start, .end = end, .node = mm->pt.home };
	spin_lock_init(&mirror->lock, mm->pt.policy.spin, RANK_MIRROR);
	if (start >= end)
		return -EINVAL;
	mirror->table = node_zalloc(mirror->node, table_size(mirror), CACHE_LINE);
	mirror->accessed = node_zalloc(mirror->node, accessed_size(mirror), CACHE_LINE);
	err = -ENOMEM;
	if (mirror->table && mirror->accessed)
		err = mmu_interval_notifier_insert(&mirror->notifier, mm, start, end, &mirror_ops);
	if (err)
		free_tables(mirror);
	else if (!KNOCKED_OUT(MIRROR_MM_REF))
		mmgrab(mm);
	return err;
}

void hmm_mirror_destroy(struct hmm_mirror *mirror)
{
	mmu_interval_notifier_remove(&mirror->notifier);
	free_tables(mirror);
	mmdrop(mirror->mm);
}

/* Takes a snapshot from @start on; returns its end: at most the end of one VMA, or one gap. */
static unsigned long snapshot(struct mm_struct *mm, unsigned long start, unsigned long end, hmm_pfn_t *pfns)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_vma(mm, start);
	if (!vma || vma->vm_start > start) {
		end = vma ? min(end, vma->vm_start) : end;
		memset(pfns, 0, ((end - start) >> PAGE_SHIFT) * sizeof(*pfns));
	} else {
		end = min(end, vma->vm_end);
		hmm_vma_get_pfns(vma, start, end, pfns);
	}
	mmap_read_unlock(mm);
	SYNCPOINT("mirror.read");
	return end;
}

/* Adds the snapshot of @start. False: it is stale. Locking: the mirror's. */
static bool add_snapshot(struct hmm_mirror *mirror, unsigned long start, unsigned long end, const hmm_pfn_t *pfns,
			 uint32_t seq)
{
	hmm_pfn_t *entry = hmm_mirror_entry(mirror, start);

	if (mmu_interval_read_retry(&mirror->notifier, seq)) {
		count_event(EV_HMM_STALE);
		return false;
	}
	for (; start < end; start += PAGE_SIZE, pfns++)
		*entry++ = *pfns & HMM_PFN_VALID ? *pfns : 0;
	return true;
}

/* As hmm_mirror_fill(), no further than one snapshot; returns its end, with the mirror's lock held. */
static unsigned long fill_locked(struct hmm_mirror *mirror, unsigned long start, unsigned long end)
{
	hmm_pfn_t pfns[CHUNK];
	RETRY_LOOP(100000, "a snapshot for a mirror");

	end = min(end, start + CHUNK * PAGE_SIZE);
	for (;;) {
		uint32_t seq = mmu_interval_read_begin(&mirror->notifier);
		unsigned long next = snapshot(mirror->mm, start, end, pfns);

		spin_lock(&mirror->lock);
		if (add_snapshot(mirror, start, next, pfns, seq))
			return next;
		spin_unlock(&mirror->lock);
		RETRY();
	}
}

void hmm_mirror_fill(struct hmm_mirror *mirror, unsigned long start, unsigned long end)
{
	while (start < end) {
		start = fill_locked(mirror, start, end);
		spin_unlock(&mirror->lock);
	}
}

/* The mm may exit meanwhile. Returns 0, -EFAULT, or -ENOMEM. */
static int fault(struct mm_struct *mm, unsigned long addr, bool write)
{
	vm_fault_t ret;

	if (!mmget_not_zero(mm))
		return -EFAULT;
	ret = do_user_addr_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0);
	mmput(mm);
	if (likely(!ret))
		return 0;
	return ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
}

/* Locking: the mirror's. */
static bool allows(hmm_pfn_t entry, bool write)
{
	hmm_pfn_t wanted = HMM_PFN_VALID | HMM_PFN_READ | (write ? HMM_PFN_WRITE : 0);

	return (entry & wanted) == wanted;
}

/*
 * A fault may succeed where the mirror never gets an entry that allows the access: in memory that cannot be mirrored
 * or read. Source: mm/hmm.c, hmm_vma_walk_test().
 */
static bool vma_allows(struct mm_struct *mm, unsigned long addr, bool write)
{
	unsigned long wanted = VM_READ | (write ? VM_WRITE : 0);
	struct vm_area_struct *vma;
	bool allowed;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	allowed = vma && hmm_vma_mirrored(vma) && (vma->vm_flags & wanted) == wanted;
	mmap_read_unlock(mm);
	return allowed;
}

int hmm_mirror_use(struct hmm_mirror *mirror, unsigned long addr, bool write, void (*use)(struct page *page, void *arg),
		   void *arg)
{
	int err;
	RETRY_LOOP(100000, "an entry of a mirror, faulted in");

	addr &= PAGE_MASK;
	for (;;) {
		hmm_pfn_t entry;

		fill_locked(mirror, addr, addr + PAGE_SIZE);
		entry = *hmm_mirror_entry(mirror, addr);
		if (allows(entry, write)) {
			store_relaxed(&mirror->accessed[(addr - mirror->start) >> PAGE_SHIFT], 1);
			use(hmm_pfn_to_page(entry), arg);
		}
		spin_unlock(&mirror->lock);
		if (allows(entry, write))
			return 0;
		if (!vma_allows(mirror->mm, addr, write))
			return -EFAULT;
		err = fault(mirror->mm, addr, write);
		if (err)
			return err;
		RETRY();
	}
}
