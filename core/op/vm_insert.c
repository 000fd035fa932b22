/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_insert.c - maps frames and pages of drivers one by one; faults where a driver maps them. */
#include "core/op/vm_insert.h"

#include <errno.h>

#include "core/mm/device.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/vm_fault.h"
#include "core/op/zap.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(VM_INSERT_PAGE, "pages of drivers mapped");
DEFINE_EVENT(VM_INSERT_PFN, "raw frames mapped one by one");
DEFINE_EVENT(VM_INSERT_BUSY, "entries of drivers that another thread had set");
DEFINE_EVENT(PFN_MKWRITE, "raw frames of shared mappings made writable by faults");

struct page *alloc_driver_pages(unsigned int order)
{
	struct folio *folio = folio_alloc(order, PAGE_DRIVER);

	return folio ? &folio->page : NULL;
}

/* The entry of @addr, its table allocated and locked; NULL without memory. Source: mm/memory.c. */
static pte_t *get_locked_pte(struct vm_area_struct *vma, unsigned long addr, spinlock_t **ptlp)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	pmd_t *pmdp = pmd_alloc_path(pt, addr);
	pte_t *ptep;
	RETRY_LOOP(100000, "a table for an entry of a driver");

	if (!pmdp)
		return NULL;
	do {
		if (pte_alloc(pt, pmdp))
			return NULL;
		SYNCPOINT("vm_insert.before_ptl");
		ptep = pte_offset_map_lock(pt, pmdp, addr, ptlp);
	} while (unlikely(!ptep) && RETRIED());
	return ptep;
}

DEFINE_KNOCKOUT(VM_INSERT_NONE,
	.name = "vm-insert:none",
	.removes = "the check, under the PTL, that a driver's fault sets an empty entry",
	.breaks = "another thread's entry is overwritten, and its page stays counted",
	.detected_by = "page and counter accounting at rest",
	.hunt = "test knockout.device");

/* Locking: the PTL. */
static bool entry_busy(pte_t *ptep)
{
	if (likely(pte_none(ptep_get(ptep)) || KNOCKED_OUT(VM_INSERT_NONE)))
		return false;
	count_event(EV_VM_INSERT_BUSY);
	return true;
}

/* The entry of @pfn as a fault finds it at first. */
static pte_t first_pte(const struct vm_area_struct *vma, unsigned long pfn)
{
	pte_t pte = pfn_pte(pfn, vma->vm_page_prot);

	return vma_inserts_writable(vma) ? pte_mkwrite(pte) : pte;
}

static bool outside(const struct vm_area_struct *vma, unsigned long addr)
{
	return addr < vma->vm_start || addr >= vma->vm_end;
}

/* ---- pages ---- */

/* Source: mm/memory.c, insert_page_into_pte_locked(). Locking: the PTL. */
static int insert_page_locked(struct vm_area_struct *vma, pte_t *ptep, struct page *page)
{
	struct folio *folio = page_folio(page);

	if (entry_busy(ptep))
		return -EBUSY;
	folio_get(folio);
	mm_count(&vma->vm_mm->pt, MM_FILEPAGES, 1);
	folio_add_file_rmap_ptes(folio, page, 1, vma);
	set_pte(ptep, first_pte(vma, page_to_pfn(page)));
	count_event(EV_VM_INSERT_PAGE);
	return 0;
}

static int insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	spinlock_t *ptl;
	pte_t *ptep = get_locked_pte(vma, addr, &ptl);
	int err;

	if (!ptep)
		return -ENOMEM;
	err = insert_page_locked(vma, ptep, page);
	pte_unmap_unlock(&vma->vm_mm->pt, ptl);
	return err;
}

int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	mmap_assert_locked(vma->vm_mm);
	BUG_ON(!vma_is_device(vma) || (vma->vm_flags & VM_PFNMAP));
	if (outside(vma, addr))
		return -EFAULT;
	if (page_type(page) != PAGE_DRIVER || !folio_ref_count(page_folio(page)))
		return -EINVAL;
	if (!(vma->vm_flags & VM_MIXEDMAP)) {
		vma_assert_write_locked(vma);
		vma_set_flags(vma, vma->vm_flags | VM_MIXEDMAP);
	}
	return insert_page(vma, addr & PAGE_MASK, page);
}

/* ---- raw frames ---- */

/*
 * Locking: the PTL. @mkwrite: an entry of @pfn becomes writable and dirty; one of another frame stays. Source:
 * mm/memory.c, insert_pfn().
 */
static int insert_pfn_locked(struct vm_area_struct *vma, pte_t *ptep, unsigned long pfn, bool mkwrite)
{
	pte_t pte = pte_mkspecial(first_pte(vma, pfn)), old = ptep_get(ptep);

	mkwrite = mkwrite && (vma->vm_flags & VM_WRITE) && !is_cow_mapping(vma->vm_flags);
	if (mkwrite)
		pte = pte_mkdirty(pte_mkwrite(pte));
	if (mkwrite && pte_present(old) && pte_special(old) && pte_pfn(old) == pfn) {
		set_pte(ptep, pte);
		return 0;
	}
	if (entry_busy(ptep))
		return -EBUSY;
	set_pte(ptep, pte);
	count_event(EV_VM_INSERT_PFN);
	return 0;
}

