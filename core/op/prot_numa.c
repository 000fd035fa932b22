/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prot_numa.c - makes entries NUMA hints. */
#include "core/op/prot_numa.h"

#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/ksm.h"
#include "core/mm/rmap.h"
#include "core/mm/vm_normal_page.h"
#include "core/pgtable/swapent.h"
#include "core/phys/page_flags.h"

DEFINE_EVENT(NUMA_PTES, "small entries made NUMA hints");
DEFINE_EVENT(NUMA_LEAVES, "huge leaves made NUMA hints");

/* Worth a fault: its folio may move. Locking: the PTL. Source: mm/mprotect.c, prot_numa_skip(). */
static bool folio_can_map_prot_numa(struct folio *folio, const struct vm_area_struct *vma)
{
	if (page_type(&folio->page) == PAGE_DRIVER || folio_test_ksm(folio))
		return false;
	if (is_cow_mapping(vma->vm_flags) && (folio_maybe_dma_pinned(folio) || folio_maybe_mapped_shared(folio)))
		return false;
	return folio_test_anon(folio) || !folio_test_dirty(folio) || shmem_mapping(&vma->vm_file->mapping);
}

static bool can_be_hint(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	struct page *page = pte_accessible(pte) ? vm_normal_page(vma, addr, pte) : NULL;

	return page && folio_can_map_prot_numa(page_folio(page), vma);
}

unsigned long prot_numa_ptes(const struct vm_area_struct *vma, pte_t *ptep, unsigned long addr, unsigned long end)
{
	unsigned long pages = 0;

	for (; addr < end; addr += PAGE_SIZE, ptep++) {
		if (!can_be_hint(vma, addr, ptep_get(ptep)))
			continue;
		set_pte(ptep, pte_modify(ptep_get_and_clear(ptep), PAGE_NONE));
		pages++;
	}
	count_events(EV_NUMA_PTES, pages);
	return pages;
}

DEFINE_KNOCKOUT(NUMA_LEAF_CLEAR,
	.name = "numa:leaf-clear",
	.removes = "the invalid leaf while it becomes a NUMA hint: the entry is none meanwhile",
	.breaks = "pages that MADV_DONTNEED passes over",
	.detected_by = "the check of dropped pages",
	.hunt = "explore numa_scan_vs_drop",
	.mirrors = "thp: fix MADV_DONTNEED vs. numa balancing race");

/*
 * Not even for a moment is the entry none: MADV_DONTNEED runs beside it, with mmap_lock for read as well, and passes
 * over what it reads as none. An invalid leaf is one that it waits for.
 */
bool prot_numa_leaf(const struct vm_area_struct *vma, pmd_t *pmdp, unsigned long *pages)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&vma->vm_mm->pt, pmdp);
	pmd_t pmd;

	if (!ptl)
		return false;
	pmd = pmdp_get(pmdp);
	if (pmd_accessible(pmd) && !pmd_special(pmd) && folio_can_map_prot_numa(page_folio(pmd_page(pmd)), vma)) {
		pmd = KNOCKED_OUT(NUMA_LEAF_CLEAR) ? pmdp_get_and_clear(pmdp) : pmdp_invalidate(pmdp);
		SYNCPOINT("numa.leaf_invalid");
		set_pmd_at(pmdp, pmd_modify(pmd, PAGE_NONE));
		*pages += HPAGE_PMD_NR;
		count_event(EV_NUMA_LEAVES);
	}
	spin_unlock(ptl);
	return true;
}
