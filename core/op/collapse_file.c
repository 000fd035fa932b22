/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse_file.c - maps huge pages of files by a leaf instead of PTEs, and retracts PTE tables.
 *
 * The folio's lock excludes faults that would map more of it, and truncation. Nothing excludes the rest - faults that
 * only wait for the PTL, zap, walks, guard installs - since mmap_lock is held for read, or, in another mm, not at all.
 * So the table is emptied and unlinked under both PTLs at once: a thread that waits for either then finds that the PMD
 * entry has changed (pte_offset_map_lock()). The table is freed after a grace period.
 */
#include "core/op/collapse_file.h"

#include "core/base/event.h"
#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/i_mmap.h"
#include "core/mm/notifier.h"
#include "core/mm/rmap.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(PTE_TABLE_RETRACT, "PTE tables of files retracted");

/* True if only pages of @folio are mapped, each at its place: then all may be unmapped. Locking: the PTLs. */
static bool table_maps_only(pmd_t pmd, struct folio *folio)
{
	pte_t *table = entry_table(pmd.val);

	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++) {
		pte_t pte = ptep_get(table + i);

		if (!pte_none(pte) && (!pte_present(pte) || pte_special(pte) || pte_page(pte) != folio_page(folio, i)))
			return false;
	}
	return true;
}

/* Clears the entries, all of which map @folio. Locking: the PTLs, the folio lock. Source: mm/khugepaged.c. */
static void unmap_table(struct vm_area_struct *vma, pmd_t pmd, struct folio *folio)
{
	pte_t *table = entry_table(pmd.val);
	int nr = 0;

	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++) {
		pte_t pte = ptep_get_and_clear(table + i);

		if (pte_none(pte))
			continue;
		ASSERT(!pte_dirty(pte) || folio_test_dirty(folio));
		folio_remove_rmap_ptes(folio, pte_page(pte), 1, vma);
		nr++;
	}
	mm_count(&load_relaxed(&vma->vm_mm)->pt, MM_FILEPAGES, -nr);
	folio_put_refs(folio, nr);
}

DEFINE_KNOCKOUT(COLLAPSE_COPIES,
	.name = "collapse:copies",
	.removes = "the check, under the PTLs, that a table maps pages of the file alone before it is retracted",
	.breaks = "a private copy, made since the look at anon_vma, is unmapped as a page of the file",
	.detected_by = "an assertion: the reverse map loses the page that was added to it",
	.hunt = "explore collapse_vs_first_copy",
	.mirrors = "mm/khugepaged: fix ->anon_vma race");

DEFINE_KNOCKOUT(COLLAPSE_PMD_RECHECK,
	.name = "collapse:pmd-recheck",
	.removes = "the read of the PMD entry under its lock, before a file's table is retracted",
	.breaks = "a table that a zap has freed meanwhile is freed again",
	.detected_by = "assertions: what is read as a table is one; its entries map the file's folio",
	.hunt = "explore collapse_vs_table_free",
	.mirrors = "mm/khugepaged: always recheck the pmd in try_collapse_pte_mapped_thp()");

static bool maps_only(pmd_t pmd, struct folio *folio)
{
	return table_maps_only(pmd, folio) || KNOCKED_OUT(COLLAPSE_COPIES);
}

/*
 * Unlinks the table at @pmdp, if it maps only @folio, and sets @leaf, or none. False: it maps other pages, is a
 * leaf, or the policy keeps tables. Locking: the folio lock; mmap_lock or i_mmap_rwsem.
 */
static bool replace_table(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr, struct folio *folio, pmd_t leaf)
{
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);
	struct mmu_notifier_range range = mmu_notifier_range_of(mm, MMU_NOTIFY_CLEAR, addr, addr + PMD_SIZE);
	struct mm_pgtable *pt = &mm->pt;
	spinlock_t *outer, *inner;
	struct mmu_gather tlb;
	pmd_t pmd, seen = pmdp_get(pmdp);
	bool done = false;

	if (!pte_tables_can_go(pt))
		return false;
	tlb_gather_mmu(&tlb, pt);
	tlb_gather_range(&tlb, addr, addr + PMD_SIZE);
	mmu_notifier_invalidate_range_start(&range);
	SYNCPOINT("collapse.before_ptls");
	pmd = pmd_pte_lock(pt, pmdp, &outer, &inner);
	if (KNOCKED_OUT(COLLAPSE_PMD_RECHECK))
		pmd = seen;
	if (pmd_none(pmd) || (pmd_is_table(pmd) && maps_only(pmd, folio))) {
		done = true;
		if (!pmd_none(leaf)) {
			folio_get(folio);
			folio_add_file_rmap_pmd(folio, &folio->page, vma);
			mm_count(pt, MM_FILEPAGES, HPAGE_PMD_NR);
		}
		set_pmd_at(pmdp, leaf);
	}
	if (done && !pmd_none(pmd)) {
		unmap_table(vma, pmd, folio);
		tlb_remove_table(&tlb, pmd_table_page(pmd));
		count_event(EV_PTE_TABLE_RETRACT);
	}
	pmd_pte_unlock(outer, inner);
	mmu_notifier_invalidate_range_end(&range);
	tlb_finish_mmu(&tlb);
	return done;
}

