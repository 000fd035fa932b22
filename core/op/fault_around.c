/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault_around.c - a read fault of a file maps the pages around its address too, if that needs no waiting.
 *
 * The window is as long as policy says, aligned in the PTE table, and clipped to the VMA, the table and i_size. All of
 * it is mapped under one hold of the PTL: pages of the page cache whose folio's lock is free, where no entry is. What
 * is not mapped is left to its own fault: folios that are locked, under read-in, eviction, migration or truncation;
 * entries of other pages, private copies, swapped out or guards. Locks above the PTL are only tried: so it runs under
 * it, and under the VMA lock.
 *
 * Against truncation, where A1 to A4 are those of file_fault.c:
 *
 *   truncate                                        fault-around
 *   (A1) i_size is reduced                          (B1) the window is clipped to i_size
 *   (A2) unmap the pages beyond                     (B2) lock the folio, if its lock is free
 *   (A3) for each folio beyond: lock it; unmap it   (B3) it is no longer in its file, or beyond i_size: skip it
 *        if it is mapped; remove it; unlock         (B4) map it; unlock
 *
 * If B2 locks before A3 does, A3 finds the folio mapped. If it locks after A3, B3 finds it removed. In the first case
 * B3 also finds the new size, and does not map again what A2 has unmapped. Reclaim and migration unmap a folio and
 * take it out of the file under its lock, too.
 *
 * The entries are read-only, clean and young, as those of the read itself: a later write faults, and dirties the folio.
 *
 * Source: mm/memory.c, do_fault_around(); mm/filemap.c, filemap_map_pages().
 */
#include "core/mm/filemap.h"
#include "core/mm/mm.h"
#include "core/op/vm_fault.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(FAULT_AROUND, "pages of files mapped around the address of a fault");

/* (T) pages first ... end - 1 of the file, at @addr */
struct window {
	unsigned long addr, first, end;
};

/* Where it is clipped at its start, it is as long nevertheless, as in Linux. */
static struct window window_of(const struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;
	unsigned long nr = 1ul << vmf->pt->policy.around_order;
	unsigned long pte = level_index(LEVEL_PTE, vmf->addr), page = (vmf->addr - vma->vm_start) >> PAGE_SHIFT;
	unsigned long from = max(ALIGN_DOWN(pte, nr), pte - min(pte, page));
	unsigned long in_table = min(from + nr, (unsigned long)PTRS_PER_PTE);
	unsigned long to = min(in_table, pte + vma_pages(vma) - page);
	unsigned long first = vma->vm_pgoff + page - (pte - from);

	return (struct window){
		.addr = vmf->addr - ((pte - from) << PAGE_SHIFT), .first = first,
		.end = min(first + (to - from), i_size_read(vmf_mapping(vmf))),
	};
}

DEFINE_KNOCKOUT(AROUND_NONE,
	.name = "fault-around:none",
	.removes = "the check that an entry which fault-around sets is empty",
	.breaks = "another page's entry is overwritten, and the page leaks",
	.detected_by = "page and counter accounting at rest",
	.hunt = "test knockout.fault_around");

static bool may_map(pte_t *ptep)
{
	return pte_none(ptep_get(ptep)) || KNOCKED_OUT(AROUND_NONE);
}

/* Maps @nr pages of @folio from @page on by the entries from @ptep on. Source: mm/memory.c, set_pte_range(). */
static void set_pte_range(struct vm_fault *vmf, struct folio *folio, struct page *page, pte_t *ptep, unsigned long nr)
{
	pte_t pte = mk_pte(page, vmf->vma->vm_page_prot);

	folio_add_file_rmap_ptes(folio, page, nr, vmf->vma);
	set_ptes(ptep, pte, nr);
}

/*
 * Maps those of the @nr pages where no entry is. Returns how many; the caller has references for them before it drops
 * the PTL, without which none can be unmapped. Source: mm/filemap.c, filemap_map_folio_range().
 */
static unsigned long map_folio(struct vm_fault *vmf, struct folio *folio, struct page *page, pte_t *ptep,
			       unsigned long nr)
{
	unsigned long mapped = 0, run;

	for (unsigned long i = 0; i < nr; i += run + 1) {
		for (run = 0; i + run < nr && may_map(ptep + i + run); run++)
			;
		if (run)
			set_pte_range(vmf, folio, page + i, ptep + i, run);
		mapped += run;
	}
	return mapped;
}

/* Maps the window's part of @folio from @index on, and drops its lock and the caller's reference. Locking: the PTL. */
static unsigned long map_locked(struct vm_fault *vmf, const struct window *window, struct folio *folio,
				unsigned long index, unsigned long nr)
{
	struct page *page = folio_page(folio, index - folio->page.index);
	unsigned long mapped;

	ASSERT(level_index(LEVEL_PTE, window->addr) + (index - window->first) + nr <= PTRS_PER_PTE);
	mapped = map_folio(vmf, folio, page, vmf->ptep + (index - window->first), nr);

	if (mapped > 1)
		folio_ref_add(folio, (int)mapped - 1);	/* one entry has the caller's */
	unlock_uptodate(folio);
	if (!mapped)
		folio_put(folio);
	return mapped;
}

/*
 * Maps what can be mapped of the window, whose first folio is @folio, locked, from page @index on. Returns how many
 * pages. Locking: the PTL. Source: mm/filemap.c, filemap_map_pages().
 */
static unsigned long map_window(struct vm_fault *vmf, const struct window *window, struct folio *folio,
				unsigned long index)
{
	unsigned long mapped = 0;

	do {
		unsigned long nr = min(folio->page.index + folio_nr_pages(folio), window->end) - index;

		mapped += map_locked(vmf, window, folio, index, nr);
		index += nr;
	} while ((folio = next_uptodate_folio(vmf_mapping(vmf), &index, window->end)));
	return mapped;
}

bool do_fault_around(struct vm_fault *vmf)
{
	struct window window = window_of(vmf);
	unsigned long index = window.first, mapped;
	struct folio *folio = next_uptodate_folio(vmf_mapping(vmf), &index, window.end);
	bool done;
	pte_t *at;

	if (!folio)
		return false;
	SYNCPOINT("fault_around.before_ptl");
	vmf->ptep = pte_offset_map_lock(vmf->pt, vmf->pmdp, window.addr, &vmf->ptl);
	if (unlikely(!vmf->ptep)) {
		unlock_uptodate(folio);
		folio_put(folio);
		return false;
	}
	at = vmf->ptep + ((vmf->addr - window.addr) >> PAGE_SHIFT);
	done = pte_none(ptep_get(at));
	if (unlikely(!check_stable_address_space(vmf)))
		window.end = index;	/* nothing is mapped */
	mapped = map_window(vmf, &window, folio, index);
	done = done && !pte_none(ptep_get(at));
	mm_count(vmf->pt, MM_FILEPAGES, (long)mapped);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	SYNCPOINT("fault_around.mapped");
	count_events(EV_FILE_MAP, mapped);
	count_events(EV_FAULT_AROUND, mapped - done);
	return done;
}
