/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap_at_rest.c - invariants of the quiescent reverse map.
 *
 * The page tables are read first, top down, by the VMAs: each entry that maps a page is added to the list of its
 * frame. Then each folio is walked, bottom up, by the rmap walk that all operations use, and the entries found are
 * checked off.
 */
#include "core/oracle/rmap_at_rest.h"

#include <stdlib.h>

#include "core/mm/hugetlb_share.h"
#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap.h"
#include "core/mm/rmap_walk.h"
#include "core/oracle/anon_vma_census.h"
#include "core/oracle/each_frame.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"

/* An entry that maps a page. Lock key: (T) this thread only */
struct mapping {
	const struct mm_struct *mm;	/* (T) */
	unsigned long addr;		/* (T) */
	uint32_t next;			/* (T) of the same frame: number + 1, 0 for none */
	bool walked;			/* (T) an rmap walk found it */
};

/* Lock key: (T) this thread only */
struct rmap_inspection {
	struct census census;		/* (T) */
	struct mm_struct *mm;		/* (T) of the page tables being read */
	uint32_t *first;		/* (T) by pfn: number + 1 of the first mapping, 0 for none */
	struct mapping *mapping;	/* (T) */
	unsigned long nr, room;		/* (T) */
	struct complaint *complaint;	/* (T) */
};

/* ---- top down: page tables ---- */

/* Pages of drivers are found by none: they have no place in a file. */
static void add_mapping(struct rmap_inspection *in, const struct vm_area_struct *vma, unsigned long addr,
			unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);
	struct folio *folio = page_folio(page);
	unsigned long index = folio->page.index + folio_page_idx(folio, page);

	if (page_type(page) == PAGE_DRIVER)
		return;
	if (in->nr == in->room) {
		disagree(in->complaint, "more pages are mapped than counted, at %lx", addr);
	} else if (page_type(page) == PAGE_ANON && !folio_test_ksm(folio) &&
		   !census_find(&in->census, folio_anon_vma(folio))) {
		disagree(in->complaint, "pfn %lu, mapped at %lx, has an anon_vma that no VMA is linked to", pfn, addr);
	} else if (!folio_test_ksm(folio) && linear_page_index(vma, addr) != index) {
		disagree(in->complaint,
			 "pfn %lu, mapped at %lx, is page %lx of its anon_vma, but its VMA has page %lx there", pfn,
			 addr, index, linear_page_index(vma, addr));
	} else {
		in->mapping[in->nr] = (struct mapping){ in->mm, addr, in->first[pfn], false };
		in->first[pfn] = (uint32_t)++in->nr;
	}
}

static void read_table(struct rmap_inspection *in, const struct vm_area_struct *vma, pmd_t pmd, unsigned long addr,
		       unsigned long end)
{
	for (pte_t *ptep = pte_offset(pmd, addr); addr < end && !in->complaint->made; addr += PAGE_SIZE, ptep++) {
		pte_t pte = ptep_get(ptep);

		if ((pte_present(pte) && !pte_special(pte)) || pte_is_device_private(pte))
			add_mapping(in, vma, addr, pte_pfn(pte));
	}
}

/* Of @nr pages. */
static void read_leaf(struct rmap_inspection *in, const struct vm_area_struct *vma, pmd_t pmd, unsigned long addr,
		      unsigned long nr)
{
	for (unsigned long i = 0; !pmd_special(pmd) && i < nr && !in->complaint->made; i++)
		add_mapping(in, vma, addr + (i << PAGE_SHIFT), pmd_pfn(pmd) + i);
}

static void read_gigantic(struct rmap_inspection *in, struct vm_area_struct *vma)
{
	const struct hstate *h = hstate_vma(vma);
	unsigned long addr = vma->vm_start;
	pmd_t *entryp;

	for (; (entryp = hugetlb_walk_next(vma, &addr, vma->vm_end, h)); addr += huge_page_size(h))
		if (pmd_trans_huge(pmdp_get(entryp)))
			read_leaf(in, vma, pmdp_get(entryp), addr, pages_per_huge_page(h));
}

static void read_vma(struct rmap_inspection *in, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start, next;
	pmd_t *pmdp;

	if (vma->vm_flags & VM_HUGETLB_PUD) {
		read_gigantic(in, vma);
		return;
	}
	while ((pmdp = pmd_find_next(&in->mm->pt, &addr, vma->vm_end))) {
		next = pmd_addr_end(addr, vma->vm_end);
		if (pmd_trans_huge(pmdp_get(pmdp)))
			read_leaf(in, vma, pmdp_get(pmdp), addr, HPAGE_PMD_NR);
		else if (pmd_present(pmdp_get(pmdp)))
			read_table(in, vma, pmdp_get(pmdp), addr, next);
		addr = next;
	}
}

