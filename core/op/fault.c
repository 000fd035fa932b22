/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault.c - page faults: dispatch by kind; first reads and first writes of anonymous memory. */
#include "core/op/vm_fault.h"

#include "core/host/age.h"
#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/expand_stack.h"
#include "core/op/huge_pud.h"
#include "core/op/hugetlb.h"
#include "core/op/numa_fault.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"
#include "core/probe/retry.h"

DEFINE_EVENT(FAULT, "faults");
DEFINE_EVENT(FAULT_VMA_LOCK, "faults under the VMA lock");
DEFINE_EVENT(FAULT_MMAP_LOCK, "faults under mmap_lock");
DEFINE_EVENT(FAULT_SPURIOUS, "faults found already handled");
DEFINE_EVENT(FAULT_RETRY, "faults that left the VMA lock for mmap_lock, to make an anon_vma");
DEFINE_EVENT(FAULT_LARGE, "first writes that mapped a large folio");
DEFINE_EVENT(FAULT_SMALLER, "large folios that could not be allocated");

/* First read: maps the shared zero page, read-only and not counted. */
static vm_fault_t do_zero_page(struct vm_fault *vmf)
{
	if (!lock_and_compare_none(vmf))
		return FAULT_AGAIN;
	set_pte(vmf->ptep, pte_mkspecial(mk_pte(zero_page, vmf->vma->vm_page_prot)));
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return 0;
}

/* ---- first write ---- */

static unsigned long range_start(const struct vm_fault *vmf, unsigned int order)
{
	return ALIGN_DOWN(vmf->addr, PAGE_SIZE << order);
}

static bool range_in_vma(const struct vm_fault *vmf, unsigned int order)
{
	unsigned long start = range_start(vmf, order);

	return start >= vmf->vma->vm_start && start + (PAGE_SIZE << order) <= vmf->vma->vm_end;
}

/* Source: mm/memory.c, pte_range_none(). */
static bool range_none(pte_t *ptep, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		if (!pte_none(ptep_get(ptep + i)))
			return false;
	return true;
}

/*
 * The largest order up to @order whose aligned range around the address lies in the VMA and has no entries; at least
 * 0. Its range never leaves the PTE table. Checked without the PTL: the caller re-checks it under it.
 */
static unsigned int largest_empty_order(struct vm_fault *vmf, unsigned int order)
{
	pte_t *ptep;
	pmd_t pmd;

	while (order && !range_in_vma(vmf, order))
		order--;
	if (!order)
		return 0;
	ptep = pte_offset_map(vmf->pt, vmf->pmdp, vmf->addr, &pmd);
	if (!ptep)
		return 0;
	while (order && !range_none(ptep - ((vmf->addr - range_start(vmf, order)) >> PAGE_SHIFT), 1ul << order))
		order--;
	pte_unmap(vmf->pt);
	return order;
}

DEFINE_KNOCKOUT(FAULT_RANGE_RECHECK,
	.name = "fault:range-recheck",
	.removes = "the re-check, under the PTL, that the entries for a large folio are empty",
	.breaks = "another fault's entry is overwritten, and its page leaks",
	.detected_by = "page and counter accounting at rest",
	.hunt = HUNT_JUMBLE " --policy linux-6.15,anon=32k");

/* lock_and_compare() for the range of @order, which was empty: *vmf->ptep is its first entry. */
static force_inline bool lock_empty_range(struct vm_fault *vmf, unsigned int order)
{
	if (!order)
		return lock_and_compare_none(vmf);
	SYNCPOINT("fault.before_ptl");
	vmf->ptep = pte_offset_map_lock(vmf->pt, vmf->pmdp, range_start(vmf, order), &vmf->ptl);
	if (unlikely(!vmf->ptep))
		return false;
	if (likely(range_none(vmf->ptep, 1ul << order) || KNOCKED_OUT(FAULT_RANGE_RECHECK)) &&
	    check_stable_address_space(vmf))
		return true;
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return false;
}

