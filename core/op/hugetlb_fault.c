/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_fault.c - faults in memory of huge pages from the pool. */
#include "core/op/hugetlb.h"

#include "core/mm/hugetlb_file.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/notifier.h"
#include "core/op/vm_fault.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

#define FAULT_COPY	0x1000u		/* internal, no VM_FAULT_ code: the leaf must be replaced */

static void clear_huge_page(struct folio *folio)
{
	for (unsigned long i = 0; i < folio_nr_pages(folio); i++)
		clear_payload(folio_page(folio, i));
}

static spinlock_t *leaf_lockptr(const struct vm_fault *vmf)
{
	return huge_pte_lockptr(hstate_vma(vmf->vma), vmf->pt, vmf->pmdp);
}

DEFINE_KNOCKOUT(HUGETLB_FAULT_RECHECK,
	.name = "hugetlb:fault-recheck",
	.removes = "the re-check of the entry under its lock before a fault in hugetlb memory changes it",
	.breaks = "a leaked huge page",
	.detected_by = "frames and counts at rest",
	.hunt = "test knockout.hugetlb");

static bool same_leaf_locked(struct vm_fault *vmf, pmd_t pmd)
{
	return lock_and_compare_leaf(vmf, leaf_lockptr(vmf), pmd, KNOCKED_OUT(HUGETLB_FAULT_RECHECK));
}

/* Locking: the PTL. */
static void map_new_leaf(struct vm_fault *vmf, struct folio *folio)
{
	folio_add_new_anon_rmap(folio, vmf->vma, vmf->addr, RMAP_EXCLUSIVE);
	set_pmd_at(vmf->pmdp, mark_access_pmd(vmf, mk_huge_pmd(&folio->page, vmf->vma->vm_page_prot)));
	count_events(EV_PAGE_ALLOC, folio_nr_pages(folio));
}

/*
 * The file's huge page for the place, with a reference; a shared mapping adds a new one. Returns 0; *@foliop is NULL if
 * a private mapping is to map a huge page of its own. Locking: the fault mutex, under which it stays in the file.
 */
static vm_fault_t file_folio(struct vm_fault *vmf, struct folio **foliop)
{
	struct address_space *mapping = &vmf->vma->vm_file->mapping;
	unsigned long index = linear_page_index(vmf->vma, vmf->addr);
	bool reserved;

	if (unlikely(index >= i_size_read(mapping)))
		return VM_FAULT_SIGBUS;
	SYNCPOINT("hugetlb_fault.below_size");
	*foliop = filemap_get_folio(mapping, index);
	if (*foliop || !(vmf->vma->vm_flags & VM_SHARED))
		return 0;
	*foliop = alloc_hugetlb_file_folio(mapping, index, &reserved);
	if (unlikely(!*foliop))
		return VM_FAULT_SIGBUS;
	clear_huge_page(*foliop);
	hugetlb_add_to_page_cache(mapping, *foliop, index, reserved);
	count_events(EV_PAGE_ALLOC, folio_nr_pages(*foliop));
	return 0;
}

/* Maps the file's huge page, whose reference is the leaf's then: writable in a shared mapping that allows writes. */
static vm_fault_t map_file_folio(struct vm_fault *vmf, struct folio *folio)
{
	bool write = (vmf->vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE);
	pmd_t pmd = mk_huge_pmd(&folio->page, vmf->vma->vm_page_prot);

	if (!same_leaf_locked(vmf, __pmd(0))) {
		folio_put(folio);
		return FAULT_AGAIN;
	}
	hugetlb_add_file_rmap(folio);
	set_pmd_at(vmf->pmdp, write ? pmd_mkwrite(pmd_mkdirty(pmd)) : pmd);
	hugetlb_count(vmf->vma, 1);
	spin_unlock(vmf->ptl);
	count_event(EV_FILE_MAP_HUGE);
	return write || !(vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) ? 0 : FAULT_AGAIN;
}

