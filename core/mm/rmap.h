/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap.h - counts of who maps a folio, and the right to have a page alone.
 *
 * Each entry that maps a page counts in the page's _mapcount; a large folio's entries count in large_mapcount too, and by mm
 * in two slots, so that it can be told whether one mm has all of them. A PMD entry that maps a whole folio is one mapping, counted in
 * entire_mapcount and not in its pages; of such a folio the head's PageAnonExclusive stands for all pages.
 *
 * An anonymous page is exclusive (PageAnonExclusive) when one entry of one mm maps it and may write to it without asking: only
 * then is an entry writable, and only then can the page be pinned for reading and writing to last. It ends under the PTL, in
 * two ways:
 *
 *   dup     fork maps it a second time (folio_try_dup_anon_rmap_ptes())
 *   share   the one entry goes, and something else comes in its place (folio_try_share_anon_rmap_pte())
 *
 * Neither happens to a page that may be pinned. GUP-fast pins without the PTL, so each has a protocol with it:
 *
 *   share                                        GUP-fast
 *   (A1) clear the entry                         (B1) read the entry
 *        full barrier  gup-share:A               (B2) want to write, and it is not writable: back off
 *   (A2) pinned: put the entry back, -EBUSY      (B3) pin
 *   (A3) clear exclusive                              full barrier  gup-share:B
 *        release       gup-unshare:A             (B4) read the entry again; another: unpin, back off
 *   (A4) a read-only entry, or a swap entry           acquire       gup-unshare:B
 *                                                (B5) only reading, and not exclusive: unpin, back off
 *
 * (A1) and (B3) are stores, (A2) and (B4) loads of what the other stored: with both barriers at least one sees the other.
 * If B4 finds the entry gone, GUP-fast leaves. If it finds it there, A2 finds the pin. And who finds the restored entry of A4
 * in B1 finds exclusive cleared in B5.
 *
 * dup leaves the page where it is and only makes entries read-only. It runs inside write_protect_seq, which GUP-fast looks at
 * before B1 and after B4: ORDER[gup-fork:A] and ORDER[gup-fork:B] order it as above, the sequence in the entry's place.
 *
 * Source: include/linux/rmap.h, mm/rmap.c (seed 001).
 */
#ifndef FAULTLINE_CORE_MM_RMAP_H
#define FAULTLINE_CORE_MM_RMAP_H

#include "core/mm/mm_types.h"
#include "core/phys/folio.h"
#include "core/phys/page_flags.h"

typedef unsigned int rmap_t;
#define RMAP_NONE	0u
#define RMAP_EXCLUSIVE	1u	/* the pages are this mm's alone */

/* The page's number in its anon_vma: what an rmap walk looks for. Source: include/linux/pagemap.h. */
static inline unsigned long linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/*
 * What all of the following check in check builds: entries of PTE tables map @nr pages of @folio from @page on; its anon_vma
 * lives, or it is in its file, as must be while it is mapped; the zero page is never counted.
 * Source: include/linux/rmap.h, __folio_rmap_sanity_checks().
 */
#if FAULTLINE_CHECK
void rmap_check(struct folio *folio, struct page *page, unsigned long nr);
/* The same where one PMD entry maps a folio from @page on: its huge page. */
void rmap_check_pmd(struct folio *folio, struct page *page);
#else
/* Not even the arguments cost anything: a load of a shared field is never dropped. */
#define rmap_check(folio, page, nr)	((void)sizeof(((void)(folio), (void)(page), (nr))))
#define rmap_check_pmd(folio, page)	((void)sizeof(((void)(folio), (page))))
#endif

/* PTEs that map @nr more, or fewer, pages of a large folio. Locking: the PTL of the entries. */
void folio_add_large_rmap(struct folio *folio, struct page *page, unsigned long nr, const struct vm_area_struct *vma);
void folio_remove_large_rmap(struct folio *folio, struct page *page, unsigned long nr, const struct vm_area_struct *vma);
/* What maps all of a new large folio: a PMD entry if it is that large, else PTEs. Locking: its only owner. */
void folio_add_new_large_rmap(struct folio *folio, const struct vm_area_struct *vma, rmap_t flags);

/* More than one mm maps @folio, or did and it was not noticed that all but one are gone. */
static inline bool folio_maybe_mapped_shared(struct folio *folio)
{
	if (folio_test_large(folio))
		return load_acquire(&folio_large(folio)->mapped_shared);
	return page_mapcount(&folio->page) > 1;
}

/*
 * folio_add_new_anon_rmap - @folio, just allocated, is about to be mapped at @addr by an entry for each page, or by one PMD entry if
 * it is a huge page: sets its mapping, index and counts, and with RMAP_EXCLUSIVE exclusive. @vma has an anon_vma. The caller counts MM_ANONPAGES.
 * Locking: its only owner; mmap_lock or the VMA lock. Source: mm/rmap.c.
 */
static inline void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, rmap_t flags)
{
	folio->page.index = linear_page_index(vma, addr);
	folio_set_anon_mapping(folio, load_relaxed(&vma->anon_vma));
	rmap_check(folio, &folio->page, folio_nr_pages(folio));
	if (unlikely(folio_test_large(folio))) {
		folio_add_new_large_rmap(folio, vma, flags);
		return;
	}
	store_relaxed(&folio->page._mapcount, 0);	/* nobody else counts yet */
	if (flags & RMAP_EXCLUSIVE)
		SetPageAnonExclusive(&folio->page);
}