/* Maps a new folio over the range of its order, or frees it. Inlined: order 0, of most faults, is a constant. */
static force_inline vm_fault_t map_anon_folio(struct vm_fault *vmf, struct folio *folio, unsigned int order)
{
	if (!lock_empty_range(vmf, order)) {
		folio_put(folio);
		return FAULT_AGAIN;
	}
	if (order)
		folio_ref_add(folio, (1 << order) - 1);
	map_new_folio(vmf, folio, range_start(vmf, order), 1ul << order);
	mm_count(vmf->pt, MM_ANONPAGES, 1l << order);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return 0;
}

/* As large as policy, VMA, entries and memory allow. *@done: it was tried; else only a single page is possible. */
static __noinline vm_fault_t do_anonymous_large(struct vm_fault *vmf, bool *done)
{
	unsigned int order = largest_empty_order(vmf, vmf->pt->policy.anon_order);

	for (; order; order--) {
		struct folio *folio = folio_alloc(order, PAGE_ANON | ALLOC_ZERO);

		if (folio) {
			count_event(EV_FAULT_LARGE);
			*done = true;
			return map_anon_folio(vmf, folio, order);
		}
		count_event(EV_FAULT_SMALLER);
	}
	return 0;
}

/* First write: maps a new folio at the address, and, if it is large, around it. Source: mm/memory.c. */
static vm_fault_t do_anonymous_page(struct vm_fault *vmf)
{
	vm_fault_t ret = vmf_anon_prepare(vmf);
	struct folio *folio;
	bool done = false;

	if (likely(!ret) && unlikely(vmf->pt->policy.anon_order))
		ret = do_anonymous_large(vmf, &done);
	if (unlikely(ret || done))
		return ret;
	folio = folio_alloc(0, PAGE_ANON | ALLOC_ZERO);
	if (unlikely(!folio))
		return VM_FAULT_OOM;
	return map_anon_folio(vmf, folio, 0);
}

/* The access is allowed already: another thread's fault came first, or only accessed and dirty bits were missing. */
static vm_fault_t do_spurious(struct vm_fault *vmf)
{
	pte_t wanted = pte_mkyoung(vmf->flags & FAULT_FLAG_WRITE ? pte_mkdirty(vmf->orig) : vmf->orig);

	if (pte_same(wanted, vmf->orig)) {
		count_event(EV_FAULT_SPURIOUS);
		return 0;
	}
	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	ptep_set_access_flags(vmf->ptep, wanted);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return 0;
}

/* Present, in a VMA that allows no access: a forced one. Source: mm/memory.c, handle_pte_fault(). */
static bool no_access_by_vma(const struct vm_fault *vmf)
{
	return pte_protnone(vmf->orig) && !vma_is_accessible(vmf->vma);
}

/* Source: mm/memory.c, handle_pte_fault(). */
static vm_fault_t handle_pte_fault(struct vm_fault *vmf)
{
	pmd_t pmd = pmdp_get(vmf->pmdp);

	if (unlikely(!pmd_is_table(pmd))) {
		vm_fault_t ret = handle_pmd_fault(vmf, pmd);

		if (ret != FAULT_PTES)
			return ret;
	}
	vmf->orig = pte_read(vmf->pt, vmf->pmdp, vmf->addr);
	if (pte_none(vmf->orig) && unlikely(!vma_is_anonymous(vmf->vma)))
		return do_fault(vmf);
	if (pte_none(vmf->orig) && unlikely(vmf->vma->vm_flags & (VM_PFNMAP | VM_UFFD_MISSING)))
		return vmf->vma->vm_flags & VM_PFNMAP ? do_raw_page(vmf) : handle_userfault(vmf, VM_UFFD_MISSING);
	if (pte_none(vmf->orig))
		return vmf->flags & FAULT_FLAG_WRITE ? do_anonymous_page(vmf) : do_zero_page(vmf);
	if (unlikely(!pte_accessible(vmf->orig)) && !no_access_by_vma(vmf))
		return pte_present(vmf->orig) ? do_numa_page(vmf) : do_swap_page(vmf);
	if ((vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) && !pte_write(vmf->orig))
		return do_wp_page(vmf);
	return do_spurious(vmf);
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	struct vm_fault vmf = {
		.pt = &vma->vm_mm->pt,
		.vma = vma,
		.addr = addr & PAGE_MASK,
		.flags = flags,
	};
	vm_fault_t ret;
	RETRY_LOOP_IN(vmf.rounds, 100000, "a fault, restarted");

	ASSERT(addr >= vma->vm_start && addr < vma->vm_end);
	if (unlikely(is_vm_hugetlb_page(vma)))
		return hugetlb_fault(vma, addr, flags);
	if (unlikely(vma_has_puds(vma))) {
		ret = handle_pud_fault(&vmf);
		if (ret != FAULT_PTES)
			return ret;
	} else {
		vmf.pmdp = pmd_alloc_path(vmf.pt, addr);
		if (unlikely(!vmf.pmdp))
			return VM_FAULT_OOM;
	}
	while (unlikely((ret = handle_pte_fault(&vmf)) & (FAULT_AGAIN | FAULT_WAIT))) {
		if (!check_stable_address_space(&vmf))
			return VM_FAULT_SIGBUS;
		if (ret == FAULT_AGAIN)
			RETRY();
		else
			fault_wait(&vmf);
	}
	return ret;
}

