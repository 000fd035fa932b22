/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapped_entry.c - reads the entry of one address, PTE or leaf, under its lock. */
#include "core/mm/mapped_entry.h"

#include "core/probe/retry.h"

/* The part of mapped_entry_lock() for a leaf at @pmdp. False, without a lock: there is none. Locking: as there. */
static bool mapped_leaf_lock(struct mapped_entry *entry, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd;

	entry->ptl = pmd_trans_huge_lock(entry->pt, pmdp);
	if (!entry->ptl)
		return false;
	pmd = pmdp_get(pmdp);
	entry->leaf = true;
	entry->owner = pmd_page(pmd);
	entry->pte = pte_advance_pfn(__pte(pmd.val & ~ENTRY_HUGE), (addr & ~PMD_MASK) >> PAGE_SHIFT);
	return true;
}

bool mapped_entry_lock(struct mapped_entry *entry, struct mm_pgtable *pt, unsigned long addr)
{
	unsigned long found = addr;
	pmd_t *pmdp = pmd_find_next(pt, &found, addr + PAGE_SIZE);
	pte_t *ptep;

	RETRY_LOOP_PROFILED(100000, "a descent to an entry's lock");

	*entry = (struct mapped_entry){ .pt = pt };
	while (pmdp && !pmd_none(pmdp_get(pmdp))) {
		if (mapped_leaf_lock(entry, pmdp, addr))
			return true;
		ptep = pte_offset_map_lock(pt, pmdp, addr, &entry->ptl);
		if (!ptep) {
			RETRY();
			continue;
		}
		entry->pte = ptep_get(ptep);
		entry->owner = pte_page(entry->pte);
		return true;
	}
	return false;
}

void mapped_entry_unlock(const struct mapped_entry *entry)
{
	if (entry->leaf)
		spin_unlock(entry->ptl);
	else
		pte_unmap_unlock(entry->pt, entry->ptl);
}
