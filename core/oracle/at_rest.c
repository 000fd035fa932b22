/* SPDX-License-Identifier: GPL-2.0-or-later */
/* at_rest.c - invariants of quiescent address spaces. */
#include "core/oracle/at_rest.h"

#include <stdlib.h>

#include "core/mm/account.h"
#include "core/mm/anon_vma.h"
#include "core/mm/device.h"
#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma_lock.h"
#include "core/mm/vmalloc.h"
#include "core/oracle/file_at_rest.h"
#include "core/oracle/inspection.h"
#include "core/oracle/rmap_at_rest.h"
#include "core/pgtable/swapent.h"

DEFINE_EVENT(INSPECTED, "page tables and blocks of frames inspected at rest");

/* ---- VMAs ---- */

static unsigned long end_of(const struct vm_area_struct *vma)
{
	return vma->vm_end;
}

static void check_vma(struct inspection *in, const struct vm_area_struct *vma, unsigned long floor)
{
	const struct mm_struct *mm = in->mm;

	if (vma->vm_start < floor || vma->vm_start >= vma->vm_end || vma->vm_end > TASK_SIZE ||
	    !IS_ALIGNED(vma->vm_start | vma->vm_end, PAGE_SIZE))
		fail(in, "VMA %lx-%lx is out of order or ill formed", vma->vm_start, vma->vm_end);
	if (load_relaxed(&vma->vm_mm) != mm)
		fail(in, "VMA %lx-%lx is another mm's", vma->vm_start, vma->vm_end);
	if (mm->pt.policy.vma_lock != VMA_LOCK_NONE && vma_is_write_locked(vma))
		fail(in, "VMA %lx-%lx is still write-locked", vma->vm_start, vma->vm_end);
	if (vma_lock_counts(mm->pt.policy.vma_lock) && load_relaxed(&vma->vm_refcnt) != 1)
		fail(in, "VMA %lx-%lx has vm_refcnt %u", vma->vm_start, vma->vm_end, load_relaxed(&vma->vm_refcnt));
	if (vma->vm_flags & VM_LOCKED ? is_vm_hugetlb_page(vma) || (vma->vm_flags & VM_SPECIAL)
				      : vma->vm_flags & VM_LOCKONFAULT)
		fail(in, "VMA %lx-%lx has flags %lx: locked, and not lockable", vma->vm_start, vma->vm_end,
		     vma->vm_flags);
	if (mm->pt.policy.vma_lock == VMA_LOCK_RWSEM && rwsem_is_locked(&vma->vm_lock))
		fail(in, "VMA %lx-%lx has its rwsem held", vma->vm_start, vma->vm_end);
}

/* What @vma is accounted with; the pages of a file once, at its first VMA. */
static unsigned long accounted_pages(const struct vm_area_struct *vma)
{
	unsigned long pages = vma->vm_flags & VM_ACCOUNT ? vma_pages(vma) : 0;

	if (vma->vm_file && interval_tree_iter_first(&vma->vm_file->mapping.i_mmap, 0, ~0ul) == &vma->i_mmap_node)
		pages += vma->vm_file->accounted;
	return pages;
}

static void check_vmas(struct inspection *in)
{
	unsigned long floor = 0, pages = 0, locked = 0;
	struct vm_area_struct *vma;
	unsigned int nr = 0;

	while (!in->complaint.made && (vma = vma_tree_find(&in->mm->tree, floor))) {
		check_vma(in, vma, floor);
		floor = vma->vm_end;
		pages += vma_pages(vma);
		locked += vma->vm_flags & VM_LOCKED ? vma_pages(vma) : 0;
		in->accounted += accounted_pages(vma);
		nr++;
	}
	if (nr != in->mm->map_count || nr != vma_tree_check(&in->mm->tree, end_of))
		fail(in, "%u VMAs found, map_count is %u", nr, in->mm->map_count);
	if (pages != in->mm->total_vm)
		fail(in, "VMAs span %lu pages, total_vm is %lu", pages, in->mm->total_vm);
	if (locked != in->mm->locked_vm)
		fail(in, "locked VMAs span %lu pages, locked_vm is %lu", locked, in->mm->locked_vm);
	if (rwsem_is_locked(&in->mm->mmap_lock))
		fail(in, "mmap_lock is held");
}

/* ---- page tables ---- */

static void find_mapping(struct inspection *in, struct page *page)
{
	struct folio *folio = page_folio(page);

	*(mm_counter(folio) == MM_ANONPAGES ? &in->anon : &in->file) += 1;
	in->found[page_to_pfn(page)].mapped++;
	count_mapping(in, folio);
}

