/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * huge_pud.h - leaves of PUD tables: faults that set them, and zaps.
 *
 * A leaf maps raw frames (pfnmap.h), read-only, or a folio of a driver's pages, which it counts once. It has all that
 * its VMA permits: mprotect of all of it changes it, and it is an invalid leaf meanwhile. Whatever changes a part of it
 * unmaps it, and faults map its pages again, by a leaf if the driver does. A table that a PUD entry points to stays
 * until its range is unmapped, so an entry becomes a leaf only where it is none; page_table_lock decides which of
 * several faults sets it.
 *
 * Source: mm/huge_memory.c, mm/memory.c.
 */
#ifndef FAULTLINE_CORE_OP_HUGE_PUD_H
#define FAULTLINE_CORE_OP_HUGE_PUD_H

#include "core/mm/huge_memory.h"
#include "core/op/vm_fault.h"
#include "core/op/vm_insert.h"
#include "core/pgtable/mmu_gather.h"

DECLARE_EVENT(PUD_INSERT);
DECLARE_EVENT(PUD_FAULT_RACED);
DECLARE_EVENT(PUD_PROTECT);

/*
 * vmf_insert_folio_pud - for a driver's huge_fault(): maps @folio, of HPAGE_PUD_NR pages, by one leaf, writable and
 * dirty if the VMA's entries are. Returns VM_FAULT_NOPAGE, also if there is an entry already; VM_FAULT_SIGBUS if the
 * leaf would not lie in the VMA. Locking: mmap_lock. Source: mm/huge_memory.c.
 */
vm_fault_t vmf_insert_folio_pud(struct vm_fault *vmf, struct folio *folio);

/*
 * handle_pud_fault - the first part of a fault in a VMA with vma_has_puds(). 0: a leaf allows the access. FAULT_PTES:
 * there is a PMD table, and vmf->pmdp is in it. Else as handle_mm_fault(). Locking: as handle_mm_fault(). Source:
 * mm/memory.c, __handle_mm_fault(), create_huge_pud(), wp_huge_pud().
 */
vm_fault_t handle_pud_fault(struct vm_fault *vmf);

/*
 * change_huge_puds - gives all leaves of PUD tables in @vma, each of which lies in it as a whole, its permissions; no
 * effect where leaves are impossible. Locking: mmap_lock for write, @vma write-locked; a running invalidation. Source:
 * mm/mprotect.c, change_pud_range(); mm/huge_memory.c, change_huge_pud().
 */
void change_huge_puds_slow(const struct vm_area_struct *vma);
static inline void change_huge_puds(const struct vm_area_struct *vma)
{
	if (vma_has_puds(vma))
		change_huge_puds_slow(vma);
}

/*
 * zap_huge_pud - zaps the leaf that maps all of [@addr, @addr + PUD_SIZE). @tlb has room for one. False: it is no leaf
 * any more. Locking: as zap_range(). Source: mm/huge_memory.c.
 */
bool zap_huge_pud(struct mmu_gather *tlb, struct vm_area_struct *vma, pud_t *pudp, unsigned long addr);

#endif