/* Source: mm/hugetlb.c, hugetlb_no_page(). */
static vm_fault_t hugetlb_no_page(struct vm_fault *vmf)
{
	struct folio *folio = NULL;
	vm_fault_t ret = vmf->vma->vm_file ? file_folio(vmf, &folio) : 0;

	if (unlikely(ret))
		return ret;
	if (folio)
		return map_file_folio(vmf, folio);
	/* The entry was read first, with acquire: vm_huge_lost was set before the leaf was cleared. */
	if (unlikely(load_relaxed(&vmf->vma->vm_huge_lost)))
		return VM_FAULT_SIGBUS;
	folio = alloc_hugetlb_folio(vmf->vma, vmf->addr);
	if (unlikely(!folio))
		return VM_FAULT_SIGBUS;
	clear_huge_page(folio);
	if (!same_leaf_locked(vmf, __pmd(0))) {
		hugetlb_put_folio(vmf->vma, vmf->addr, folio);
		return FAULT_AGAIN;
	}
	map_new_leaf(vmf, folio);
	hugetlb_count(vmf->vma, 1);
	spin_unlock(vmf->ptl);
	return 0;
}

/*
 * 0: the huge page is exclusive to @vmf's VMA. Another mapping could only be made from another leaf, and there is
 * none; the folio lock, which is waited for, excludes rmap walkers. FAULT_COPY: it is shared, and must be copied.
 * Locking: the PTL of the one leaf.
 */
static vm_fault_t claim_leaf(struct vm_fault *vmf, struct folio *folio)
{
	if (PageAnonExclusive(&folio->page))
		return 0;
	if (!folio_test_anon(folio) || (folio_mapcount(folio) != 1 && !KNOCKED_OUT(COW_REUSE_CHECK)))
		return FAULT_COPY;
	if (!folio_trylock(folio))
		return fault_waits(vmf, folio);
	folio_move_anon_rmap(folio, vmf->vma);
	folio_unlock(folio);
	SetPageAnonExclusive(&folio->page);
	return 0;
}

/* Maps @new instead of @old. False, and nothing is done: the leaf has changed. */
static bool replace_leaf(struct vm_fault *vmf, pmd_t pmd, struct folio *old, struct folio *new)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(
		vmf->vma->vm_mm, MMU_NOTIFY_CLEAR, vmf->addr, vmf->addr + huge_page_size(hstate_vma(vmf->vma)));
	bool mine;

	mmu_notifier_invalidate_range_start(&range);
	mine = same_leaf_locked(vmf, pmd);
	if (likely(mine)) {
		invalidate_leaf(vmf, huge_page_size(hstate_vma(vmf->vma)));
		map_new_leaf(vmf, new);
		hugetlb_remove_rmap(old, vmf->vma);
		spin_unlock(vmf->ptl);
	}
	mmu_notifier_invalidate_range_end(&range);
	return mine;
}

/*
 * Copies @old, of which the caller has a reference, to a new huge page. The owner of its reservation keeps @old if
 * there is no free one.
 */
static vm_fault_t copy_huge_page(struct vm_fault *vmf, pmd_t pmd, struct folio *old)
{
	struct folio *new = alloc_hugetlb_folio(vmf->vma, vmf->addr);

	if (unlikely(!new)) {
		if (!is_vma_resv_owner(vmf->vma) || !folio_test_anon(old))
			return VM_FAULT_SIGBUS;
		return hugetlb_take_back(vmf->vma, old) ? FAULT_AGAIN : fault_waits(vmf, old);
	}
	copy_huge_payload(new, old);
	if (!replace_leaf(vmf, pmd, old, new)) {
		if (folio_test_anon(old))
			folio_put(new);		/* @old is the reserved one: nothing is reserved again */
		else
			hugetlb_put_folio(vmf->vma, vmf->addr, new);
		return FAULT_AGAIN;
	}
	count_event(EV_COW_COPY);
	folio_put(old);		/* the leaf's reference */
	return 0;
}

/* A write to a leaf of a shared mapping that does not allow writes yet. */
static vm_fault_t make_shared_writable(struct vm_fault *vmf, pmd_t pmd)
{
	if (!(vmf->flags & FAULT_FLAG_WRITE))	/* nothing to unshare */
		return 0;
	if (!same_leaf_locked(vmf, pmd))
		return FAULT_AGAIN;
	set_pmd_at(vmf->pmdp, mark_access_pmd(vmf, pmd_mkyoung(pmd)));
	spin_unlock(vmf->ptl);
	return 0;
}