/* Any number of entries, none of which allows writes; its node names its frame. */
static void check_merged(struct inspection *in, const struct folio *folio, pte_t pte, unsigned long addr)
{
	const struct ksm_stable_node *node = folio_stable_node(folio);

	if (!node || load_relaxed(&node->kpfn) != folio_pfn(folio))
		fail(in, "pfn %lu, mapped at %lx, is merged, but has no stable node", folio_pfn(folio), addr);
	else if (pte_write(pte) || PageAnonExclusive(&folio->page))
		fail(in, "pfn %lu, mapped at %lx, is merged, and exclusive or writable", folio_pfn(folio), addr);
}

static void check_anon(struct inspection *in, struct page *page, pte_t pte, unsigned long addr)
{
	const struct folio *folio = page_folio(page);
	const struct anon_vma *anon_vma = folio_anon_vma(folio);
	unsigned long index = folio->page.index + folio_page_idx(folio, page);

	find_mapping(in, page);
	if (folio_test_ksm(folio)) {
		check_merged(in, folio, pte, addr);
		return;
	}
	if (pte_write(pte) && !PageAnonExclusive(page))
		fail(in, "entry at %lx allows writes to pfn %lu, which is not exclusive", addr, page_to_pfn(page));
	if (!anon_vma || !load_relaxed(&anon_vma->refcount))
		fail(in, "pfn %lu is mapped at %lx, but its anon_vma is dead", page_to_pfn(page), addr);
	if (index != linear_page_index(in->vma, addr))
		fail(in, "pfn %lu at %lx has index %lx, its VMA says %lx", page_to_pfn(page), addr, index,
		     linear_page_index(in->vma, addr));
}

/* A private mapping has copies of its file's pages, within i_size. A driver's file has no size. */
static void check_in_file(struct inspection *in, unsigned long addr)
{
	unsigned long index = linear_page_index(in->vma, addr);

	if (!vma_is_anonymous(in->vma) && !vma_is_device(in->vma) &&
	    index >= i_size_read(&in->vma->vm_file->mapping))
		fail(in, "entry at %lx lies beyond the end of its file", addr);
}

static void check_file(struct inspection *in, struct page *page, pte_t pte, unsigned long addr)
{
	struct folio *folio = page_folio(page);
	unsigned long index = folio->page.index + folio_page_idx(folio, page);

	find_mapping(in, page);
	if (vma_is_anonymous(in->vma) || folio_mapping(folio) != &in->vma->vm_file->mapping ||
	    index != linear_page_index(in->vma, addr))
		fail(in, "pfn %lu is mapped at %lx, which is not that page of that file", page_to_pfn(page), addr);
	else if ((pte_write(pte) && !(in->vma->vm_flags & VM_SHARED)) ||
		 ((pte_write(pte) || pte_dirty(pte)) && !folio_test_dirty(folio)))
		fail(in, "entry at %lx allows writes to pfn %lu of a file, without a dirty folio", addr,
		     page_to_pfn(page));
}

/* Its owner is a driver, which maps it in its own files only. */
static void check_driver(struct inspection *in, struct page *page, pte_t pte, unsigned long addr)
{
	find_mapping(in, page);
	if (!vma_is_device(in->vma) || (in->vma->vm_flags & VM_PFNMAP))
		fail(in, "pfn %lu, a driver's, is mapped at %lx by no driver", page_to_pfn(page), addr);
	else if (pte_write(pte) && is_cow_mapping(in->vma->vm_flags))
		fail(in, "entry at %lx, of a private mapping, allows writes to pfn %lu of a driver", addr,
		     page_to_pfn(page));
}

/* The zero page, read-only; or a raw frame, writable in shared mappings only. */
static void check_special(struct inspection *in, pte_t pte, unsigned long addr)
{
	bool zero = is_zero_pfn(pte_pfn(pte));

	if ((!zero && !vma_maps_raw(in->vma, addr, pte_pfn(pte))) ||
	    (pte_write(pte) && (zero || is_cow_mapping(in->vma->vm_flags))))
		fail(in, "special entry %016lx at %lx is not the zero page or a raw frame, read-only",
		     (unsigned long)pte.val, addr);
}

