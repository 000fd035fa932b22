/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault.c - page faults on anonymous memory.
 *
 * The entry is read without its lock, what to do is decided on that value, memory is allocated; then the PTL is taken
 * and the entry compared. If it changed meanwhile, or its table vanished under reclaim, the fault starts again from the PMD
 * entry: so what it returns is true of the entry it saw last.
 */
#include "core/op/fault.h"

#include "core/mm/mm.h"
#include "core/mm/vma.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio.h"

#define FAULT_AGAIN	0x80u		/* the entry or its table changed on the way: never leaves this file */

/* Lock key: (T) this thread only */
struct vm_fault {
	struct mm_pgtable *pt;		/* (T) */
	struct vm_area_struct *vma;	/* (T) */
	unsigned long addr;		/* (T) page aligned */
	bool write;			/* (T) */
	pmd_t *pmdp;			/* (T) */
	pte_t orig;			/* (T) the entry as read without its lock */
	pte_t *ptep;			/* (T) the entry, while its lock is held */
	spinlock_t *ptl;		/* (T) */
};

/* Locks the entry's table. True: locked, and the entry is still vmf->orig. Else not locked: start again. */
static bool lock_and_compare(struct vm_fault *vmf)
{
	SYNCPOINT("fault.before_ptl");
	vmf->ptep = pte_offset_map_lock(vmf->pt, vmf->pmdp, vmf->addr, &vmf->ptl);
	if (unlikely(!vmf->ptep))
		return false;
	if (likely(pte_same(ptep_get(vmf->ptep), vmf->orig) || KNOCKED_OUT(FAULT_RECHECK)))
		return true;
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return false;
}

/* @pte as the access at hand leaves it. */
static pte_t mark_access(struct vm_fault *vmf, pte_t pte)
{
	if (vmf->write)
		pte = pte_mkwrite(pte_mkdirty(pte));
	return pte;
}

/* First read: the shared page of zeroes, mapped read-only and not counted. */
static vm_fault_t do_zero_page(struct vm_fault *vmf)
{
	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	set_pte(vmf->ptep, pte_mkspecial(mk_pte(zero_page, vmf->vma->vm_page_prot)));
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return 0;
}

/*
 * A page of its own for the address: the first write (@from NULL, the page is zero), or a copy of @from, the page mapped
 * there, which then loses this mapping. A frame in hand is given back if the entry changed meanwhile.
 */
static vm_fault_t do_new_page(struct vm_fault *vmf, struct page *from)
{
	struct page *page = alloc_page(from ? PAGE_ANON : PAGE_ANON | ALLOC_ZERO);

	if (unlikely(!page))
		return VM_FAULT_OOM;
	if (from)
		copy_payload(page, from);
	if (!lock_and_compare(vmf)) {
		free_page(page);
		return FAULT_AGAIN;
	}
	count_event(EV_PAGE_ALLOC);
	page->index = vmf->addr >> PAGE_SHIFT;
	page_mapcount_inc(page);
	set_pte(vmf->ptep, mark_access(vmf, mk_pte(page, vmf->vma->vm_page_prot)));
	if (from)
		page_mapcount_dec(from);
	else
		mm_count(vmf->pt, MM_ANONPAGES, 1);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	if (from)
		put_page(from);		/* the mapping's reference */
	return 0;
}

/*
 * A write to a present entry that does not allow it: reuse the page if nobody else can see it, else copy it.
 * The page is looked at under the PTL: mapped, so not free; the copy is made without it, under a reference.
 * Source: mm/memory.c, do_wp_page().
 */
static vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct page *page;
	vm_fault_t ret;

	if (pte_special(vmf->orig))
		return do_new_page(vmf, NULL);
	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	page = pte_page(vmf->orig);
	if (page_ref_count(page) == 1) {
		set_pte(vmf->ptep, mark_access(vmf, pte_mkyoung(vmf->orig)));
		pte_unmap_unlock(vmf->pt, vmf->ptl);
		return 0;
	}
	get_page(page);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	ret = do_new_page(vmf, page);
	put_page(page);
	return ret;
}

/* The access was allowed by the time it was looked at: another thread's fault came first, or only the bits were missing. */
static vm_fault_t do_spurious(struct vm_fault *vmf)
{
	pte_t wanted = pte_mkyoung(vmf->write ? pte_mkdirty(vmf->orig) : vmf->orig);

	if (pte_same(wanted, vmf->orig)) {
		count_event(EV_FAULT_SPURIOUS);
		return 0;
	}
	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	set_pte(vmf->ptep, wanted);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return 0;
}

/* The entry as it is now, none where there is no table. */
static pte_t read_entry(struct vm_fault *vmf)
{
	pte_t pte = { 0 };
	pte_t *ptep;
	pmd_t pmd;

	ptep = pte_offset_map(vmf->pt, vmf->pmdp, vmf->addr, &pmd);
	if (ptep) {
		pte = ptep_get_lockless(ptep);
		pte_unmap(vmf->pt);
	}
	return pte;
}

/* Source: mm/memory.c, handle_pte_fault(). */
static vm_fault_t handle_pte_fault(struct vm_fault *vmf)
{
	if (unlikely(pte_alloc(vmf->pt, vmf->pmdp)))
		return VM_FAULT_OOM;
	vmf->orig = read_entry(vmf);
	if (pte_none(vmf->orig))
		return vmf->write ? do_new_page(vmf, NULL) : do_zero_page(vmf);
	if (unlikely(pte_is_guard(vmf->orig)))
		return VM_FAULT_SIGSEGV;
	if (vmf->write && !pte_write(vmf->orig))
		return do_wp_page(vmf);
	return do_spurious(vmf);
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	struct vm_fault vmf = {
		.pt = &vma->vm_mm->pt,
		.vma = vma,
		.addr = addr & PAGE_MASK,
		.write = flags & FAULT_FLAG_WRITE,
	};
	unsigned int rounds = 0;
	vm_fault_t ret;

	ASSERT(addr >= vma->vm_start && addr < vma->vm_end);
	vmf.pmdp = pmd_alloc_path(vmf.pt, addr);
	if (unlikely(!vmf.pmdp))
		return VM_FAULT_OOM;
	while (unlikely((ret = handle_pte_fault(&vmf)) == FAULT_AGAIN))
		BUG_ON(++rounds > PTE_AGAIN_BOUND);
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

/* Source: arch/x86/mm/fault.c, do_user_addr_fault(). */
vm_fault_t do_user_addr_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	struct vm_area_struct *vma;
	vm_fault_t ret;

	count_event(EV_FAULT);
	vma = lock_vma_under_rcu(mm, addr);
	if (likely(vma)) {
		ASSERT(load_relaxed(&vma->vm_mm) == mm);
		ret = fault_in_vma(vma, addr, flags);
		vma_end_read(mm, vma);
		count_event(EV_FAULT_VMA_LOCK);
		return ret;
	}
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	ret = vma ? fault_in_vma(vma, addr, flags) : VM_FAULT_SIGSEGV | VM_FAULT_BADMAP;
	mmap_read_unlock(mm);
	count_event(EV_FAULT_MMAP_LOCK);
	return ret;
}
