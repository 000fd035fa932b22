/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_share.c - shares and unshares PMD tables of huge pages. */
#include "core/mm/hugetlb_share.h"

#include <errno.h>

#include "core/mm/i_mmap.h"
#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/shootdown.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(PMD_SHARE, "PMD tables of huge pages shared");
DEFINE_EVENT(PMD_UNSHARE, "PMD tables of huge pages unshared");

#define NO_ADDRESS	(~0ul)

static bool range_in_vma(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return vma->vm_start <= start && end <= vma->vm_end && start < end;
}

/* With one lock for all tables of an mm, that of another mm would guard the shared one. */
static bool mm_shares_pmds(const struct mm_struct *mm)
{
	return mm->pt.policy.pmd_ptl == PTL_PMD_TABLE;
}

/* Source: mm/hugetlb.c. */
static bool want_pmd_share(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = ALIGN_DOWN(addr, PUD_SIZE);

	return vma_shares_pmds(vma) && vma->vm_resv && mm_shares_pmds(vma->vm_mm) &&
	       range_in_vma(vma, start, start + PUD_SIZE);
}

/* The address in @svma of page @index, if its table can be @vma's at @addr; else NO_ADDRESS. Source: mm/hugetlb.c. */
static unsigned long page_table_shareable(const struct vm_area_struct *svma, const struct vm_area_struct *vma,
					  unsigned long addr, unsigned long index)
{
	unsigned long saddr = svma->vm_start + ((index - svma->vm_pgoff) << PAGE_SHIFT);
	unsigned long start = ALIGN_DOWN(saddr, PUD_SIZE);

	if (load_relaxed(&svma->vm_flags) != vma->vm_flags || (saddr ^ addr) & (PUD_SIZE - 1) || !svma->vm_resv ||
	    !mm_shares_pmds(load_relaxed(&svma->vm_mm)) || !range_in_vma(svma, start, start + PUD_SIZE))
		return NO_ADDRESS;
	return saddr;
}

/* The PMD table of another VMA, counted, that @addr can share; NULL: none. Locking: i_mmap_rwsem. */
static struct page *find_shareable(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long index = linear_page_index(vma, addr);
	struct vm_area_struct *svma;

	vma_interval_tree_foreach(svma, &vma->vm_file->mapping, index, index) {
		unsigned long saddr = svma == vma ? NO_ADDRESS : page_table_shareable(svma, vma, addr, index);
		pmd_t *pmdp = saddr == NO_ADDRESS ? NULL : hugetlb_walk(svma, saddr, &default_hstate);

		if (pmdp) {
			fetch_add_relaxed(&table_page(pmdp)->pt_share_count, 1u);
			store_relaxed(&table_page(pmdp)->pt_mm, NULL);
			return table_page(pmdp);
		}
	}
	return NULL;
}

/* Links the table of another VMA at *@pudp, none, if there is one. Source: mm/hugetlb.c. */
static void huge_pmd_share(struct vm_area_struct *vma, unsigned long addr, pud_t *pudp)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	struct page *table = find_shareable(vma, addr);

	SYNCPOINT("hugetlb_share.found");
	if (!table)
		return;
	spin_lock(&pt->page_table_lock);
	if (pud_none(pudp_get(pudp))) {
		mm_count(pt, MM_UPPER_TABLES, 1);
		/* ORDER[table-publish:A] the table was published before; pairs with ORDER[table-publish:B]. */
		store_release(&pudp->val, (page_to_pfn(table) << PAGE_SHIFT) | ENTRY_TABLE);
		count_event(EV_PMD_SHARE);
	} else {
		fetch_sub_relaxed(&table->pt_share_count, 1u);
	}
	spin_unlock(&pt->page_table_lock);
}

/* The PMD entry, in a table of another mm's if one can be shared. */
static pmd_t *alloc_pmd(struct vm_area_struct *vma, unsigned long addr, pud_t *pudp)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	pmd_t *pmdp;

	if (!want_pmd_share(vma, addr) || !pud_none(pudp_get(pudp)))
		return pmd_alloc(pt, pudp, addr);
	/* Others find the new table, or this finds theirs, or both have one of their own. */
	i_mmap_lock_read(&vma->vm_file->mapping);
	huge_pmd_share(vma, addr, pudp);
	pmdp = pmd_alloc(pt, pudp, addr);
	i_mmap_unlock_read(&vma->vm_file->mapping);
	return pmdp;
}

pmd_t *huge_pte_alloc(struct vm_area_struct *vma, unsigned long addr, const struct hstate *h)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	p4d_t *p4dp = p4d_alloc(pt, pgd_offset(pt->pgd, addr), addr);
	pud_t *pudp = p4dp ? pud_alloc(pt, p4dp, addr) : NULL;

	if (!pudp)
		return NULL;
	if (likely(h->order == HPAGE_PMD_ORDER))
		return alloc_pmd(vma, addr, pudp);
	BUG_ON(pud_is_table(pudp_get(pudp)));
	return (pmd_t *)pudp;
}

DEFINE_KNOCKOUT(HUGETLB_UNSHARE_SYNC,
	.name = "hugetlb:unshare-sync",
	.removes = "the wait for lockless walks after a PMD table is unshared",
	.breaks = "GUP-fast gets pages of another mm, which uses the table for other memory",
	.detected_by = "knockout.hugetlb_share",
	.hunt = "explore hugetlb_pin_vs_unshare",
	.mirrors = "mm/hugetlb: fix huge_pmd_unshare() vs GUP-fast race");