/*
 * folio_add_file_rmap_ptes - entries for @nr pages of a folio of a file, from @page on. folio_dup_file_rmap_ptes() - the same at fork,
 * where entries of the parent map them: never refused, since no page of a file is exclusive. The caller counts MM_FILEPAGES.
 * Locking: the PTL; the folio lock, or the PTL of an entry that maps it. Source: mm/rmap.c; include/linux/rmap.h.
 */
void folio_add_file_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr, const struct vm_area_struct *vma);

static inline void folio_dup_file_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr,
					    const struct vm_area_struct *dst_vma)
{
	folio_add_file_rmap_ptes(folio, page, nr, dst_vma);
}

/* What counts the pages of @folio that an mm maps. Source: include/linux/mm.h. */
static inline enum mm_counter mm_counter(const struct folio *folio)
{
	return likely(folio_test_anon(folio)) ? MM_ANONPAGES : MM_FILEPAGES;
}

/* folio_add_anon_rmap_ptes - entries for @nr more pages of an anonymous folio. Locking: the PTL. Source: mm/rmap.c. */
void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr, struct vm_area_struct *vma,
			      unsigned long addr, rmap_t flags);

/* The entries of @nr pages are gone; references to drop are the caller's. Locking: the PTL. Source: mm/rmap.c. */
static inline void folio_remove_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr,
					  const struct vm_area_struct *vma)
{
	rmap_check(folio, page, nr);
	if (unlikely(folio_test_large(folio)))
		folio_remove_large_rmap(folio, page, nr, vma);
	else
		page_mapcount_dec(page);
}

/*
 * True when a page of @folio must be copied for the child at once, because its owner may have it pinned.
 * Locking: the PTL; inside the mm's write_protect_seq. Source: include/linux/mm.h.
 */
static inline bool folio_needs_cow_for_dma(const struct vm_area_struct *vma, const struct folio *folio)
{
	ASSERT(load_relaxed(&vma->vm_mm->write_protect_seq.sequence) & 1);
	if (!load_acquire(&vma->vm_mm->has_pinned))
		return false;
	return folio_maybe_dma_pinned(folio) && !KNOCKED_OUT(PIN_CHECK);
}

/*
 * folio_try_dup_anon_rmap_ptes - entries of @dst_vma are about to map @nr pages that entries of @src_vma map: counts them, and
 * none is exclusive any more. The caller makes both sides read-only. Returns 0, or -EBUSY, with nothing changed, when one is
 * exclusive and may be pinned: then the child gets a copy.
 * Locking: the PTLs of both; inside @src_vma's mm's write_protect_seq. Source: include/linux/rmap.h.
 */
int folio_try_dup_anon_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr, struct vm_area_struct *dst_vma,
				 struct vm_area_struct *src_vma);

/*
 * folio_try_share_anon_rmap_pte - the entry of an exclusive page was cleared (A1); ends exclusive (A3), after which a read-only entry
 * or a swap entry may take its place (A4). Returns 0, or -EBUSY when the page may be pinned (A2): then the entry goes back as it
 * was. Locking: the PTL. Source: include/linux/rmap.h, __folio_try_share_anon_rmap().
 */
int folio_try_share_anon_rmap_pte(struct folio *folio, struct page *page);

/* ---- one PMD entry for a whole folio: as their namesakes. Locking: the PMD table's PTL. Source: mm/rmap.c ---- */

/* True for a folio that one PMD entry maps. Source: include/linux/mm.h, folio_test_pmd_mappable(). */
static inline bool folio_test_pmd_mappable(const struct folio *folio)
{
	return THP_POSSIBLE && folio_order(folio) >= HPAGE_PMD_ORDER;
}

/* PMD entries that map all of @folio. */
static inline int folio_entire_mapcount(struct folio *folio)
{
	return folio_test_large(folio) ? load_acquire(&folio_large(folio)->entire_mapcount) + 1 : 0;
}

/* Entries that map @page of @folio, PTEs and leaves. Source: fs/proc/internal.h. */
static inline int folio_precise_page_mapcount(struct folio *folio, const struct page *page)
{
	return page_mapcount(page) + folio_entire_mapcount(folio);
}

void folio_add_anon_rmap_pmd(struct folio *folio, struct page *page, struct vm_area_struct *vma, unsigned long addr, rmap_t flags);
void folio_add_file_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *vma);
void folio_dup_file_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *dst_vma);
void folio_remove_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *vma);
int folio_try_dup_anon_rmap_pmd(struct folio *folio, struct page *page, struct vm_area_struct *dst_vma,
				struct vm_area_struct *src_vma);
int folio_try_share_anon_rmap_pmd(struct folio *folio, struct page *page);

/*
 * folio_move_anon_rmap - @folio turned out to be @vma's alone: from now on it belongs to that VMA's anon_vma, and rmap walks
 * do not look at its forks. Locking: the folio lock, the PTL. Source: mm/rmap.c.
 */
void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma);

#endif