static int insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, bool mkwrite)
{
	spinlock_t *ptl;
	pte_t *ptep;
	int err;

	mmap_assert_locked(vma->vm_mm);
	if (outside(vma, addr))
		return -EFAULT;
	if (!pfn_modify_allowed(pfn, 1))
		return -EINVAL;
	ptep = get_locked_pte(vma, addr & PAGE_MASK, &ptl);
	if (!ptep)
		return -ENOMEM;
	err = insert_pfn_locked(vma, ptep, pfn, mkwrite);
	pte_unmap_unlock(&vma->vm_mm->pt, ptl);
	return err;
}

int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	BUG_ON(!(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)));
	/* A private one maps its frames in a row, so that raw ones and copies can be distinguished. */
	BUG_ON((vma->vm_flags & VM_PFNMAP) && is_cow_mapping(vma->vm_flags));
	return insert_pfn(vma, addr, pfn, false);
}

/* ---- in faults ---- */

/* Source: include/linux/mm.h, vmf_error(). */
static vm_fault_t vmf_result(int err)
{
	if (!err || err == -EBUSY)
		return VM_FAULT_NOPAGE;
	return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
}

vm_fault_t vmf_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	return vmf_result(vm_insert_page(vma, addr, page));
}

vm_fault_t vmf_insert_page_mkwrite(struct vm_fault *vmf, struct page *page)
{
	BUG_ON(page_type(page) != PAGE_DRIVER || is_cow_mapping(vmf->vma->vm_flags));
	return vmf_result(insert_page(vmf->vma, vmf->addr, page));
}

vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	BUG_ON((vma->vm_flags & VM_MIXEDMAP) && pfn_valid(pfn));
	return vmf_result(vm_insert_pfn(vma, addr, pfn));
}

static vm_fault_t insert_mixed(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, bool mkwrite)
{
	if (!(vma->vm_flags & VM_MIXEDMAP) || is_zero_pfn(pfn))
		return VM_FAULT_SIGBUS;
	return vmf_result(insert_pfn(vma, addr, pfn, mkwrite));
}

vm_fault_t vmf_insert_mixed(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	return insert_mixed(vma, addr, pfn, false);
}

vm_fault_t vmf_insert_mixed_mkwrite(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	return insert_mixed(vma, addr, pfn, true);
}

/* Under the VMA lock alone a driver's functions are not called. Source: mm/memory.c, vmf_can_call_fault(). */
vm_fault_t do_device_fault(struct vm_fault *vmf)
{
	const struct vm_operations_struct *ops = vmf->vma->vm_file->ops;
	vm_fault_t ret;

	if (!ops->fault)
		return VM_FAULT_SIGBUS;
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return VM_FAULT_RETRY;
	ret = ops->fault(vmf);
	BUG_ON(!ret);
	if (ret != VM_FAULT_NOPAGE)
		return ret;
	/* A write then continues with the entry: it is allowed, or makes a copy, or pfn_mkwrite() comes next. */
	return vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE) ? FAULT_AGAIN : 0;
}

/* Returns 0 if the entry may become writable. */
static vm_fault_t pfn_mkwrite(struct vm_fault *vmf)
{
	const struct vm_operations_struct *ops = vma_is_device(vmf->vma) ? vmf->vma->vm_file->ops : NULL;
	vm_fault_t ret;

	if (!ops || !ops->pfn_mkwrite)
		return 0;
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return VM_FAULT_RETRY;
	ret = ops->pfn_mkwrite(vmf);
	return ret == VM_FAULT_NOPAGE ? FAULT_AGAIN : ret;
}

vm_fault_t wp_pfn_shared(struct vm_fault *vmf)
{
	vm_fault_t ret;

	if (!(vmf->flags & FAULT_FLAG_WRITE))	/* nothing to unshare */
		return 0;
	ret = pfn_mkwrite(vmf);
	if (ret)
		return ret;
	SYNCPOINT("vm_insert.before_mkwrite");
	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	set_pte(vmf->ptep, mark_access(vmf, pte_mkyoung(vmf->orig)));
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	count_event(EV_PFN_MKWRITE);
	return 0;
}

/* ---- unmapping ---- */

void zap_vma_ptes(struct vm_area_struct *vma, unsigned long addr, unsigned long size)
{
	struct mmu_gather tlb;

	mmap_assert_locked(vma->vm_mm);
	if (!(vma->vm_flags & VM_PFNMAP) || !size || addr < vma->vm_start || size > vma->vm_end - addr ||
	    addr >= vma->vm_end)
		return;
	tlb_gather_mmu(&tlb, &vma->vm_mm->pt);
	zap_range(&tlb, vma, addr, addr + size, 0);
	tlb_finish_mmu(&tlb);
}