static bool access_allowed(const struct vm_area_struct *vma, unsigned int flags)
{
	return vma->vm_flags & (flags & FAULT_FLAG_WRITE ? VM_WRITE : VM_ACCESS_FLAGS);
}

static vm_fault_t fault_in_vma(struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	if (unlikely(!access_allowed(vma, flags)))
		return VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS;
	return handle_mm_fault(vma, addr, flags);
}

static vm_fault_t fault_under_mmap_lock(struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	struct vm_area_struct *vma;
	vm_fault_t ret;

	count_event(EV_FAULT_MMAP_LOCK);
	vma = lock_mm_and_find_vma(mm, addr);
	if (unlikely(!vma))
		return VM_FAULT_SIGSEGV | VM_FAULT_BADMAP;
	ret = fault_in_vma(vma, addr, flags);
	if (likely(!(ret & VM_FAULT_DROPPED)))
		mmap_read_unlock(mm);
	return ret;
}

/* The rest of a fault that waited for a userfaultfd. Each wait is for another thread's work, as in fault_wait(). */
static __noinline vm_fault_t fault_again(struct mm_struct *mm, unsigned long addr, unsigned int flags, vm_fault_t ret)
{
	struct vm_area_struct *vma;

	while (ret & VM_FAULT_DROPPED) {
		vma = lock_vma_under_rcu(mm, addr);
		ret = vma ? fault_in_vma(vma, addr, flags | FAULT_FLAG_VMA_LOCK) : VM_FAULT_RETRY;
		if (ret & VM_FAULT_DROPPED)
			continue;
		if (vma)
			vma_end_read(mm, vma);
		if (ret & VM_FAULT_RETRY)
			ret = fault_under_mmap_lock(mm, addr, flags);
	}
	return ret;
}

/* Source: arch/x86/mm/fault.c, do_user_addr_fault(). */
vm_fault_t do_user_addr_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	assert_linked(&kind_mm, &mm->probe, mm);
	OPERATION("fault", mm, addr);
	struct vm_area_struct *vma;
	vm_fault_t ret;

	count_event(EV_FAULT);
	flags |= FAULT_FLAG_ALLOW_RETRY;
	vma = lock_vma_under_rcu(mm, addr);
	if (likely(vma)) {
		ASSERT(load_relaxed(&vma->vm_mm) == mm);
		ret = fault_in_vma(vma, addr, flags | FAULT_FLAG_VMA_LOCK);
		if (likely(!(ret & VM_FAULT_RETRY))) {
			vma_end_read(mm, vma);
			count_event(EV_FAULT_VMA_LOCK);
			return ret;
		}
		if (ret & VM_FAULT_DROPPED)
			return fault_again(mm, addr, flags, ret);
		vma_end_read(mm, vma);
		count_event(EV_FAULT_RETRY);
	}
	ret = fault_under_mmap_lock(mm, addr, flags);
	return likely(!(ret & VM_FAULT_DROPPED)) ? ret : fault_again(mm, addr, flags, ret);
}