static void check_present(struct inspection *in, pte_t pte, unsigned long addr)
{
	unsigned long pfn = pte_pfn(pte);

	if (pte_bad(pte)) {
		fail(in, "bad entry %016lx at %lx", (unsigned long)pte.val, addr);
	} else if (pte_special(pte)) {
		check_special(in, pte, addr);
	} else if (page_type(pfn_to_page(pfn)) == PAGE_DRIVER) {
		check_driver(in, pfn_to_page(pfn), pte, addr);
	} else if (page_type(pfn_to_page(pfn)) == PAGE_FILE) {
		check_file(in, pfn_to_page(pfn), pte, addr);
	} else if (page_type(pfn_to_page(pfn)) == PAGE_ANON) {
		check_anon(in, pfn_to_page(pfn), pte, addr);
	} else {
		fail(in, "entry at %lx maps pfn %lu, which is neither anonymous nor a file's", addr, pfn);
	}
	check_in_file(in, addr);
	if (pte_write(pte) && !(in->vma->vm_flags & VM_WRITE))
		fail(in, "entry at %lx allows writes, its VMA does not", addr);
	if (pte_write(pte) && !(in->vma->vm_flags & VM_PFNMAP) && pte_needs_soft_dirty_wp(in->vma, pte))
		fail(in, "entry at %lx allows writes that are not tracked", addr);
	if (pte_uffd_wp(pte) && (pte_write(pte) || !(in->vma->vm_flags & VM_UFFD_WP)))
		fail(in, "entry %016lx at %lx is write-protected by a userfaultfd, and writable, or its VMA has none",
		     (unsigned long)pte.val, addr);
}

/* A page in device memory. False: the entry is not well formed, or names another page. */
static bool check_device(struct inspection *in, pte_t pte, unsigned long addr)
{
	unsigned long pfn = swapent_payload(pte);
	bool write = device_private_pte_write(pte);

	if (pte_swp_clear_tracking(pte).val != make_device_private_pte(pfn, write).val || !pfn_valid(pfn) ||
	    page_type(pfn_to_page(pfn)) != PAGE_DEVICE)
		return false;
	check_anon(in, pfn_to_page(pfn), __pte(write ? ENTRY_WRITE : 0), addr);
	check_in_file(in, addr);
	return !write || (in->vma->vm_flags & VM_WRITE);
}

/* True if it is well formed; counts it in its slot. Migration has ended, so there are no migration entries. */
static bool check_nonpresent(struct inspection *in, pte_t pte, unsigned long addr)
{
	unsigned long payload = swapent_payload(pte);
	unsigned int count;
	struct folio *folio;

	if (pte_swp_uffd_wp(pte) && !(in->vma->vm_flags & VM_UFFD_WP))
		return false;
	if (pte_is_device_private(pte))
		return check_device(in, pte, addr);
	if (pte_is_guard(pte))
		return pte_swp_clear_tracking(pte).val == make_swapent(SWAPENT_GUARD, 0).val;
	if (swapent_type(pte) == SWAPENT_POISON)
		return pte_swp_clear_tracking(pte).val == make_swapent(SWAPENT_POISON, payload).val &&
		       pfn_valid(payload);
	if (!pte_is_swap(pte) || !payload || !swap_slot_at_rest(payload, &count, &folio))
		return false;
	in->swapped++;
	in->slots[payload].entries++;
	in->slots[payload].exclusive |= pte_swp_exclusive(pte);
	return pte_swp_clear_tracking(pte).val == make_swap_pte(payload, pte_swp_exclusive(pte)).val;
}

static void check_pte(struct inspection *in, pte_t *ptep, unsigned long addr)
{
	pte_t pte = ptep_get(ptep);

	if (pte_none(pte))
		return;
	if (!inspected_vma(in, addr))
		fail(in, "entry %016lx at %lx lies in no VMA", (unsigned long)pte.val, addr);
	else if (pte_present(pte))
		check_present(in, pte, addr);
	else if (!check_nonpresent(in, pte, addr))
		fail(in, "bad entry %016lx at %lx", (unsigned long)pte.val, addr);
}

