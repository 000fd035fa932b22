/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leaf_at_rest.c - invariants of quiescent huge leaves. */
#include "core/mm/anon_vma.h"
#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/rmap.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vm_normal_page.h"
#include "core/oracle/inspection.h"

#define fail(in, ...)	disagree(&(in)->complaint, __VA_ARGS__)

#define LEAF_KNOWN	(ENTRY_KNOWN | ENTRY_HUGE)

static void check_special(struct inspection *in, pmd_t pmd, unsigned long addr)
{
	bool raw = (in->vma->vm_flags & VM_PFNMAP) && pmd_pfn(pmd) == vma_raw_pfn(in->vma, addr);

	if (!raw && (!is_huge_zero_pmd(pmd) || pmd_write(pmd)))
		fail(in, "special leaf %016lx at %lx is not the huge zero page or raw frames", (unsigned long)pmd.val,
		     addr);
}

static void check_anon(struct inspection *in, struct folio *folio, pmd_t pmd, unsigned long addr)
{
	const struct anon_vma *anon_vma = folio_anon_vma(folio);

	if (folio_test_hugetlb(folio))
		in->hugetlb += (long)folio_nr_pages(folio);
	else
		in->anon += (long)HPAGE_PMD_NR;
	if (pmd_write(pmd) && !PageAnonExclusive(pmd_page(pmd)))
		fail(in, "leaf at %lx allows writes to pfn %lu, which is not exclusive", addr, pmd_pfn(pmd));
	if (is_vm_hugetlb_page(in->vma) && in->vma->vm_file &&
	    linear_page_index(in->vma, addr) >= i_size_read(&in->vma->vm_file->mapping))
		fail(in, "leaf at %lx lies beyond the end of its file", addr);
	if (!anon_vma || !load_relaxed(&anon_vma->refcount))
		fail(in, "pfn %lu is mapped by a leaf at %lx, but its anon_vma is dead", pmd_pfn(pmd), addr);
}

static void check_file(struct inspection *in, struct folio *folio, pmd_t pmd, unsigned long addr)
{
	/* Those that a shared mapping maps are not counted: see hugetlb_count(). */
	if (!folio_test_hugetlb(folio))
		in->file += (long)HPAGE_PMD_NR;
	else if (!(in->vma->vm_flags & VM_SHARED))
		in->hugetlb += (long)folio_nr_pages(folio);
	if (vma_is_anonymous(in->vma) || folio_mapping(folio) != &in->vma->vm_file->mapping)
		fail(in, "pfn %lu is mapped by a leaf at %lx, which is not of that file", pmd_pfn(pmd), addr);
	else if ((pmd_write(pmd) || pmd_dirty(pmd)) && (!(in->vma->vm_flags & VM_SHARED) || !folio_test_dirty(folio)))
		fail(in, "leaf at %lx allows writes to pfn %lu of a file, without a dirty folio", addr, pmd_pfn(pmd));
}

static void check_huge_page(struct inspection *in, pmd_t pmd, unsigned long addr)
{
	struct page *page = pmd_page(pmd);
	struct folio *folio = page_folio(page);
	unsigned long nr = folio_page_idx(folio, page);
	bool fits = folio_test_hugetlb(folio) ? folio_order(folio) == hstate_vma(in->vma)->order && !nr
					      : folio_test_pmd_mappable(folio) && IS_ALIGNED(nr, HPAGE_PMD_NR);

	if (!fits) {
		fail(in, "leaf at %lx maps pfn %lu, which is no huge page", addr, pmd_pfn(pmd));
		return;
	}
	count_mapping(in, folio);
	in->found[folio_pfn(folio)].entire++;
	if (folio->page.index + nr != linear_page_index(in->vma, addr))
		fail(in, "pfn %lu, mapped by a leaf at %lx, has index %lx, its VMA says %lx", pmd_pfn(pmd), addr,
		     folio->page.index + nr, linear_page_index(in->vma, addr));
	if (folio_test_hugetlb(folio) != is_vm_hugetlb_page(in->vma))
		fail(in, "pfn %lu, mapped by a leaf at %lx, is of the pool, or its VMA, not both", pmd_pfn(pmd), addr);
	if (page_type(page) == PAGE_ANON)
		check_anon(in, folio, pmd, addr);
	else if (page_type(page) == PAGE_FILE)
		check_file(in, folio, pmd, addr);
	else
		fail(in, "leaf at %lx maps pfn %lu, which is neither anonymous nor a file's", addr, pmd_pfn(pmd));
}

