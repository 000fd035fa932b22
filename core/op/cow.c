/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cow.c - copy on write: an exclusive page is reused, any other is copied.
 *
 * PageAnonExclusive (rmap.h) marks exclusive pages. A page that was shared and may not be any more is checked by its
 * references: each entry that maps it holds one, and so does every other user. So if all of them belong to entries of
 * this mm, writes are visible to no other. Another reference - by fork, GUP, a second fault - is made from an entry,
 * under the PTL that is held here, or without it from an entry that is re-read, or the reference is dropped unused.
 *
 * Source: mm/memory.c, do_wp_page(), wp_can_reuse_anon_folio(), wp_page_copy().
 */
#include "core/op/vm_fault.h"

#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/op/pfnmap.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(COW_REUSE, "pages found exclusive, and reused by a write fault");
DEFINE_EVENT(COW_COPY, "pages copied, since they are shared");

DEFINE_KNOCKOUT(COW_REUSE_CHECK,
	.name = "cow:reuse-check",
	.removes = "the check for other references before a write fault reuses a page",
	.breaks = "two mms write to one page",
	.detected_by = "exclusive pages and entries at rest",
	.hunt = HUNT_JUMBLE);

/* Locking: the PTL of an entry of @vma that maps it. */
static bool can_reuse_folio(struct folio *folio, struct vm_area_struct *vma)
{
	if (!folio_test_anon(folio))
		return false;
	if (KNOCKED_OUT(COW_REUSE_CHECK))
		return true;
	if (unlikely(folio_test_large(folio)))
		return can_reuse_large_folio(folio, vma);
	/* A small page is copied rather than waited for. Source: mm/memory.c, wp_can_reuse_anon_folio(). */
	return folio_ref_count(folio) == 1 && folio_trylock(folio) && reuse_locked_folio(folio, vma);
}

/* Locking: the PTL, dropped. */
static vm_fault_t reuse(struct vm_fault *vmf)
{
	count_event(EV_COW_REUSE);
	if (vmf->flags & FAULT_FLAG_WRITE)
		set_pte(vmf->ptep, mark_access(vmf, pte_mkyoung(vmf->orig)));
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return 0;
}

/*
 * Of two threads none reads the old page when the other has written to the new one. Locking: the PTL. Source:
 * mm/pgtable-generic.c, ptep_clear_flush().
 */
static __noinline void clear_flush(struct vm_fault *vmf)
{
	ptep_get_and_clear(vmf->ptep);
	flush_tlb_page(vmf->pt, vmf->addr);
}

/* Maps @folio instead of @from, or of an uncounted frame. False, and nothing is done: the entry has changed. */
static bool replace_page(struct vm_fault *vmf, struct folio *folio, struct page *from)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(vmf->vma->vm_mm, MMU_NOTIFY_CLEAR, vmf->addr,
								vmf->addr + PAGE_SIZE);
	bool mine;

	mmu_notifier_invalidate_range_start(&range);
	mine = lock_and_compare(vmf);
	if (likely(mine)) {
		if (unlikely(vmf->pt->policy.tlb))
			clear_flush(vmf);
		map_new_folio(vmf, folio, vmf->addr, 1);
		mm_count(vmf->pt, MM_ANONPAGES, 1);
		if (from) {
			mm_count(vmf->pt, mm_counter(page_folio(from)), -1);
			folio_remove_rmap_ptes(page_folio(from), from, 1, vmf->vma);
		}
		pte_unmap_unlock(vmf->pt, vmf->ptl);
	}
	mmu_notifier_invalidate_range_end(&range);
	return mine;
}

/*
 * Maps a new page instead of @from, of which the caller has a reference, or of the zero page or a raw frame, if that
 * is NULL. The contents of a shared page do not change, so it is copied without the PTL; a copy that came too late is
 * freed.
 */
static vm_fault_t wp_page_copy(struct vm_fault *vmf, struct page *from)
{
	vm_fault_t ret = vmf_anon_prepare(vmf);
	struct folio *folio;

	if (unlikely(ret))
		return ret;
	folio = folio_alloc(0, from ? PAGE_ANON : PAGE_ANON | ALLOC_ZERO);
	if (unlikely(!folio))
		return VM_FAULT_OOM;
	if (from)
		copy_payload(&folio->page, from);
	else if (unlikely(!is_zero_pfn(pte_pfn(vmf->orig))))
		copy_raw_payload(&folio->page, pte_pfn(vmf->orig));
	if (!replace_page(vmf, folio, from)) {
		folio_put(folio);
		return FAULT_AGAIN;
	}
	if (from) {
		count_event(EV_COW_COPY);
		put_page(from);		/* the entry's reference */
	}
	return 0;
}

/* The page is used under the PTL: it is mapped, so not free. */
vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct page *page = vm_normal_page(vmf->vma, vmf->addr, vmf->orig);
	vm_fault_t ret;

	/* By the entry that is compared under the PTL below: one that is protected later is not made writable. */
	if (unlikely(userfaultfd_pte_wp(vmf->vma, vmf->orig)) && !(vmf->flags & FAULT_FLAG_UNSHARE))
		return handle_userfault(vmf, VM_UFFD_WP);
	if (!page)
		return vmf->vma->vm_flags & VM_SHARED ? wp_pfn_shared(vmf) : wp_page_copy(vmf, NULL);
	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	if (unlikely(vmf->vma->vm_flags & VM_SHARED))
		return wp_page_shared(vmf);
	if (PageAnonExclusive(page))
		return reuse(vmf);
	if (can_reuse_folio(page_folio(page), vmf->vma)) {
		SetPageAnonExclusive(page);
		return reuse(vmf);
	}
	get_page(page);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	SYNCPOINT("cow.before_copy");
	ret = wp_page_copy(vmf, page);
	put_page(page);
	return ret;
}
