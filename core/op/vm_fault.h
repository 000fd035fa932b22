/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm_fault.h - the state of one fault, shared by the files that handle its kinds.
 *
 * The entry is read without its lock, decisions use that value, memory is allocated; then the PTL is taken and the
 * entry compared. If it changed meanwhile, or its table was reclaimed, the fault restarts from the PMD entry: so its
 * result is correct for the last entry it read.
 */
#ifndef FAULTLINE_CORE_OP_VM_FAULT_H
#define FAULTLINE_CORE_OP_VM_FAULT_H

#include "core/mm/address_space.h"
#include "core/mm/anon_vma.h"
#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/op/fault.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/tlb.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

DECLARE_KNOCKOUT(FAULT_RECHECK);
DECLARE_KNOCKOUT(COW_REUSE_CHECK);
DECLARE_KNOCKOUT(FAULT_READY);
DECLARE_KNOCKOUT(THP_FAULT_RECHECK);
DECLARE_KNOCKOUT(OOM_UNSTABLE);

/* These never leave handle_mm_fault(): */
#define FAULT_AGAIN	0x8000u		/* the entry or its table changed meanwhile */
#define FAULT_PTES	0x4000u		/* no huge page here: there is a PTE table, and its entry decides */
#define FAULT_WAIT	0x2000u		/* the fault waits for another thread: see fault_waits() */

/* Lock key: (T) this thread only */
struct vm_fault {
	struct mm_pgtable *pt;		/* (T) */
	struct vm_area_struct *vma;	/* (T) */
	unsigned long addr;		/* (T) page aligned */
	unsigned int flags;		/* (T) fault_flags */
	pmd_t *pmdp;			/* (T) */
	pte_t orig;			/* (T) the entry as read without its lock */
	pte_t *ptep;			/* (T) the entry, while its lock is held */
	spinlock_t *ptl;		/* (T) */
	struct folio *waits_for;	/* (T) FAULT_WAIT: until it is unlocked; NULL: no wake-up, yield */
	uint32_t wait_seen;		/* (T) its flags, for folio_wait_end() */
	unsigned int rounds;		/* (T) of its retry loop, in builds that keep no histogram */
};

/* The file of a VMA that maps one. */
static inline struct address_space *vmf_mapping(const struct vm_fault *vmf)
{
	return &vmf->vma->vm_file->mapping;
}

/* Locks the entry's table. True: locked, and the entry is still vmf->orig. Else not locked: restart. */
static inline bool lock_and_compare(struct vm_fault *vmf)
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

/*
 * The reaper takes pages of private memory while threads of the killed process still run: they must not find another
 * page there. Locking: the PTL; the flag is set before the reaper locks it to take a page. Source:
 * include/linux/oom.h.
 */
static inline bool check_stable_address_space(const struct vm_fault *vmf)
{
	return likely(!mm_flag(vmf->vma->vm_mm, MMF_UNSTABLE)) || (vmf->vma->vm_flags & VM_SHARED) ||
	       KNOCKED_OUT(OOM_UNSTABLE);
}

/* lock_and_compare() where nothing is mapped. */
static inline bool lock_and_compare_none(struct vm_fault *vmf)
{
	if (!lock_and_compare(vmf))
		return false;
	if (check_stable_address_space(vmf))
		return true;
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return false;
}

/* The same for the leaf at vmf->pmdp, whose lock is @ptl, and which was @pmd; @blind: nothing is compared. */
static inline bool lock_and_compare_leaf(struct vm_fault *vmf, spinlock_t *ptl, pmd_t pmd, bool blind)
{
	SYNCPOINT("fault.before_pmd_lock");
	spin_lock(ptl);
	vmf->ptl = ptl;
	if (likely(pmd_same(pmdp_get(vmf->pmdp), pmd) || blind))
		return true;
	spin_unlock(vmf->ptl);
	return false;
}

static inline bool lock_and_compare_pmd(struct vm_fault *vmf, pmd_t pmd, bool blind)
{
	return lock_and_compare_leaf(vmf, pmd_lockptr(vmf->pt, vmf->pmdp), pmd, blind);
}

/* The re-check of a fault on a huge page. */
static inline bool same_thp_locked(struct vm_fault *vmf, pmd_t pmd)
{
	return lock_and_compare_pmd(vmf, pmd, KNOCKED_OUT(THP_FAULT_RECHECK));
}

/* The same where nothing is mapped. */
static inline bool lock_and_compare_none_pmd(struct vm_fault *vmf)
{
	if (!same_thp_locked(vmf, __pmd(0)))
		return false;
	if (check_stable_address_space(vmf))
		return true;
	spin_unlock(vmf->ptl);
	return false;
}

/* @pte after the access. A fault that only unshares leaves it read-only, as does a forced write. */
static inline pte_t mark_access(const struct vm_fault *vmf, pte_t pte)
{
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return pte;
	pte = pte_mkdirty(pte);
	return likely(!(vmf->flags & FAULT_FLAG_FORCE)) ? pte_mkwrite(pte) : pte;
}

