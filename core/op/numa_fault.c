/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa_fault.c - faults on NUMA hints. */
#include "core/op/numa_fault.h"

#include "core/mm/huge_memory.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/migrate.h"
#include "core/op/write_upgrade.h"
#include "core/pgtable/pgalloc.h"
#include "core/phys/page_flags.h"

DEFINE_EVENT(NUMA_HINT_FAULT, "faults on NUMA hints");
DEFINE_EVENT(NUMA_HINT_LOCAL, "faults on NUMA hints that found the page on the processor's node");
DEFINE_EVENT(NUMA_MIGRATED, "pages that faults moved to the processor's node");
DEFINE_EVENT(NUMA_KEPT, "pages that stayed, though on another node");

static unsigned int numa_node_id(void)
{
	return this_cpu->node % machine.nr_nodes;
}

/*
 * The folio of @page, with a reference, if it is on another node than the processor, and may move. Locking: the PTL.
 * Source: mm/memory.c, numa_migrate_check(); mm/mempolicy.c, mpol_misplaced().
 */
static struct folio *misplaced_folio(const struct vm_fault *vmf, struct page *page)
{
	struct folio *folio;

	if (!page || page_type(page) == PAGE_DRIVER)
		return NULL;
	folio = page_folio(page);
	if (page_to_nid(&folio->page) == numa_node_id()) {
		count_event(EV_NUMA_HINT_LOCAL);
		return NULL;
	}
	if (!migrate_misplaced_folio_prepare(folio, vmf->vma))
		return folio;
	count_events(EV_NUMA_KEPT, folio_nr_pages(folio));
	return NULL;
}

/* True if it has moved: all entries map it at its new place. Locking: that of the fault, no PTL. */
static bool move_misplaced(struct folio *folio)
{
	unsigned long nr = folio_nr_pages(folio);
	bool moved;

	SYNCPOINT("numa.unlocked");
	moved = !migrate_misplaced_folio(folio, numa_node_id());
	if (moved)
		count_events(EV_NUMA_MIGRATED, nr);
	else
		count_events(EV_NUMA_KEPT, nr);
	SYNCPOINT("numa.tried");
	return moved;
}

/* ---- small entries ---- */

DEFINE_KNOCKOUT(NUMA_RECHECK,
	.name = "numa:recheck",
	.removes = "the re-check, under the PTL, of a NUMA hint whose page could not be moved (A3)",
	.breaks = "an entry that maps a page that was unmapped meanwhile, and may be another owner's",
	.detected_by = "frames and mapcounts at rest: knockout.numa",
	.hunt = "test knockout.numa");

/* (A3) */
static bool lock_and_compare_again(struct vm_fault *vmf)
{
	vmf->ptep = pte_offset_map_lock(vmf->pt, vmf->pmdp, vmf->addr, &vmf->ptl);
	if (!vmf->ptep)
		return false;
	if (pte_same(ptep_get(vmf->ptep), vmf->orig) || KNOCKED_OUT(NUMA_RECHECK))
		return true;
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return false;
}

/* Locking: the PTL. Source: mm/memory.c, numa_rebuild_single_mapping(). */
static void rebuild_mapping(const struct vm_fault *vmf, unsigned long addr, pte_t *ptep, pte_t hint, bool upgrade)
{
	pte_t pte = pte_mkyoung(pte_modify(hint, vmf->vma->vm_page_prot));

	set_pte(ptep, upgrade && can_change_pte_writable(vmf->vma, addr, pte) ? pte_mkwrite(pte) : pte);
}

/*
 * The other hints of @folio in the table: they would find the same. Locking: the PTL. Source: mm/memory.c,
 * numa_rebuild_large_mapping().
 */
static void rebuild_large_mapping(const struct vm_fault *vmf, const struct folio *folio, bool upgrade)
{
	const struct vm_area_struct *vma = vmf->vma;
	unsigned long below = pte_pfn(vmf->orig) - folio_pfn(folio), above = folio_nr_pages(folio) - below;
	unsigned long start = max(ALIGN_DOWN(vmf->addr, PMD_SIZE), vma->vm_start);
	unsigned long end = min(ALIGN_DOWN(vmf->addr, PMD_SIZE) + PMD_SIZE, vma->vm_end);

	start = max(start, vmf->addr - min(vmf->addr, below << PAGE_SHIFT));
	end = min(end, vmf->addr + (above << PAGE_SHIFT));
	for (unsigned long addr = start; addr < end; addr += PAGE_SIZE) {
		pte_t *ptep = vmf->ptep - ((vmf->addr - start) >> PAGE_SHIFT) + ((addr - start) >> PAGE_SHIFT);
		pte_t pte = ptep_get(ptep);

		if (pte_protnone(pte) && pte_pfn(pte) - folio_pfn(folio) < folio_nr_pages(folio))
			rebuild_mapping(vmf, addr, ptep, pte, upgrade);
	}
}

/* After a failed attempt to move it write permission is left to the next write. */
static void make_accessible(const struct vm_fault *vmf, struct page *page, bool upgrade)
{
	rebuild_mapping(vmf, vmf->addr, vmf->ptep, vmf->orig, upgrade);
	if (page && folio_test_large(page_folio(page)))
		rebuild_large_mapping(vmf, page_folio(page), upgrade);
}

vm_fault_t do_numa_page(struct vm_fault *vmf)
{
	struct folio *folio;
	struct page *page;

	count_event(EV_NUMA_HINT_FAULT);
	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	page = vm_normal_page(vmf->vma, vmf->addr, vmf->orig);
	folio = misplaced_folio(vmf, page);	/* (A1) */
	if (folio) {
		pte_unmap_unlock(vmf->pt, vmf->ptl);
		if (move_misplaced(folio) || !lock_and_compare_again(vmf))	/* (A2) */
			return FAULT_AGAIN;
	}
	make_accessible(vmf, page, !folio);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	return FAULT_AGAIN;
}

/* ---- leaves ---- */

DEFINE_KNOCKOUT(NUMA_PMD_RECHECK,
	.name = "numa:pmd-recheck",
	.removes = "the re-check, under the PTL, of a leaf that is a NUMA hint and whose page could not be moved (A3)",
	.breaks = "a leaf that maps a huge page that was unmapped meanwhile, in place of what is there",
	.detected_by = "frames and mapcounts at rest: knockout.numa",
	.hunt = "test knockout.numa",
	.mirrors = "mm: Close races between THP migration and PMD numa clearing");

vm_fault_t do_huge_pmd_numa_page(struct vm_fault *vmf, pmd_t pmd)
{
	struct folio *folio;
	pmd_t new;

	count_event(EV_NUMA_HINT_FAULT);
	if (!same_thp_locked(vmf, pmd))
		return FAULT_AGAIN;
	folio = misplaced_folio(vmf, vm_normal_page_pmd(pmd, vmf->addr & PMD_MASK));	/* (A1) */
	if (folio) {
		spin_unlock(vmf->ptl);
		if (move_misplaced(folio) || !lock_and_compare_pmd(vmf, pmd, KNOCKED_OUT(NUMA_PMD_RECHECK)))
			return FAULT_AGAIN;
	}
	new = pmd_mkyoung(pmd_modify(pmd, vmf->vma->vm_page_prot));
	set_pmd_at(vmf->pmdp, !folio && can_change_pmd_writable(vmf->vma, new) ? pmd_mkwrite(new) : new);
	spin_unlock(vmf->ptl);
	return FAULT_AGAIN;
}
