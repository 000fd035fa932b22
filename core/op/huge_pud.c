/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge_pud.c - leaves of PUD tables: faults that set them, and zaps. */
#include "core/op/huge_pud.h"

#include "core/mm/device.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/op/zap.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(PUD_INSERT, "PUD leaves set by faults of drivers");
DEFINE_EVENT(PUD_PROTECT, "PUD leaves given other permissions");
DEFINE_EVENT(PUD_FAULT_RACED, "faults that found another thread's PUD entry");

_Static_assert(!THP_POSSIBLE || HPAGE_PUD_ORDER <= MAX_FOLIO_ORDER, "a folio that a PUD leaf maps can be allocated");

/* ---- setting a leaf ---- */

DEFINE_KNOCKOUT(PUD_INSERT_NONE,
	.name = "pud-insert:none",
	.removes = "the check, under page_table_lock, that a driver's fault sets a leaf where there is no entry",
	.breaks = "another thread's leaf is overwritten, and its folio stays counted; or a table is lost",
	.detected_by = "page and counter accounting at rest",
	.hunt = "test knockout.pud");

/* Source: mm/huge_memory.c, insert_pud(). Locking: page_table_lock. */
static void insert_pud(struct vm_fault *vmf, pud_t *pudp, struct folio *folio)
{
	struct vm_area_struct *vma = vmf->vma;

	if (!pud_none(pudp_get(pudp)) && !KNOCKED_OUT(PUD_INSERT_NONE)) {
		count_event(EV_PUD_FAULT_RACED);
		return;
	}
	folio_get(folio);
	mm_count(vmf->pt, MM_FILEPAGES, (long)HPAGE_PUD_NR);
	folio_add_file_rmap_pud(folio, &folio->page, vma);
	set_pud_at(pudp, mk_huge_pud(&folio->page, vma->vm_page_prot, vma_inserts_writable(vma)));
	count_event(EV_PUD_INSERT);
}

/* True if the whole range around the fault lies in its VMA. */
static bool pud_fits(const struct vm_fault *vmf)
{
	unsigned long start = ALIGN_DOWN(vmf->addr, PUD_SIZE);

	return start >= vmf->vma->vm_start && vmf->vma->vm_end - start >= PUD_SIZE;
}

vm_fault_t vmf_insert_folio_pud(struct vm_fault *vmf, struct folio *folio)
{
	pud_t *pudp = pud_find(vmf->pt, vmf->addr);

	mmap_assert_locked(vmf->vma->vm_mm);
	if (!pud_fits(vmf))
		return VM_FAULT_SIGBUS;
	SYNCPOINT("pud_insert.before_lock");
	spin_lock(&vmf->pt->page_table_lock);
	insert_pud(vmf, pudp, folio);
	spin_unlock(&vmf->pt->page_table_lock);
	return VM_FAULT_NOPAGE;
}

/* ---- faults ---- */

/* The PUD entry of the fault; NULL without memory. */
static pud_t *pud_alloc_path(const struct vm_fault *vmf)
{
	p4d_t *p4dp = p4d_alloc(vmf->pt, pgd_offset(vmf->pt->pgd, vmf->addr), vmf->addr);

	return p4dp ? pud_alloc(vmf->pt, p4dp, vmf->addr) : NULL;
}

/* Nothing is mapped: asks the driver for a leaf. Returns VM_FAULT_FALLBACK if it sets none. Source: mm/memory.c. */
static vm_fault_t create_huge_pud(struct vm_fault *vmf)
{
	const struct vm_operations_struct *ops = vma_is_device(vmf->vma) ? vmf->vma->vm_file->ops : NULL;

	if (!ops || !ops->huge_fault || !pud_fits(vmf))
		return VM_FAULT_FALLBACK;
	/* As do_device_fault(). */
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return VM_FAULT_RETRY;
	return ops->huge_fault(vmf, HPAGE_PUD_ORDER);
}

static bool leaf_allows(const struct vm_fault *vmf, pud_t pud)
{
	if (!pud_accessible(pud))
		return false;
	if ((vmf->flags & FAULT_FLAG_WRITE) && !pud_write(pud))
		return false;
	/* Raw frames of a private mapping are copied; pages of a driver are shared. */
	return !(vmf->flags & FAULT_FLAG_UNSHARE) || !pud_special(pud);
}

