/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protect.c - changes the permissions of a range. */
#include "core/op/protect.h"

#include <errno.h>
#include <sys/mman.h>

#include "core/mm/account.h"
#include "core/mm/huge_memory.h"
#include "core/mm/notifier.h"
#include "core/mm/vma.h"
#include "core/op/huge_pmd.h"
#include "core/op/huge_pud.h"
#include "core/op/hugetlb.h"
#include "core/op/mmap.h"
#include "core/op/populate.h"
#include "core/op/prot_numa.h"
#include "core/op/write_upgrade.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/pgtable/tlb.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MPROTECT, "mprotect");

#ifndef PROT_SEM
#define PROT_SEM	0x8	/* known and of no effect. Source: include/uapi/asm-generic/mman-common.h */
#endif

DEFINE_KNOCKOUT(UFFD_WP_MIGRATION,
	.name = "uffd-wp:migration",
	.removes = "taking write permission from migration entries that a userfaultfd write-protects",
	.breaks = "a page that is writable once it is migrated",
	.detected_by = "writable and write-protected entries at rest, the check of write-protected pages",
	.hunt = "explore uffd_wp_vs_migrate",
	.mirrors = "mm/migrate: fix read-only page got writable when recover pte");

/*
 * An entry that is neither none nor present: what it restores has the VMA's permissions at that time, and a write fault
 * makes it writable. Source: mm/mprotect.c, change_pte_range().
 */
static pte_t change_nonpresent(pte_t pte, unsigned int cp_flags)
{
	if (unlikely(pte_is_guard(pte)))
		return pte;
	if (unlikely(pte_is_migration(pte) && migration_pte_write(pte)) &&
	    !(cp_flags && KNOCKED_OUT(UFFD_WP_MIGRATION)))
		pte = migration_pte_wrprotect(pte, folio_test_anon(pfn_swap_entry_folio(pte)));
	if (unlikely(pte_is_device_private(pte) && device_private_pte_write(pte)))
		pte = device_private_pte_wrprotect(pte);
	if (unlikely(cp_flags & MM_CP_UFFD_WP))
		pte = pte_swp_mkuffd_wp(pte);
	return unlikely(cp_flags & MM_CP_UFFD_WP_RESOLVE) ? pte_swp_clear_uffd_wp(pte) : pte;
}

/*
 * The page stays, its permissions follow the VMA: removed at once, write permission granted at once if the page is
 * exclusive, else by the next write fault. Locking: the PTL.
 */
static force_inline void change_pte(pte_t *ptep, unsigned long addr, const struct vm_area_struct *vma,
				    unsigned int cp_flags)
{
	pte_t old = ptep_get(ptep), pte;

	if (pte_none(old))
		return;
	if (!pte_present(old)) {
		pte = change_nonpresent(old, cp_flags);
		if (!pte_same(pte, old))
			set_pte(ptep, pte);
		return;
	}
	pte = pte_modify(ptep_get_and_clear(ptep), vma->vm_page_prot);
	if (unlikely(cp_flags & MM_CP_UFFD_WP))
		pte = pte_mkuffd_wp(pte);
	if (unlikely(cp_flags & MM_CP_UFFD_WP_RESOLVE))
		pte = pte_clear_uffd_wp(pte);
	set_pte(ptep, can_change_pte_writable(vma, addr, pte) ? pte_mkwrite(pte) : pte);
}

/* Locking: the PTL. */
static force_inline void change_ptes(pte_t *ptep, unsigned long addr, unsigned long end,
				     const struct vm_area_struct *vma, unsigned int cp_flags)
{
	for (; addr < end; addr += PAGE_SIZE, ptep++)
		change_pte(ptep, addr, vma, cp_flags);
}

/*
 * True if the leaf is done: it lies in the VMA as a whole. One that a userfaultfd write-protects is split, as its pages
 * are protected one by one: none is protected then. *@hints grows by the pages that became NUMA hints. Source:
 * mm/mprotect.c, change_pmd_range().
 */
