/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protect.c - changes the permissions of a range. */
#include "core/op/protect.h"

#include <errno.h>
#include <sys/mman.h>

#include "core/mm/account.h"
#include "core/mm/device.h"
#include "core/mm/notifier.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/op/huge_pmd.h"
#include "core/op/huge_pud.h"
#include "core/op/hugetlb.h"
#include "core/op/mmap.h"
#include "core/op/populate.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/pgtable/tlb.h"
#include "core/phys/page_flags.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MPROTECT, "mprotect");

#ifndef PROT_SEM
#define PROT_SEM	0x8	/* known and of no effect. Source: include/uapi/asm-generic/mman-common.h */
#endif

/* A write fault would only make it writable. Locking: the PTL. Source: mm/mprotect.c. */
static bool can_change_pte_writable(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	struct page *page;

	if (!(vma->vm_flags & VM_WRITE) || pte_needs_soft_dirty_wp(vma, pte))
		return false;
	if (vma->vm_flags & VM_SHARED)	/* dirty: written to since it was cleaned, and known to file or driver */
		return pte_dirty(pte) || !vma_wants_writenotify(vma);
	page = vm_normal_page(vma, addr, pte);
	return page && (PageAnonExclusive(page) || KNOCKED_OUT(PROTECT_EXCLUSIVE));
}

/*
 * The page stays, its permissions follow the VMA: removed at once, write permission granted at once if the page is
 * exclusive, else by the next write fault. Locking: the PTL.
 */
static void change_pte(pte_t *ptep, unsigned long addr, const struct vm_area_struct *vma)
{
	pte_t pte;

	pte = ptep_get(ptep);
	/*
	 * Restored with the VMA's permissions at that time; a write fault makes it writable. Source:
	 * change_pte_range().
	 */
	if (unlikely(pte_is_migration(pte) && migration_pte_write(pte)))
		set_pte(ptep, migration_pte_wrprotect(pte, folio_test_anon(pfn_swap_entry_folio(pte))));
	if (unlikely(pte_is_device_private(pte) && device_private_pte_write(pte)))
		set_pte(ptep, device_private_pte_wrprotect(pte));
	if (!pte_present(pte))
		return;
	pte = pte_modify(ptep_get_and_clear(ptep), vma->vm_page_prot);
	set_pte(ptep, can_change_pte_writable(vma, addr, pte) ? pte_mkwrite(pte) : pte);
}

/* Source: mm/mprotect.c, change_pte_range(). Locking: mmap_lock for write, @vma write-locked. */
static void change_protection(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(mm, MMU_NOTIFY_PROTECTION_VMA, vma->vm_start,
								vma->vm_end);
	unsigned long addr = vma->vm_start, next;
	spinlock_t *ptl;
	pmd_t *pmdp;
	pte_t *ptep;

	mmu_notifier_invalidate_range_start(&range);
	if (unlikely(is_vm_hugetlb_page(vma))) {
		hugetlb_change_protection(vma);
		addr = vma->vm_end;
	}
	change_huge_puds(vma);
	for (; (pmdp = pmd_find_next(&mm->pt, &addr, vma->vm_end)); addr = next) {
		next = pmd_addr_end(addr, vma->vm_end);
		/* A leaf lies in the VMA as a whole, and no thread makes a new one meanwhile. */
		if (pmd_trans_huge(pmdp_get(pmdp)) && change_huge_pmd(vma, pmdp))
			continue;
		ptep = pte_offset_map_lock(&mm->pt, pmdp, addr, &ptl);
		if (!ptep)
			continue;	/* no table; and mmap_lock excludes reclaim, which could change that */
		for (; addr < next; addr += PAGE_SIZE, ptep++)
			change_pte(ptep, addr, vma);
		pte_unmap_unlock(&mm->pt, ptl);
	}
	flush_tlb_range(&mm->pt, vma->vm_start, vma->vm_end);
	mmu_notifier_invalidate_range_end(&range);
}

/* Sets the permissions @flags of the part of @vma in [start, end); *next is its end. Returns as vma_isolate(). */
static int mprotect_fixup(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
			  unsigned long flags, unsigned long *next)
{
	bool copies;
	int err;

	*next = min(end, vma->vm_end);
	if (vma_is_sealed(vma))
		return -EPERM;
	flags |= vma->vm_flags & ~VM_ACCESS_FLAGS;
	if (vma->vm_flags == flags)
		return 0;
	copies = (vma->vm_flags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && (flags & VM_WRITE);
	flags = account_protection(vma, flags);
	err = vma_isolate(mm, &vma, start, end, flags);
	if (err)
		return err;
	SYNCPOINT("mprotect.locked");
	if ((vma->vm_flags ^ flags) & VM_ACCOUNT)
		vm_acct_memory(flags & VM_ACCOUNT ? vma_pages(vma) : -vma_pages(vma));
	vma_set_flags(vma, flags);
	change_protection(mm, vma);
	vma = vma_merge_neighbours(mm, vma);
	/* The next write to locked memory must not have to copy a page. Without memory it has to. */
	if (unlikely(copies))
		populate_vma_page_range(vma, start, *next);
	return 0;
}

static int do_mprotect(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long flags)
{
	struct vm_area_struct *vma;
	int err = 0;

	while (!err && start < end) {
		vma = vma_lookup(mm, start);
		err = vma ? mprotect_fixup(mm, vma, start, end, flags, &start) : -ENOMEM;
	}
	return err;
}

int sys_mprotect(struct mm_struct *mm, unsigned long start, unsigned long len, int prot)
{
	OPERATION("mprotect", mm, start);
	unsigned long end;
	int err;

	if (!IS_ALIGNED(start, PAGE_SIZE))
		return -EINVAL;
	if (!len)
		return 0;
	end = start + ALIGN_UP(len, PAGE_SIZE);
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	count_event(EV_MPROTECT);
	mmap_write_lock(mm);
	err = do_mprotect(mm, start, end, prot_to_vm_flags(prot));
	mmap_write_unlock(mm);
	return err;
}