/* Source: mm/hugetlb.c, hugetlb_wp(). */
static vm_fault_t hugetlb_wp(struct vm_fault *vmf, pmd_t pmd)
{
	struct folio *folio;
	vm_fault_t ret;

	if (vmf->vma->vm_flags & VM_SHARED)
		return make_shared_writable(vmf, pmd);
	if (!same_leaf_locked(vmf, pmd))
		return FAULT_AGAIN;
	folio = page_folio(pmd_page(pmd));
	ret = claim_leaf(vmf, folio);
	if (!ret) {
		count_event(EV_COW_REUSE);
		if (vmf->flags & FAULT_FLAG_WRITE)
			set_pmd_at(vmf->pmdp, mark_access_pmd(vmf, pmd_mkyoung(pmd)));
	} else if (ret == FAULT_COPY) {
		folio_get(folio);
	}
	spin_unlock(vmf->ptl);
	if (ret != FAULT_COPY)
		return ret;
	ret = copy_huge_page(vmf, pmd, folio);
	folio_put(folio);
	return ret;
}

/* The access is allowed already. */
static vm_fault_t hugetlb_spurious(struct vm_fault *vmf, pmd_t pmd)
{
	pmd_t wanted = pmd_mkyoung(vmf->flags & FAULT_FLAG_WRITE ? pmd_mkdirty(pmd) : pmd);

	if (pmd_same(wanted, pmd)) {
		count_event(EV_FAULT_SPURIOUS);
		return 0;
	}
	if (!same_leaf_locked(vmf, pmd))
		return FAULT_AGAIN;
	set_pmd_at(vmf->pmdp, wanted);
	spin_unlock(vmf->ptl);
	return 0;
}

static vm_fault_t hugetlb_fault_once(struct vm_fault *vmf)
{
	pmd_t pmd = pmdp_get(vmf->pmdp);

	if (pmd_none(pmd))
		return hugetlb_no_page(vmf);
	if (unlikely(is_pmd_migration_entry(pmd)))
		return pmd_migration_entry_wait(vmf, leaf_lockptr(vmf), pmd);
	if ((vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) && !pmd_write(pmd))
		return hugetlb_wp(vmf, pmd);
	return hugetlb_spurious(vmf, pmd);
}

/* Decides once, with the hugetlb locks, which are dropped before waiting for the folio lock, which ranks above. */
static vm_fault_t hugetlb_fault_locked(struct vm_fault *vmf)
{
	struct rwsem *mutex = hugetlb_vma_fault_mutex_lock(vmf->vma, vmf->addr);
	vm_fault_t ret;

	hugetlb_vma_lock_read(vmf->vma);
	SYNCPOINT("hugetlb.fault_locked");
	vmf->pmdp = huge_pte_alloc(vmf->vma, vmf->addr, hstate_vma(vmf->vma));
	ret = likely(vmf->pmdp) ? hugetlb_fault_once(vmf) : VM_FAULT_OOM;
	hugetlb_vma_unlock_read(vmf->vma);
	hugetlb_fault_mutex_unlock(mutex);
	return ret;
}

vm_fault_t hugetlb_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	struct vm_fault vmf = {
		.pt = &vma->vm_mm->pt,
		.vma = vma,
		.addr = addr & huge_page_mask(hstate_vma(vma)),
		.flags = flags,
	};
	vm_fault_t ret = vma->vm_flags & VM_SHARED ? 0 : vmf_anon_prepare(&vmf);
	RETRY_LOOP_IN(vmf.rounds, 100000, "a fault in hugetlb memory, restarted");

	if (unlikely(ret))
		return ret;
	while (unlikely((ret = hugetlb_fault_locked(&vmf)) & (FAULT_AGAIN | FAULT_WAIT))) {
		if (ret == FAULT_AGAIN)
			RETRY();
		else
			fault_wait(&vmf);
	}
	return ret;
}