/* (A3) Source: mm/mmu_gather.c, tlb_remove_table_sync_one(). */
static void wait_for_walks(const struct mm_pgtable *pt)
{
	if (KNOCKED_OUT(HUGETLB_UNSHARE_SYNC))
		return;
	if (pt->policy.table_free == TABLE_FREE_RCU)
		synchronize_rcu();
	else
		shootdown_wait();
}

bool huge_pmd_unshare(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_pgtable *pt = &load_relaxed(&vma->vm_mm)->pt;
	struct page *table;
	pud_t *pudp;

	if (!vma_shares_pmds(vma))
		return false;
	assert_rwsem_held_write(&vma->vm_file->mapping.i_mmap_rwsem);
	hugetlb_vma_assert_write_locked(vma);
	pudp = pud_find(pt, addr);
	if (!pudp || !pud_is_table(pudp_get(pudp)))
		return false;
	table = pfn_to_page(entry_pfn(pudp_get(pudp).val));
	if (!load_relaxed(&table->pt_share_count))
		return false;
	spin_lock(&pt->page_table_lock);
	entry_changes(&pudp->val, "unshared");
	store_relaxed(&pudp->val, 0);
	mm_count(pt, MM_UPPER_TABLES, -1);
	spin_unlock(&pt->page_table_lock);
	fetch_sub_relaxed(&table->pt_share_count, 1u);
	count_event(EV_PMD_UNSHARE);
	flush_tlb_range(pt, ALIGN_DOWN(addr, PUD_SIZE), ALIGN_DOWN(addr, PUD_SIZE) + PUD_SIZE);
	SYNCPOINT("hugetlb_share.unshared");
	wait_for_walks(pt);
	return true;
}

/* True if @pmdp is a leaf that maps @folio. Locking: the rmap lock keeps the table. */
static bool leaf_maps(pmd_t *pmdp, const struct folio *folio)
{
	pmd_t pmd = pmdp_get(pmdp);

	return pmd_trans_huge(pmd) && !is_pmd_migration_entry(pmd) && pmd_page(pmd) == &folio->page;
}

int hugetlb_unshare_mapped(struct folio *folio, struct vm_area_struct *vma, unsigned long addr)
{
	pmd_t *pmdp = vma_shares_pmds(vma) ? hugetlb_walk(vma, addr, &default_hstate) : NULL;
	bool unshared;

	if (!pmdp || !leaf_maps(pmdp, folio))
		return 0;
	if (!hugetlb_vma_trylock_write(vma))
		return -EBUSY;
	unshared = huge_pmd_unshare(vma, addr);
	hugetlb_vma_unlock_write(vma);
	return unshared;
}

void hugetlb_unshare_begin(struct vm_area_struct *vma)
{
	if (!vma_shares_pmds(vma))
		return;
	hugetlb_vma_lock_write(vma);
	i_mmap_lock_write(&vma->vm_file->mapping);
}

void hugetlb_unshare_end(struct vm_area_struct *vma, bool last)
{
	struct resv_map *map = vma->vm_resv;

	if (!vma_shares_pmds(vma))
		return;
	hugetlb_vma_unlock_write(vma);
	if (last)
		vma->vm_resv = NULL;
	i_mmap_unlock_write(&vma->vm_file->mapping);
	if (last && map)
		resv_map_put(map);
}

void hugetlb_split(struct vm_area_struct *vma, unsigned long addr)
{
	if (!IS_ALIGNED(addr, PUD_SIZE))
		huge_pmd_unshare(vma, addr);
}

void adjust_range_if_pmd_sharing_possible(const struct vm_area_struct *vma, unsigned long *start, unsigned long *end)
{
	unsigned long first = ALIGN_UP(vma->vm_start, PUD_SIZE), last = ALIGN_DOWN(vma->vm_end, PUD_SIZE);

	if (!vma_shares_pmds(vma) || first >= last || *end <= first || *start >= last)
		return;
	if (*start > first)
		*start = ALIGN_DOWN(*start, PUD_SIZE);
	if (*end < last)
		*end = ALIGN_UP(*end, PUD_SIZE);
}

/* The first PUD entry at or above *@addr and below @end; as hugetlb_walk_next(). */
static pmd_t *pud_find_next(struct mm_pgtable *pt, unsigned long *addr, unsigned long end)
{
	for (; *addr < end; *addr = pud_addr_end(*addr, end)) {
		pud_t *pudp = pud_find(pt, *addr);

		if (pudp)
			return (pmd_t *)pudp;
	}
	return NULL;
}

pmd_t *hugetlb_walk_next(struct vm_area_struct *vma, unsigned long *addr, unsigned long end, const struct hstate *h)
{
	struct mm_pgtable *pt = &load_relaxed(&vma->vm_mm)->pt;

	ASSERT(!vma_shares_pmds(vma) || !vma->vm_resv || rwsem_is_locked(&vma->vm_resv->lock) ||
	       rwsem_is_locked(&vma->vm_file->mapping.i_mmap_rwsem) || KNOCKED_OUT(HUGETLB_READ_LOCK));
	return h->order == HPAGE_PMD_ORDER ? pmd_find_next(pt, addr, end) : pud_find_next(pt, addr, end);
}

pmd_t *hugetlb_walk(struct vm_area_struct *vma, unsigned long addr, const struct hstate *h)
{
	unsigned long found = addr & huge_page_mask(h);

	return hugetlb_walk_next(vma, &found, found + huge_page_size(h), h);
}