/* The same of a leaf. */
static inline pmd_t mark_access_pmd(const struct vm_fault *vmf, pmd_t pmd)
{
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return pmd;
	pmd = pmd_mkdirty(pmd);
	return likely(!(vmf->flags & FAULT_FLAG_FORCE)) ? pmd_mkwrite(pmd) : pmd;
}

/*
 * fault_waits - the fault cannot continue while @folio, which is mapped, is locked. Returns its result: FAULT_WAIT,
 * FAULT_AGAIN if the lock is free again; VM_FAULT_RETRY under the VMA lock, which ranks below. The caller drops its
 * locks first. Locking: the entry's PTL, or a reference. Source: mm/hugetlb.c, hugetlb_fault().
 */
static inline vm_fault_t fault_waits(struct vm_fault *vmf, struct folio *folio)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return VM_FAULT_RETRY;
	vmf->waits_for = folio;
	return folio_wait_begin(folio, &vmf->wait_seen) ? FAULT_WAIT : FAULT_AGAIN;
}

/*
 * fault_wait - after FAULT_WAIT: returns when the fault must restart. A wait is another thread's work, however long it
 * takes: only restarts because of a changed entry are bounded. Locking: that of the fault.
 */
void fault_wait(struct vm_fault *vmf);

/*
 * folio_lock_or_retry - under the VMA lock a folio's lock is only tried, as it ranks above. False: not locked, and the
 * caller's reference to @folio is dropped; the fault must retry under mmap_lock (VM_FAULT_RETRY). Source:
 * mm/filemap.c, __folio_lock_or_retry().
 */
static inline bool folio_lock_or_retry(const struct vm_fault *vmf, struct folio *folio)
{
	if (folio_trylock(folio))
		return true;
	if (vmf->flags & FAULT_FLAG_VMA_LOCK) {
		folio_put(folio);
		return false;
	}
	folio_lock(folio);
	return true;
}

/*
 * vmf_anon_prepare - makes sure that the VMA has an anon_vma: called before the first anonymous page is mapped.
 * Returns 0, VM_FAULT_OOM, or VM_FAULT_RETRY if only the VMA lock is held and the trylock of mmap_lock failed.
 * Locking: none but the fault's own. Source: mm/memory.c, __vmf_anon_prepare().
 */
vm_fault_t vmf_anon_prepare_slow(struct vm_fault *vmf);

static inline vm_fault_t vmf_anon_prepare(struct vm_fault *vmf)
{
	/* ORDER[anon-publish:B] before a page is mapped through it; pairs with ORDER[anon-publish:A]. */
	return likely(load_acquire(&vmf->vma->anon_vma)) ? 0 : vmf_anon_prepare_slow(vmf);
}

/*
 * map_new_folio - maps @folio, which is new, from @addr on, by *vmf->ptep and its neighbours, locked and about to be
 * replaced. The caller accounts references and MM_ANONPAGES. Locking: the PTL.
 */
static inline void map_new_folio(struct vm_fault *vmf, struct folio *folio, unsigned long addr, unsigned long nr)
{
	pte_t pte = mark_access(vmf, mk_pte(&folio->page, vmf->vma->vm_page_prot));

	/* What is unshared was not written to, and stays write-protected. */
	pte.val |= vmf->orig.val & (ENTRY_SOFT_DIRTY | ENTRY_UFFD_WP);
	count_events(EV_PAGE_ALLOC, nr);
	if (KNOCKED_OUT(FAULT_READY)) {
		set_pte(vmf->ptep, pte);
		SYNCPOINT("fault.exposed");
	}
	/* First: once the entry is set GUP-fast may take the page, without a lock. */
	folio_add_new_anon_rmap(folio, vmf->vma, addr, RMAP_EXCLUSIVE);
	set_ptes(vmf->ptep, pte, nr);
}

/*
 * invalidate_leaf - the leaf of @size bytes at vmf->pmdp is about to become another page's: no thread may read the old
 * one when another has written to the new one. Locking: the leaf's PTL. Source: mm/pgtable-generic.c,
 * pmdp_huge_clear_flush().
 */
static inline void invalidate_leaf(struct vm_fault *vmf, unsigned long size)
{
	if (likely(!vmf->pt->policy.tlb))
		return;
	pmdp_invalidate(vmf->pmdp);
	flush_tlb_range(vmf->pt, ALIGN_DOWN(vmf->addr, size), ALIGN_DOWN(vmf->addr, size) + size);
}

/*
 * do_wp_page - a write, or an unsharing fault, on a present read-only entry: the page is reused if it is exclusive,
 * else copied. Returns as handle_mm_fault(), or FAULT_AGAIN. Locking: as handle_mm_fault(). Source: mm/memory.c.
 */