static bool change_leaf(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr, unsigned int cp_flags,
			unsigned long *hints)
{
	if (likely(!pmd_trans_huge(pmdp_get(pmdp))))
		return false;
	if (likely(!cp_flags))
		return change_huge_pmd(vma, pmdp);
	if (cp_flags & MM_CP_PROT_NUMA)
		return prot_numa_leaf(vma, pmdp, hints);
	if (cp_flags & MM_CP_UFFD_WP)
		split_huge_pmd(vma, pmdp, addr);
	return false;
}

/* Returns as change_protection(). Source: mm/mprotect.c, change_pte_range(). */
static unsigned long change_pmds(struct vm_area_struct *vma, unsigned long addr, unsigned long end,
				 unsigned int cp_flags)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	unsigned long next, hints = 0;
	spinlock_t *ptl;
	pmd_t *pmdp;
	pte_t *ptep;

	for (; (pmdp = pmd_find_next(pt, &addr, end)); addr = next) {
		next = pmd_addr_end(addr, end);
		if (change_leaf(vma, pmdp, addr, cp_flags, &hints))
			continue;
		SYNCPOINT("protect.before_ptl");
		/*
		 * No table: mmap_lock for write excludes faults and reclaim, which could change that. With mmap_lock
		 * for read, what a fault maps there meanwhile is as if mapped afterwards.
		 */
		ptep = pte_offset_map_lock(pt, pmdp, addr, &ptl);
		if (!ptep)
			continue;
		if (unlikely(cp_flags & MM_CP_PROT_NUMA))
			hints += prot_numa_ptes(vma, ptep, addr, next);
		else if (unlikely(cp_flags))
			change_ptes(ptep, addr, next, vma, cp_flags);
		else
			change_ptes(ptep, addr, next, vma, 0);	/* mprotect(), without a test of each flag */
		pte_unmap_unlock(pt, ptl);
	}
	return hints;
}

DEFINE_KNOCKOUT(UFFD_WP_FLUSH,
	.name = "uffd-wp:flush",
	.removes = "the TLB flush once pages are write-protected for a userfaultfd",
	.breaks = "a processor that writes to a protected page",
	.detected_by = "the detector translations: knockout.uffd_wp",
	.hunt = "serial uffd_wp_vs_access" HUNT_C11,
	.mirrors = "mm/userfaultfd: fix memory corruption due to writeprotect");

DEFINE_KNOCKOUT(NUMA_FLUSH,
	.name = "numa:flush",
	.removes = "the TLB flush once pages are NUMA hints",
	.breaks = "a processor that goes on without a hint fault, and writes by what its entry does not allow any more",
	.detected_by = "the detector translations",
	.hunt = "explore numa_scan_vs_tlb");

static bool needs_flush(unsigned int cp_flags, unsigned long hints)
{
	if (cp_flags & MM_CP_PROT_NUMA)
		return hints && !KNOCKED_OUT(NUMA_FLUSH);
	return !cp_flags || !KNOCKED_OUT(UFFD_WP_FLUSH);
}

/*
 * The flush comes after the PTLs. With mmap_lock for read a fault may find a protected entry before the flush, while
 * another processor still writes to the page. No fault copies it meanwhile: it was writable, so it is exclusive, and
 * what makes it shared needs mmap_lock for write (fork), or flushes itself (reclaim, KSM).
 */
unsigned long change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end,
				unsigned int cp_flags)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(vma->vm_mm, MMU_NOTIFY_PROTECTION_VMA, start, end);
	unsigned long hints = 0;

	mmu_notifier_invalidate_range_start(&range);
	if (unlikely(is_vm_hugetlb_page(vma))) {
		hugetlb_change_protection(vma);
	} else {
		if (!cp_flags)
			change_huge_puds(vma);
		hints = change_pmds(vma, start, end, cp_flags);
	}
	SYNCPOINT("protect.changed");
	if (needs_flush(cp_flags, hints))
		flush_tlb_range(&vma->vm_mm->pt, start, end);
	mmu_notifier_invalidate_range_end(&range);
	return hints;
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
	change_protection(vma, vma->vm_start, vma->vm_end, 0);
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
