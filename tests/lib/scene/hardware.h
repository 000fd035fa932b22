/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hardware.h - the page walk of a processor: it sets accessed and dirty bits where an entry allows a write, without a
 * lock.
 */
#ifndef FAULTLINE_TESTS_LIB_SCENE_HARDWARE_H
#define FAULTLINE_TESTS_LIB_SCENE_HARDWARE_H

#include "core/host/rcu.h"
#include "core/mm/mm_types.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/swapent.h"
#include "core/probe/schedule.h"

/* False when the entry at @word does not allow writes, or changed meanwhile. */
static inline bool hardware_set_bits(uint64_t *word)
{
	uint64_t entry = load_acquire(word);

	SCHEDULE_STEP("hardware.read");
	if (!(entry & ENTRY_PRESENT) || !(entry & ENTRY_WRITE))
		return false;
	return try_cmpxchg_acq_rel(word, &entry, entry | ENTRY_ACCESSED | ENTRY_DIRTY);
}

/* True when the entry of @addr, of any size, allowed the write. Locking: none held. */
static inline bool hardware_write(struct mm_struct *mm, unsigned long addr)
{
	unsigned long at = addr;
	bool wrote = false;
	pmd_t *pmdp, pmd;
	pte_t *ptep;

	rcu_read_lock();
	pmdp = pmd_find_next(&mm->pt, &at, addr + PAGE_SIZE);
	pmd = pmdp ? pmdp_get(pmdp) : __pmd(0);
	if (pmd_trans_huge(pmd)) {
		wrote = hardware_set_bits(&pmdp->val);
	} else if (pmdp && !pmd_none(pmd)) {
		ptep = pte_offset_map(&mm->pt, pmdp, addr, &pmd);
		wrote = ptep && hardware_set_bits(&ptep->val);
		if (ptep)
			pte_unmap(&mm->pt);
	}
	rcu_read_unlock();
	return wrote;
}

static inline bool entry_says_dirty(pte_t pte)
{
	return pte_is_migration(pte) ? migration_pte_dirty(pte) : pte_dirty(pte);
}

#endif