/* ---- bottom up: rmap walks ---- */

static struct mapping *mapping_at(struct rmap_inspection *in, unsigned long pfn, const struct mm_struct *mm,
				  unsigned long addr)
{
	struct mapping *mapping;

	for (uint32_t i = in->first[pfn]; i; i = mapping->next) {
		mapping = &in->mapping[i - 1];
		if (mapping->mm == mm && mapping->addr == addr)
			return mapping;
	}
	return NULL;
}

static void tick_off_page(struct rmap_inspection *in, const struct vm_area_struct *vma, unsigned long pfn,
			  unsigned long addr)
{
	struct mapping *mapping = mapping_at(in, pfn, vma->vm_mm, addr);

	if (!mapping || (mapping->walked && !folio_test_ksm(page_folio(pfn_to_page(pfn)))))
		disagree(in->complaint, "a walk from pfn %lu finds an entry at %lx that no mm has, or twice", pfn,
			 addr);
	else
		mapping->walked = true;
}

static bool tick_off(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, PVMW_SYNC);
	unsigned long nr = folio_test_hugetlb(folio) ? folio_nr_pages(folio) : HPAGE_PMD_NR;	/* of a leaf */
	struct rmap_inspection *in = arg;

	while (page_vma_mapped_walk(&pvmw)) {
		unsigned long first = pvmw.pte ? 0 : pmd_pfn(pmdp_get(pvmw.pmd));

		if (pvmw.pte)
			tick_off_page(in, vma, pte_pfn(ptep_get(pvmw.pte)), pvmw.address);
		else
			for (unsigned long i = 0; i < nr; i++)
				tick_off_page(in, vma, first + i, (pvmw.address & PMD_MASK) + (i << PAGE_SHIFT));
	}
	return true;
}

static void walk_folio(struct rmap_inspection *in, struct folio *folio)
{
	struct rmap_walk_control rwc = { .arg = in, .rmap_one = tick_off };
	unsigned long pfn = folio_pfn(folio);

	if (!folio_trylock(folio)) {
		disagree(in->complaint, "the folio at pfn %lu is locked", pfn);
		return;
	}
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	for (unsigned long i = 0; i < folio_nr_pages(folio); i++)
		for (uint32_t next = in->first[pfn + i]; next; next = in->mapping[next - 1].next)
			if (!in->mapping[next - 1].walked)
				disagree(in->complaint, "a walk from pfn %lu misses its entry at %lx", pfn + i,
					 in->mapping[next - 1].addr);
}

/* ---- all of it ---- */

static void inspect(struct rmap_inspection *in, struct mm_struct *const *mms, unsigned int nr)
{
	struct vm_area_struct *vma;

	census_take(&in->census, mms, nr, in->complaint);
	for (unsigned int i = 0; i < nr; i++) {
		in->mm = mms[i];
		for (unsigned long at = 0; !in->complaint->made && (vma = vma_tree_find(&in->mm->tree, at));
		     at = vma->vm_end)
			read_vma(in, vma);
	}
	for_each_inspected_block(pfn, in->complaint) {
		struct page *page = pfn_to_page(pfn);

		/* Free huge pages of the pool keep their type. */
		if ((page_type(page) == PAGE_ANON || page_type(page) == PAGE_FILE) && page_ref_count(page))
			walk_folio(in, page_folio(page));
	}
	census_free(&in->census);
}

/* Pages that @mm maps at most in shared mappings of huge pages of the pool, which are not counted. */
static unsigned long shared_hugetlb_pages(struct mm_struct *mm)
{
	const struct vm_area_struct *vma;
	unsigned long pages = 0;

	for (unsigned long at = 0; (vma = vma_tree_find(&mm->tree, at)); at = vma->vm_end)
		if (is_vm_hugetlb_page(vma) && (vma->vm_flags & VM_SHARED))
			pages += min(vma_pages(vma), machine.max_pfn);
	return pages;
}

void rmap_at_rest(struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint)
{
	struct rmap_inspection in = { .complaint = complaint };

	for (unsigned int i = 0; i < nr; i++)
		in.room += (unsigned long)(mm_counter_sum(&mms[i]->pt, MM_ANONPAGES) +
					   mm_counter_sum(&mms[i]->pt, MM_FILEPAGES) +
					   mm_counter_sum(&mms[i]->pt, MM_HUGETLBPAGES)) +
			   shared_hugetlb_pages(mms[i]);
	in.first = calloc(machine.max_pfn, sizeof(*in.first));
	in.mapping = calloc(in.room + 1, sizeof(*in.mapping));
	if (in.first && in.mapping)
		inspect(&in, mms, nr);
	else
		disagree(complaint, "no memory for the inspection of the reverse map");
	free(in.first);
	free(in.mapping);
}
