/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soft_dirty.h - which pages were written to since the last clear_refs, as CONFIG_MEM_SOFT_DIRTY has it.
 *
 * clear_refs takes write permission and the soft-dirty bit from each entry, and marks the VMA clean (vm_soft_clean).
 * The next write faults, and what makes an entry dirty makes it soft-dirty. So in a clean VMA
 *
 *   a writable entry is soft-dirty
 *
 * and what would make one writable without a write leaves it to the fault: pte_needs_soft_dirty_wp(). What moves or
 * replaces an entry (swap, migration, split) keeps the bit; mremap() sets it. A new VMA, or one merged with another
 * that is not clean, counts as written as a whole. Leaves of PUD tables, hugetlb memory and VM_PFNMAP are not tracked.
 *
 * Source: Documentation/admin-guide/mm/soft-dirty.rst, mm/internal.h.
 */
#ifndef FAULTLINE_CORE_MM_SOFT_DIRTY_H
#define FAULTLINE_CORE_MM_SOFT_DIRTY_H

#include "core/mm/mm_types.h"
#include "core/pgtable/swapent.h"

/* True if each page of @vma has a bit of its own. Locking: mmap_lock or the VMA lock. Source: mm/internal.h. */
static inline bool vma_soft_dirty_enabled(const struct vm_area_struct *vma)
{
	return vma->vm_soft_clean;
}

/* True if only a write may make the entry writable. Locking: the PTL, and as above. Source: mm/internal.h. */
static inline bool pte_needs_soft_dirty_wp(const struct vm_area_struct *vma, pte_t pte)
{
	return vma_soft_dirty_enabled(vma) && !pte_soft_dirty(pte);
}

static inline bool pmd_needs_soft_dirty_wp(const struct vm_area_struct *vma, pmd_t pmd)
{
	return vma_soft_dirty_enabled(vma) && !pmd_soft_dirty(pmd);
}

/*
 * vma_reports_soft_dirty - all pages of @vma count as written; pte_reports_soft_dirty, leaf_reports_soft_dirty - what
 * an entry maps does. Locking: mmap_lock; of entries the PTL. Source: fs/proc/task_mmu.c.
 */
static inline bool vma_reports_soft_dirty(const struct vm_area_struct *vma)
{
	return vma->vm_mm->pt.policy.soft_dirty && !vma_soft_dirty_enabled(vma);
}

static inline bool pte_reports_soft_dirty(const struct vm_area_struct *vma, pte_t pte)
{
	if (!vma_soft_dirty_enabled(vma))
		return vma_reports_soft_dirty(vma);
	return pte_present(pte) ? pte_soft_dirty(pte) : pte_swp_soft_dirty(pte);
}

static inline bool leaf_reports_soft_dirty(const struct vm_area_struct *vma, pmd_t pmd)
{
	if (!vma_soft_dirty_enabled(vma))
		return vma_reports_soft_dirty(vma);
	return is_pmd_migration_entry(pmd) ? pte_swp_soft_dirty(pmd_to_swp_entry(pmd)) : pmd_soft_dirty(pmd);
}

#endif