/*
 * Retracts the table in every other mm that maps all of @folio by one table. A VMA with an anon_vma may have copies in
 * it: those are left alone, with the whole table. Locking: the folio lock. Source: mm/khugepaged.c.
 */
static void retract_page_tables(struct address_space *mapping, struct folio *folio)
{
	unsigned long first = folio->page.index;
	struct vm_area_struct *vma;

	i_mmap_lock_read(mapping);
	vma_interval_tree_foreach(vma, mapping, first, first) {
		unsigned long addr = vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT), found = addr;
		pmd_t *pmdp;

		/* ORDER[anon-publish:B] before its table is read; pairs with ORDER[anon-publish:A]. */
		if (load_acquire(&vma->anon_vma) || !IS_ALIGNED(addr, PMD_SIZE) || addr < vma->vm_start ||
		    vma->vm_end < addr + PMD_SIZE)
			continue;
		pmdp = pmd_find_next(&load_relaxed(&vma->vm_mm)->pt, &found, addr + PMD_SIZE);
		SYNCPOINT("collapse.retract");
		if (pmdp && pmd_is_table(pmdp_get(pmdp)))
			replace_table(vma, pmdp, addr, folio, __pmd(0));
	}
	i_mmap_unlock_read(mapping);
}

/*
 * Locking: mmap_lock, the lock of @folio, of @vma's file. Source: mm/khugepaged.c, collapse_pte_mapped_thp().
 */
static enum scan_result collapse_pte_mapped_thp(struct vm_area_struct *vma, unsigned long addr, struct folio *folio,
						bool install_pmd)
{
	unsigned long found = addr;
	pmd_t *pmdp = pmd_find_next(&vma->vm_mm->pt, &found, addr + PMD_SIZE);
	pmd_t leaf = install_pmd ? mk_huge_pmd(&folio->page, vma->vm_page_prot) : __pmd(0);

	if (!pmdp || folio_order(folio) != HPAGE_PMD_ORDER || folio->page.index != linear_page_index(vma, addr))
		return SCAN_PAGE_NULL;
	if (pmd_trans_huge(pmdp_get(pmdp)))
		return SCAN_PMD_MAPPED;
	if (!replace_table(vma, pmdp, addr, folio, leaf))
		return SCAN_PAGE_NULL;
	if (install_pmd)
		retract_page_tables(&vma->vm_file->mapping, folio);
	return SCAN_SUCCEED;
}

/* Locking: mmap_lock. */
static enum scan_result collapse_in_vma(struct vm_area_struct *vma, unsigned long addr,
					const struct collapse_control *cc)
{
	enum scan_result result;
	struct folio *folio;

	if (vma_is_anonymous(vma) || !collapse_allowed(cc, vma))
		return SCAN_VMA_CHECK;
	if (!thp_vma_suitable(vma, addr))
		return SCAN_ADDRESS_RANGE;
	if (linear_page_index(vma, addr) >= i_size_read(&vma->vm_file->mapping))
		return SCAN_PAGE_NULL;
	folio = filemap_lock_folio(&vma->vm_file->mapping, linear_page_index(vma, addr));
	if (!folio)
		return SCAN_PAGE_NULL;
	result = collapse_pte_mapped_thp(vma, addr, folio, !cc->is_khugepaged);
	folio_unlock(folio);
	folio_put(folio);
	return result;
}

enum scan_result collapse_file(struct mm_struct *mm, unsigned long addr, const struct collapse_control *cc)
{
	enum scan_result result = SCAN_ANY_PROCESS;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	if (!hpage_collapse_test_exit(mm)) {
		vma = vma_lookup(mm, addr);
		result = vma ? collapse_in_vma(vma, addr, cc) : SCAN_VMA_NULL;
	}
	mmap_read_unlock(mm);
	return result;
}