DEFINE_KNOCKOUT(PUD_FAULT_RECHECK,
	.name = "pud-fault:recheck",
	.removes = "the re-read of a PUD entry before a fault descends to the table below",
	.breaks = "a fault that takes a driver's pages for a page table",
	.detected_by = "the type check of upper entries",
	.hunt = "test knockout.pud");

/* The PMD entry below @pudp, which was @pud: none or a table. FAULT_AGAIN: another thread set a leaf meanwhile. */
static vm_fault_t find_pmd(struct vm_fault *vmf, pud_t *pudp, pud_t pud)
{
	SYNCPOINT("pud_fault.before_table");
	if (pud_none(pud) && table_populate(vmf->pt, &pudp->val, LEVEL_PUD))
		return VM_FAULT_OOM;
	pud = pudp_get(pudp);
	if (pud_trans_huge(pud) && !KNOCKED_OUT(PUD_FAULT_RECHECK)) {
		count_event(EV_PUD_FAULT_RACED);
		return FAULT_AGAIN;
	}
	vmf->pmdp = pmd_offset_lockless(pudp, pud, vmf->addr);
	return FAULT_PTES;
}

static vm_fault_t pud_fault_once(struct vm_fault *vmf)
{
	pud_t *pudp = pud_alloc_path(vmf), pud;
	vm_fault_t ret;

	if (!pudp)
		return VM_FAULT_OOM;
	pud = pudp_get(pudp);
	if (pud_trans_huge(pud)) {
		if (leaf_allows(vmf, pud)) {
			count_event(EV_FAULT_SPURIOUS);
			return 0;
		}
		SYNCPOINT("fault.before_pud_split");
		split_huge_pud(vmf->vma, pudp, vmf->addr);
		return FAULT_AGAIN;
	}
	if (pud_none_or_clear_bad(pudp)) {
		ret = create_huge_pud(vmf);
		pud = pudp_get(pudp);
		/* It may be another thread's entry. */
		if (ret == VM_FAULT_NOPAGE)
			return pud_trans_huge(pud) && leaf_allows(vmf, pud) ? 0 : FAULT_AGAIN;
		if (ret != VM_FAULT_FALLBACK)
			return ret;
	}
	return find_pmd(vmf, pudp, pud);
}

vm_fault_t handle_pud_fault(struct vm_fault *vmf)
{
	vm_fault_t ret;
	RETRY_LOOP(100000, "a fault at a PUD entry, restarted");

	while ((ret = pud_fault_once(vmf)) == FAULT_AGAIN)
		RETRY();
	return ret;
}

/* ---- permissions ---- */

/* Source: mm/huge_memory.c. */
static void change_huge_pud(const struct vm_area_struct *vma, pud_t *pudp)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	pud_t pud;

	spin_lock(&pt->page_table_lock);
	/* Unmapped by its file meanwhile: nothing to change. */
	if (pud_trans_huge(pudp_get(pudp))) {
		pud = pudp_invalidate(pudp);
		SYNCPOINT("pud.protect.invalid");
		set_pud_at(pudp, pud_modify(pud, vma->vm_page_prot, !pud_special(pud) && vma_inserts_writable(vma)));
		count_event(EV_PUD_PROTECT);
	}
	spin_unlock(&pt->page_table_lock);
}

void change_huge_puds_slow(const struct vm_area_struct *vma)
{
	for (unsigned long addr = vma->vm_start, next; addr < vma->vm_end; addr = next) {
		pud_t *pudp = pud_find(&vma->vm_mm->pt, addr);

		next = pud_addr_end(addr, vma->vm_end);
		if (pudp && pud_trans_huge(pudp_get(pudp)))
			change_huge_pud(vma, pudp);
	}
}

/* ---- zap ---- */

bool zap_huge_pud(struct mmu_gather *tlb, struct vm_area_struct *vma, pud_t *pudp, unsigned long addr)
{
	struct page *page = NULL;
	pud_t pud;

	spin_lock(&tlb->pt->page_table_lock);
	pud = pudp_get(pudp);
	if (pud_trans_huge(pud)) {
		page = vm_normal_page_pud(pud, addr);
		unmap_huge_pud_locked(vma, pudp, page);
		if (page)
			tlb_remove_folio_pages(tlb, page_folio(page), 1);
	}
	spin_unlock(&tlb->pt->page_table_lock);
	return pud_trans_huge(pud);
}
