/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smaps.c - counts the pages of VMAs, by the page walker. */
#include "core/op/smaps.h"

#include "core/mm/address_space.h"
#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/pagewalk.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/swapent.h"
#include "core/probe/operation.h"
#include "core/probe/syncpoint.h"

/* (T) all of it: what an entry says of its pages */
struct mapped {
	bool young, dirty;
	bool present;			/* else under migration: its pages count as mapped once */
};

/* Of what is not anonymous in @vma. */
static bool is_shmem(const struct vm_area_struct *vma)
{
	return vma->vm_file && shmem_mapping(&vma->vm_file->mapping);
}

static uint64_t *pss_by_kind(const struct mm_walk *walk, const struct folio *folio)
{
	struct mem_size_stats *stats = walk->private;

	if (folio_test_anon(folio))
		return &stats->pss_anon;
	return is_shmem(walk->vma) ? &stats->pss_shmem : &stats->pss_file;
}

/* Source: fs/proc/task_mmu.c, smaps_page_accumulate(). */
static void accumulate(const struct mm_walk *walk, const struct folio *folio, int mapcount, bool dirty)
{
	struct mem_size_stats *stats = walk->private;
	uint64_t pss = ((uint64_t)PAGE_SIZE << PSS_SHIFT) / (uint64_t)mapcount;

	stats->pss += pss;
	*pss_by_kind(walk, folio) += pss;
	if (walk->vma->vm_flags & VM_LOCKED)
		stats->pss_locked += pss;
	if (dirty) {
		stats->pss_dirty += pss;
		*(mapcount > 1 ? &stats->shared_dirty : &stats->private_dirty) += PAGE_SIZE;
	} else {
		*(mapcount > 1 ? &stats->shared_clean : &stats->private_clean) += PAGE_SIZE;
	}
}

/*
 * @nr pages of a folio, from @page on. Others change their mapcounts meanwhile, without this entry's PTL; but they are
 * at least 1, as long as it is present. Source: fs/proc/task_mmu.c, smaps_account(). Locking: the PTL.
 */
static void account(const struct mm_walk *walk, struct page *page, unsigned long nr, struct mapped mapped)
{
	struct mem_size_stats *stats = walk->private;
	struct folio *folio = page_folio(page);
	bool dirty = mapped.dirty || folio_test_dirty(folio);
	uint64_t size = nr << PAGE_SHIFT;

	if (folio_test_anon(folio)) {
		stats->anonymous += size;
		if (folio_test_lazyfree(folio) && !dirty)
			stats->lazyfree += size;
	}
	if (folio_test_ksm(folio))
		stats->ksm += size;
	stats->resident += size;
	if (mapped.young || folio_test_referenced(folio))
		stats->referenced += size;
	for (; nr; nr--, page++)
		accumulate(walk, folio, mapped.present ? folio_precise_page_mapcount(folio, page) : 1, dirty);
}

static void account_swap(struct mem_size_stats *stats, unsigned long slot)
{
	stats->swap += PAGE_SIZE;
	stats->swap_pss += ((uint64_t)PAGE_SIZE << PSS_SHIFT) / swap_shares(slot);
}

/* Source: fs/proc/task_mmu.c, smaps_pte_entry(). Locking: the PTL. */
static void account_pte(const struct mm_walk *walk, unsigned long addr, pte_t pte)
{
	struct mapped mapped = { 0 };
	struct page *page = NULL;

	if (pte_present(pte)) {
		mapped = (struct mapped){ pte_young(pte), pte_dirty(pte), true };
		page = vm_normal_page(walk->vma, addr, pte);
	} else if (pte_is_swap(pte)) {
		account_swap(walk->private, swapent_payload(pte));
	} else if (pte_is_migration(pte) || pte_is_device_private(pte)) {
		mapped.present = pte_is_device_private(pte);
		page = pfn_to_page(swapent_payload(pte));
	}
	if (page)
		account(walk, page, 1, mapped);
}

/* Source: fs/proc/task_mmu.c, smaps_pmd_entry(). Locking: the PTL. */
static void account_leaf(const struct mm_walk *walk, unsigned long addr, pmd_t pmd)
{
	bool present = !is_pmd_migration_entry(pmd);
	struct page *page = present ? vm_normal_page_pmd(pmd, addr) : pmd_page(pmd);
	struct mapped mapped = { present && pmd_young(pmd), present && pmd_dirty(pmd), present };
	struct mem_size_stats *stats = walk->private;
	uint64_t *kind = &stats->file_thp;

	if (!page)
		return;
	if (folio_test_anon(page_folio(page)))
		kind = &stats->anonymous_thp;
	else if (is_shmem(walk->vma))
		kind = &stats->shmem_thp;
	*kind += PMD_SIZE;
	account(walk, page, HPAGE_PMD_NR, mapped);
}

/* Source: fs/proc/task_mmu.c, smaps_pte_range(). */
static int smaps_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);
	pte_t *ptep;

	if (ptl) {
		account_leaf(walk, addr, pmdp_get(pmdp));
		spin_unlock(ptl);
		walk->action = ACTION_CONTINUE;
		return 0;
	}
	ptep = walk_lock_ptes(walk, pmdp, addr, &ptl);
	if (!ptep)
		return 0;
	for (; addr < next; addr += PAGE_SIZE, ptep++)
		account_pte(walk, addr, ptep_get(ptep));
	pte_unmap_unlock(&walk->mm->pt, ptl);
	return 0;
}

/* Source: fs/proc/task_mmu.c, smaps_hugetlb_range(). Locking: the hugetlb VMA lock. */
static int smaps_hugetlb(pmd_t *entryp, unsigned long hmask, unsigned long addr, unsigned long next,
			 struct mm_walk *walk)
{
	struct mem_size_stats *stats = walk->private;
	spinlock_t *ptl = huge_leaf_lock(hstate_vma(walk->vma), &walk->mm->pt, entryp);
	struct folio *folio;
	bool shared;

	(void)hmask;
	if (!ptl)
		return 0;
	folio = page_folio(pmd_page(pmdp_get(entryp)));
	shared = folio_mapcount(folio) > 1 || hugetlb_pmd_shared(walk->vma, entryp);
	*(shared ? &stats->shared_hugetlb : &stats->private_hugetlb) += next - addr;
	spin_unlock(ptl);
	return 0;
}

/* Source: fs/proc/task_mmu.c, smap_gather_stats(). Locking: mmap_lock, or the VMA lock. */
static void smap_gather_stats(struct vm_area_struct *vma, struct mem_size_stats *stats)
{
	static const struct mm_walk_ops ops = {
		.pmd_entry = smaps_pmd_entry, .hugetlb_entry = smaps_hugetlb, .walk_lock = PGWALK_VMA_RDLOCK_VERIFY,
	};

	*stats = (struct mem_size_stats){ 0 };
	walk_page_vma(vma, &ops, stats);
}

unsigned int sys_smaps(struct mm_struct *mm, unsigned long from, struct smaps_vma *vmas, unsigned int nr)
{
	OPERATION("smaps", mm, from);
	struct maps_reader reader = maps_start(mm, mm->pt.policy.maps_lock == MAPS_VMA_LOCK_SMAPS);
	struct vm_area_struct *vma;
	unsigned int i = 0;

	for (; i < nr && (vma = maps_next(&reader, from)); i++) {
		vmas[i].line = maps_line_of(vma);
		SYNCPOINT("smaps.vma");
		smap_gather_stats(vma, &vmas[i].stats);
		from = vmas[i].line.end;
	}
	maps_stop(&reader);
	return i;
}