/* A leaf of a PMD table, or one of a PUD table in hugetlb memory, of @size bytes. */
static void check_leaf_of(struct inspection *in, pmd_t pmd, unsigned long addr, unsigned long size)
{
	const struct vm_area_struct *vma = inspected_vma(in, addr);

	if (!vma || vma->vm_end < addr + size)
		fail(in, "leaf %016lx at %lx lies in no VMA as a whole", (unsigned long)pmd.val, addr);
	else if ((pmd.val & ~LEAF_KNOWN) || !(pmd.val & (ENTRY_PRESENT | ENTRY_PROTNONE)))
		fail(in, "bad leaf %016lx at %lx", (unsigned long)pmd.val, addr);
	else if (pmd_write(pmd) && !(vma->vm_flags & VM_WRITE))
		fail(in, "leaf at %lx allows writes, its VMA does not", addr);
	else if (pmd_write(pmd) && !(vma->vm_flags & (VM_PFNMAP | VM_HUGETLB)) && pmd_needs_soft_dirty_wp(vma, pmd))
		fail(in, "leaf at %lx allows writes that are not tracked", addr);
	else if (pmd_special(pmd))
		check_special(in, pmd, addr);
	else if (!pfn_valid(pmd_pfn(pmd)))
		fail(in, "bad leaf %016lx at %lx", (unsigned long)pmd.val, addr);
	else
		check_huge_page(in, pmd, addr);
}

void check_leaf(struct inspection *in, pmd_t pmd, unsigned long addr)
{
	const struct vm_area_struct *vma = inspected_vma(in, addr);

	if (vma && (vma->vm_flags & VM_HUGETLB_PUD))
		fail(in, "leaf %016lx at %lx is smaller than the huge pages of its VMA", (unsigned long)pmd.val, addr);
	else
		check_leaf_of(in, pmd, addr, PMD_SIZE);
}

/* Of a driver: its frames are numbered as the file's pages. */
static void check_pud_folio(struct inspection *in, pud_t pud, unsigned long addr)
{
	const struct vm_area_struct *vma = in->vma;
	struct folio *folio;

	if (!pfn_valid(pud_pfn(pud)) || page_type(pud_page(pud)) != PAGE_DRIVER) {
		fail(in, "PUD leaf %016lx at %lx maps no pages of a driver", (unsigned long)pud.val, addr);
		return;
	}
	folio = page_folio(pud_page(pud));
	in->file += (long)HPAGE_PUD_NR;
	count_mapping(in, folio);
	in->found[folio_pfn(folio)].entire++;
	if (folio_order(folio) != HPAGE_PUD_ORDER || pud_pfn(pud) != folio_pfn(folio) ||
	    pud_pfn(pud) != linear_page_index(vma, addr))
		fail(in, "PUD leaf %016lx at %lx does not map that folio of that file", (unsigned long)pud.val, addr);
	/* One that lost its write permission stays dirty. */
	else if ((pud.val | (pud_write(pud) ? 0 : ENTRY_DIRTY)) !=
		 (mk_huge_pud(&folio->page, vma->vm_page_prot, vma_inserts_writable(vma)).val | ENTRY_DIRTY))
		fail(in, "PUD leaf %016lx at %lx has not the permissions of its VMA", (unsigned long)pud.val, addr);
}

void check_pud_leaf(struct inspection *in, pud_t pud, unsigned long addr)
{
	const struct vm_area_struct *vma = inspected_vma(in, addr);

	if (vma && (vma->vm_flags & VM_HUGETLB_PUD))
		check_leaf_of(in, __pmd(pud.val), addr, PUD_SIZE);
	else if (!vma || vma->vm_end < addr + PUD_SIZE)
		fail(in, "PUD leaf %016lx at %lx lies in no VMA as a whole", (unsigned long)pud.val, addr);
	else if (!pud_special(pud))
		check_pud_folio(in, pud, addr);
	else if (!(vma->vm_flags & VM_PFNMAP) || pud.val != mk_raw_pud(vma_raw_pfn(vma, addr), vma->vm_page_prot).val)
		fail(in, "PUD leaf %016lx at %lx does not map the raw frames of its VMA", (unsigned long)pud.val, addr);
}

/* ---- deposited tables ---- */

/* Each leaf that can be split into PTEs has a deposit; those of files, of the pool and of raw frames have none. */
static bool has_deposit(pmd_t pmd)
{
	if (!pmd_trans_huge(pmd))
		return false;
	if (pmd_special(pmd))
		return is_huge_zero_pmd(pmd);
	return pfn_valid(pmd_pfn(pmd)) && page_type(pmd_page(pmd)) == PAGE_ANON && !PageHuge(pmd_page(pmd));
}

void check_deposits(struct inspection *in, const pmd_t *table, unsigned long addr)
{
	long leaves = 0, tables = 0;

	for (unsigned long i = 0; i < PTRS_PER_PMD; i++)
		leaves += has_deposit(__pmd(load_relaxed(&table[i].val)));
	for (const struct page *page = table_page(table)->pt_deposit; page && tables <= leaves;
	     page = page->pt_next, tables++) {
		if (page_type(page) != PAGE_TABLE || page->level != LEVEL_PTE || page->pt_mm != &in->mm->pt)
			fail(in, "pfn %lu, deposited at %lx, is no PTE table of this mm", page_to_pfn(page), addr);
		if (spin_is_locked(&page->ptl))
			fail(in, "the lock of pfn %lu, deposited at %lx, is held", page_to_pfn(page), addr);
		in->found[page_to_pfn(page)].mapped++;
	}
	in->tables[LEVEL_PTE] += tables;
	if (tables != leaves)
		fail(in, "%ld leaves at %lx have %ld deposits", leaves, addr, tables);
}