/* All entries of a table of @level that maps @addr onwards; a folded level is skipped. */
static void check_entries(struct inspection *in, uint64_t *table, enum pgtable_level level, unsigned long addr)
{
	enum pgtable_level child = level_below(level);

	if (THP_POSSIBLE && level == LEVEL_PMD)
		check_deposits(in, (const pmd_t *)table, addr);
	for (unsigned int i = 0; i < level_entries(level) && !in->complaint.made;
	     i++, addr += 1UL << level_shift(level)) {
		uint64_t *below, val = load_relaxed(&table[i]);

		if (level == LEVEL_PTE) {
			check_pte(in, (pte_t *)&table[i], addr);
		} else if (level == LEVEL_PMD && pmd_trans_huge(__pmd(val))) {
			check_leaf(in, __pmd(val), addr);
		} else if (level == LEVEL_PUD && pud_trans_huge((pud_t){ val })) {
			check_pud_leaf(in, (pud_t){ val }, addr);
		} else if (val) {
			below = check_table(in, val, child, addr);
			if (below)
				check_entries(in, below, child, addr);
		}
	}
}

static void check_mm(struct inspection *in)
{
	struct mm_pgtable *pt = &in->mm->pt;

	check_vmas(in);
	in->anon = in->file = in->swapped = in->hugetlb = 0;
	for (unsigned int level = 0; level < NR_LEVELS; level++)
		in->tables[level] = 0;
	in->vma = vma_tree_find(&in->mm->tree, 0);
	in->found[page_to_pfn(table_page(pt->pgd))].mapped++;
	check_entries(in, (uint64_t *)pt->pgd, LEVEL_PGD, 0);
	if (in->anon != mm_counter_sum(pt, MM_ANONPAGES))
		fail(in, "%ld anonymous pages mapped, counted %ld", in->anon, mm_counter_sum(pt, MM_ANONPAGES));
	if (in->file != mm_counter_sum(pt, MM_FILEPAGES))
		fail(in, "%ld pages of files mapped, counted %ld", in->file, mm_counter_sum(pt, MM_FILEPAGES));
	if (in->hugetlb != mm_counter_sum(pt, MM_HUGETLBPAGES))
		fail(in, "%ld pages of the pool mapped, counted %ld", in->hugetlb, mm_counter_sum(pt, MM_HUGETLBPAGES));
	if (in->swapped != mm_counter_sum(pt, MM_SWAPENTS))
		fail(in, "%ld pages swapped out, counted %ld", in->swapped, mm_counter_sum(pt, MM_SWAPENTS));
	check_table_counts(in);
}

/* ---- swap ---- */

static void check_slots(struct inspection *in)
{
	struct folio *folio;
	unsigned int count;
	unsigned long used = 0;

	for (unsigned long slot = 1; !in->complaint.made && swap_slot_at_rest(slot, &count, &folio); slot++) {
		const struct found_slot *found = &in->slots[slot];

		used += count != 0;
		if (count != found->entries)
			fail(in, "swap slot %lu has %u shares, but %u entries", slot, count, found->entries);
		if (found->exclusive && found->entries > 1)
			fail(in, "swap slot %lu is exclusive to one of %u entries", slot, found->entries);
		if (folio && !count)
			fail(in, "swap slot %lu is free, and has a folio", slot);
		if (folio)
			in->found[folio_pfn(folio)].cached++;
	}
	if (!in->complaint.made && used != nr_swap_used())
		fail(in, "%lu swap slots are in use, counted %lu", used, nr_swap_used());
}

static void check_committed(struct inspection *in)
{
	if (in->accounted != vm_memory_committed())
		fail(in, "VMAs with VM_ACCOUNT and shared memory have %lu pages, accounted are %lu", in->accounted,
		     vm_memory_committed());
}

bool oracle_at_rest(struct mm_struct *const *mms, unsigned int nr, char *why, size_t why_size)
{
	struct inspection in = { .complaint = { .why = why, .size = why_size } };

	in.found = calloc(machine.max_pfn, sizeof(*in.found));
	in.slots = calloc(nr_swap_slots() + 1, sizeof(*in.slots));
	if (!in.found || !in.slots) {
		fail(&in, "no memory for the inspection");
		goto out;
	}
	for (unsigned int i = 0; i < nr && !in.complaint.made; i++) {
		in.mm = mms[i];
		check_mm(&in);
	}
	if (init_mm && !in.complaint.made)
		kernel_at_rest(&in);
	check_committed(&in);
	check_slots(&in);
	if (bad_ptes(NULL))
		fail(&in, "%lu corrupt entries were reported", bad_ptes(NULL));
	frames_at_rest(&in);
	hugetlb_at_rest(&in, mms, nr);
	if (!in.complaint.made)
		rmap_at_rest(mms, nr, &in.complaint);
	if (!in.complaint.made)
		file_at_rest(mms, nr, &in.complaint);
out:
	free(in.found);
	free(in.slots);
	return !in.complaint.made;
}