vm_fault_t do_wp_page(struct vm_fault *vmf);

/*
 * can_reuse_large_folio - @folio, a large anonymous one, has no owner but @vma's mm: a write fault may reuse its page.
 * Locking: the PTL of an entry of @vma that maps it. Source: mm/memory.c, __wp_can_reuse_large_anon_folio().
 */
bool can_reuse_large_folio(struct folio *folio, const struct vm_area_struct *vma);

/*
 * reuse_locked_folio - makes an anonymous folio, mapped by one entry of @vma, exclusive to that VMA, if there is no
 * other reference: the folio lock excludes rmap walkers that took one before. Locking: the entry's PTL; the folio
 * lock, dropped.
 */
bool reuse_locked_folio(struct folio *folio, struct vm_area_struct *vma);

/*
 * handle_pmd_fault - @pmd, read at vmf->pmdp, is none, a leaf, or corrupt: then it is cleared. Returns as
 * handle_mm_fault(), FAULT_AGAIN, FAULT_WAIT or FAULT_PTES. Locking: as handle_mm_fault(). Source: mm/memory.c,
 * __handle_mm_fault(); mm/huge_memory.c.
 */
vm_fault_t handle_pmd_fault(struct vm_fault *vmf, pmd_t pmd);
/*
 * pmd_migration_entry_wait - the fault waits until the migration of the leaf @pmd, read at vmf->pmdp, ends; its lock
 * is @ptl. Returns as fault_waits(); FAULT_AGAIN if the leaf has changed. Locking: as handle_mm_fault(); the caller
 * drops hugetlb locks first. Source: mm/migrate.c, pmd_migration_entry_wait(), migration_entry_wait_huge().
 */
vm_fault_t pmd_migration_entry_wait(struct vm_fault *vmf, spinlock_t *ptl, pmd_t pmd);

/*
 * do_raw_page - nothing is mapped yet, and there is no file: maps a raw frame. Returns 0, or FAULT_AGAIN, also if a
 * write is yet to be handled. Locking: as handle_mm_fault(). Source: mm/memory.c, vmf_insert_pfn().
 */
vm_fault_t do_raw_page(struct vm_fault *vmf);

/*
 * do_fault - nothing is mapped yet, and @vmf->vma maps a file.
 * wp_page_shared() - a write, or an unsharing fault, on a read-only page of a shared mapping. Both return as
 * handle_mm_fault(), or FAULT_AGAIN. Locking: as handle_mm_fault(); wp_page_shared(): the PTL, dropped. Source:
 * mm/memory.c.
 */
vm_fault_t do_fault(struct vm_fault *vmf);
/*
 * do_device_fault - the same if the file is a driver's. wp_pfn_shared() - a write, or an unsharing fault, on a
 * read-only raw frame of a shared mapping. Return and locking: as do_fault(). Source: mm/memory.c.
 */
vm_fault_t do_device_fault(struct vm_fault *vmf);
vm_fault_t wp_pfn_shared(struct vm_fault *vmf);
/*
 * do_huge_fault - the same if its huge page may be mapped as one, and nothing is mapped. Returns and locking: as
 * do_fault().
 */
vm_fault_t do_huge_fault(struct vm_fault *vmf);
vm_fault_t wp_page_shared(struct vm_fault *vmf);

/*
 * do_fault_around - a read fault of a file, and nothing is mapped at the address: maps pages of the page cache around
 * it. Returns true if that of the address is one of them. Waits for no folio. Locking: as do_fault(). Source:
 * mm/memory.c.
 */
bool do_fault_around(struct vm_fault *vmf);

/*
 * do_swap_page - an entry that is not present: swaps in, waits, or fails. Returns as do_wp_page(), or FAULT_WAIT.
 * Locking: as handle_mm_fault(). Source: mm/memory.c.
 */
vm_fault_t do_swap_page(struct vm_fault *vmf);

/*
 * handle_userfault - nothing is mapped at vmf->addr (@reason VM_UFFD_MISSING; VM_UFFD_MINOR if the file has its page),
 * or it is write-protected (VM_UFFD_WP): waits until the userfaultfd's user has changed that. Returns VM_FAULT_RETRY
 * with VM_FAULT_DROPPED; VM_FAULT_SIGBUS, with the lock held, for a fault that cannot wait. Locking: that of the fault,
 * dropped. Source: fs/userfaultfd.c.
 */
vm_fault_t handle_userfault(struct vm_fault *vmf, unsigned long reason);

/*
 * migrate_to_ram - moves a page back from device memory, for all mappings. Returns FAULT_AGAIN, FAULT_WAIT,
 * VM_FAULT_OOM, or VM_FAULT_RETRY under the VMA lock alone. Locking: as handle_mm_fault(). Source: mm/memory.c; struct
 * dev_pagemap_ops.
 */
vm_fault_t migrate_to_ram(struct vm_fault *vmf);

#endif
