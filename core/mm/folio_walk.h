/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_walk.h - finds the folio mapped at an address, and returns with its entry's lock held.
 *
 *   struct folio_walk fw;
 *   struct folio *folio = folio_walk_start(&fw, vma, addr, 0);
 *
 *   if (folio) {
 *           ... fw.page is the page at addr; it stays mapped, and its entry or leaf does not change ...
 *           folio_walk_end(&fw, vma);
 *   }
 *
 * Source: include/linux/pagewalk.h, mm/pagewalk.c.
 */
#ifndef FAULTLINE_CORE_MM_FOLIO_WALK_H
#define FAULTLINE_CORE_MM_FOLIO_WALK_H

#include "core/mm/hugetlb.h"
#include "core/mm/mm_types.h"
#include "core/pgtable/ptl.h"
#include "core/phys/folio.h"

enum folio_walk_flags {
	FW_MIGRATION = 1,	/* also find migration entries */
	FW_ZEROPAGE = 2,	/* also find entries that map the zero page */
};

/* Lock key: (T) this thread only */
struct folio_walk {
	struct page *page;		/* (T) at the address; NULL for a migration entry and the zero page */
	enum pgtable_level level;	/* (T) of the entry: LEVEL_PTE, or LEVEL_PMD or LEVEL_PUD for a leaf */
	union {
		pte_t *ptep;		/* (T) the entry */
		pmd_t *pmdp;		/* (T) */
		pud_t *pudp;		/* (T) */
	};
	union {
		pte_t pte;		/* (T) its value */
		pmd_t pmd;		/* (T) */
		pud_t pud;		/* (T) */
	};
	spinlock_t *ptl;		/* (T) its table's lock, held */
};

/*
 * folio_walk_start - the folio that @vma maps at @addr; for a migration entry, the old one. NULL, without a lock, if
 * there is no counted one: nothing mapped, swapped out, a raw frame, or a kind that @flags (folio_walk_flags) do not
 * include. Locking: mmap_lock or the VMA lock; then the PTL of the entry's level, and the hugetlb VMA lock of a hugetlb
 * VMA for read, are held until folio_walk_end(). Source: mm/pagewalk.c.
 */
struct folio *folio_walk_start(struct folio_walk *fw, struct vm_area_struct *vma, unsigned long addr,
			       unsigned int flags);

/* Source: include/linux/pagewalk.h. */
static inline void folio_walk_end(struct folio_walk *fw, struct vm_area_struct *vma)
{
	if (fw->level == LEVEL_PTE)
		pte_unmap_unlock(&vma->vm_mm->pt, fw->ptl);
	else
		spin_unlock(fw->ptl);
	vma_pgtable_walk_end(vma);
}

#endif
