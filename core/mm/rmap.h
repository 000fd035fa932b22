/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap.h - mapcounts of folios, and exclusive anonymous pages.
 *
 * Each entry that maps a page counts in the page's _mapcount; a large folio's entries count in large_mapcount too, and
 * by mm in two slots, which show whether one mm has all of them. A leaf of a PMD or PUD table that maps a whole folio
 * is one mapping, counted in entire_mapcount and not in its pages; of an anonymous one the head's PageAnonExclusive
 * stands for all pages.
 *
 * An anonymous page is exclusive (PageAnonExclusive) if one entry of one mm maps it and may write to it without a
 * check: only then may an entry be writable, and only then may the page be pinned for long-term reading and writing.
 * It is cleared under the PTL, in two ways:
 *
 *   dup     fork maps it a second time (folio_try_dup_anon_rmap_ptes())
 *   share   the one entry is cleared and replaced (folio_try_share_anon_rmap_pte())
 *
 * Neither happens to a page that may be pinned. GUP-fast pins without the PTL, so each has a protocol with it:
 *
 *   share                                        GUP-fast
 *   (A1) clear the entry                         (B1) read the entry
 *        full barrier  gup-share:A               (B2) for writing, and it is not writable: back off
 *   (A2) pinned: restore the entry, -EBUSY       (B3) pin
 *   (A3) clear exclusive                              full barrier  gup-share:B
 *        release       gup-unshare:A             (B4) re-read the entry; changed: unpin, back off
 *   (A4) a read-only entry, or a swap entry           acquire       gup-unshare:B
 *                                                (B5) for reading, and not exclusive: unpin, back off
 *
 * (A1) and (B3) are stores, (A2) and (B4) loads of what the other stored: with both barriers at least one sees the
 * other. If B4 finds the entry cleared, GUP-fast backs off. If it finds it unchanged, A2 finds the pin. And a thread
 * that finds the entry of A4 in B1 finds exclusive cleared in B5.
 *
 * dup leaves the page where it is and only makes entries read-only. It runs inside write_protect_seq, which GUP-fast
 * reads before B1 and after B4: ORDER[gup-fork:A] and ORDER[gup-fork:B] order it as above, with the sequence in place
 * of the entry.
 *
 * Source: include/linux/rmap.h, mm/rmap.c.
 */
#ifndef FAULTLINE_CORE_MM_RMAP_H
#define FAULTLINE_CORE_MM_RMAP_H

#include "core/mm/mlock.h"
#include "core/mm/mm_types.h"
#include "core/phys/folio.h"
#include "core/phys/lru.h"
#include "core/phys/page_flags.h"
#include "core/probe/knockout.h"

DECLARE_KNOCKOUT(PIN_CHECK);
DECLARE_KNOCKOUT(GUP_SHARE_A);

typedef unsigned int rmap_t;
#define RMAP_NONE	0u
#define RMAP_EXCLUSIVE	1u	/* only this mm maps the pages */

/*
 * The entries that one call counts: PTEs, one for each page; or a leaf of a PMD or PUD table, one for a whole folio, or
 * for an aligned part of a larger one. Source: include/linux/rmap.h.
 */
enum rmap_level { RMAP_LEVEL_PTE, RMAP_LEVEL_PMD, RMAP_LEVEL_PUD };

/* The page's index in its anon_vma: the key of rmap walks. Source: include/linux/pagemap.h. */
static inline unsigned long linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/*
 * The check of all functions below in check builds: entries of PTE tables map @nr pages of @folio from @page on; its
 * anon_vma is alive, or it is in its file, as it must be while it is mapped; the zero page is never counted. Functions
 * on leaves check in all builds that the leaf maps a whole folio. Source: include/linux/rmap.h,
 * __folio_rmap_sanity_checks().
 */
#if FAULTLINE_CHECK
void rmap_check(struct folio *folio, struct page *page, unsigned long nr);
#else
/* The arguments are not evaluated: a load of a shared field is never optimised away. */
#define rmap_check(folio, page, nr)	((void)sizeof(((void)(folio), (void)(page), (nr))))
#endif

/* Counts PTEs that map @nr more, or fewer, pages of a large folio. Locking: the PTL of the entries. */
void folio_add_large_rmap(struct folio *folio, struct page *page, unsigned long nr, const struct vm_area_struct *vma);
void folio_remove_large_rmap(struct folio *folio, struct page *page, unsigned long nr,
			     const struct vm_area_struct *vma);
/* Counts all mappings of a new large folio: a PMD entry if it is that large, else PTEs. Locking: its only owner. */
void folio_add_new_large_rmap(struct folio *folio, const struct vm_area_struct *vma, rmap_t flags);

/* True if more than one mm maps @folio; may stay true after all but one have unmapped it. */
static inline bool folio_maybe_mapped_shared(struct folio *folio)
{
	/* ORDER[mapped-shared:B] before mapcounts are read; pairs with ORDER[mapped-shared:A] in rmap.c. */
	if (folio_test_large(folio))
		return load_acquire(&folio_large(folio)->mapped_shared);
	return page_mapcount(&folio->page) > 1;
}

/* Lists @folio, which is new, if the policy of @vma's mm has lists. Locking: as folio_add_lru(). Source: mm/swap.c. */
static inline void folio_add_lru_vma(struct folio *folio, const struct vm_area_struct *vma)
{
	if (unlikely(load_relaxed(&vma->vm_mm)->pt.policy.lru))
		folio_add_lru(folio);
}

/*
 * folio_add_new_anon_rmap - @folio, just allocated, is about to be mapped at @addr by an entry for each page, or by
 * one PMD entry if it is a huge page: sets its mapping, index and counts, and with RMAP_EXCLUSIVE exclusive. @vma has
 * an anon_vma. The caller counts MM_ANONPAGES. Locking: its only owner; mmap_lock or the VMA lock. Source: mm/rmap.c.
 */
static inline void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
					   rmap_t flags)
{
	folio->page.index = linear_page_index(vma, addr);
	folio_set_anon_mapping(folio, load_relaxed(&vma->anon_vma));
	rmap_check(folio, &folio->page, folio_nr_pages(folio));
	if (unlikely(vma->vm_flags & VM_LOCKED))
		mlock_new_folio(folio);
	if (unlikely(folio_test_large(folio))) {
		folio_add_new_large_rmap(folio, vma, flags);
	} else {
		store_relaxed(&folio->page._mapcount, 0);	/* no other thread counts yet */
		if (flags & RMAP_EXCLUSIVE)
			SetPageAnonExclusive(&folio->page);
	}
	folio_add_lru_vma(folio, vma);
}

/*
 * folio_add_file_rmap_ptes - counts entries for @nr pages of a folio of a file, from @page on.
 * folio_dup_file_rmap_ptes() - the same at fork, where entries of the parent map them: it never fails, since no page
 * of a file is exclusive. The caller counts MM_FILEPAGES. Locking: the PTL; the folio lock, or the PTL of an entry
 * that maps it. Source: mm/rmap.c; include/linux/rmap.h.
 */
void folio_add_file_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr,
			      const struct vm_area_struct *vma);

static inline void folio_dup_file_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr,
					    const struct vm_area_struct *dst_vma)
{
	folio_add_file_rmap_ptes(folio, page, nr, dst_vma);
}

/* The counter for mapped pages of @folio. Source: include/linux/mm.h. */
static inline enum mm_counter mm_counter(const struct folio *folio)
{
	return likely(folio_test_anon(folio)) ? MM_ANONPAGES : MM_FILEPAGES;
}

/*
 * folio_add_anon_rmap_ptes - counts entries for @nr more pages of an anonymous folio. Locking: the PTL. Source:
 * mm/rmap.c.
 */
void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr, struct vm_area_struct *vma,
			      unsigned long addr, rmap_t flags);

/* The entries of @nr pages were cleared; the caller drops their references. Locking: the PTL. Source: mm/rmap.c. */
static inline void folio_remove_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr,
					  const struct vm_area_struct *vma)
{
	rmap_check(folio, page, nr);
	if (unlikely(folio_test_large(folio)))
		folio_remove_large_rmap(folio, page, nr, vma);
	else
		page_mapcount_dec(page);
	munlock_vma_folio(folio, vma);
}

/*
 * True if fork must copy a page of @folio for the child, because its owner may have it pinned. Locking: the PTL;
 * inside the mm's write_protect_seq. Source: include/linux/mm.h.
 */
static inline bool folio_needs_cow_for_dma(const struct vm_area_struct *vma, const struct folio *folio)
{
	ASSERT(load_relaxed(&vma->vm_mm->write_protect_seq.sequence) & 1);
	/*
	 * ORDER[gup-fork:A] after the sequence became odd: a pin that this misses finds it odd. Pairs with
	 * ORDER[gup-fork:B] in gup_grab.h.
	 */
	if (!load_acquire(&vma->vm_mm->has_pinned))
		return false;
	return folio_maybe_dma_pinned(folio) && !KNOCKED_OUT(PIN_CHECK);
}

/*
 * folio_try_dup_anon_rmap_ptes - entries of @dst_vma are about to map @nr pages that entries of @src_vma map: counts
 * them, and clears PageAnonExclusive. The caller makes both sides read-only. Returns 0, or -EBUSY, with nothing
 * changed, if one is exclusive and may be pinned: then the child gets a copy. Locking: the PTLs of both; inside
 * @src_vma's mm's write_protect_seq. Source: include/linux/rmap.h.
 */
int folio_try_dup_anon_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr,
				 struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma);

/*
 * folio_try_share_anon_rmap_pte - the entry of an exclusive page was cleared (A1); clears exclusive (A3), after which
 * a read-only entry or a swap entry may replace it (A4). Returns 0, or -EBUSY if the page may be pinned (A2): then the
 * caller restores the entry. Locking: the PTL. Source: include/linux/rmap.h, __folio_try_share_anon_rmap().
 */
int folio_try_share_anon_rmap_pte(struct folio *folio, struct page *page);

/* ---- one leaf for a whole folio: as their namesakes. Locking: the leaf's PTL. Source: mm/rmap.c ---- */

/* True if one PMD entry can map @folio. Source: include/linux/mm.h, folio_test_pmd_mappable(). */
static inline bool folio_test_pmd_mappable(const struct folio *folio)
{
	return THP_POSSIBLE && folio_order(folio) >= HPAGE_PMD_ORDER;
}

/* Number of leaves that map all of @folio. ORDER[mapcount:B] as in page_mapcount(). */
static inline int folio_entire_mapcount(struct folio *folio)
{
	return folio_test_large(folio) ? load_acquire(&folio_large(folio)->entire_mapcount) + 1 : 0;
}

/* Number of entries that map @page of @folio, PTEs and leaves. Source: fs/proc/internal.h. */
static inline int folio_precise_page_mapcount(struct folio *folio, const struct page *page)
{
	return page_mapcount(page) + folio_entire_mapcount(folio);
}

/*
 * folio_partially_mapped - true if some pages of @folio, which is large, are mapped by no entry, and others are.
 * Without the PTLs of all entries, and the folio lock, the result may be stale. Source: include/linux/page-flags.h,
 * folio_test_partially_mapped().
 */
bool folio_partially_mapped(struct folio *folio);

/*
 * Each does what its namesake with _ptes or _pte does, for the one entry of a folio of HPAGE_PMD_NR or HPAGE_PUD_NR
 * pages from @page on. Anonymous folios are never as large as the latter. Returns as that. Source: mm/rmap.c,
 * folio_add_anon_rmap_pmd(), folio_add_file_rmap_pud(); include/linux/rmap.h, __folio_try_dup_anon_rmap().
 */
void folio_add_anon_rmap_pmd(struct folio *folio, struct page *page, struct vm_area_struct *vma, unsigned long addr,
			     rmap_t flags);
void folio_add_file_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *vma);
void folio_add_file_rmap_pud(struct folio *folio, struct page *page, const struct vm_area_struct *vma);
void folio_dup_file_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *dst_vma);
void folio_remove_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *vma);
void folio_remove_rmap_pud(struct folio *folio, struct page *page, const struct vm_area_struct *vma);
int folio_try_dup_anon_rmap_pmd(struct folio *folio, struct page *page, struct vm_area_struct *dst_vma,
				struct vm_area_struct *src_vma);
int folio_try_share_anon_rmap_pmd(struct folio *folio, struct page *page);

/*
 * The same for a huge page of the pool. One of a file has no mapcounts by mm: folio_maybe_mapped_shared() counts its
 * leaves. Source: include/linux/rmap.h.
 */
void hugetlb_add_file_rmap(struct folio *folio);
void hugetlb_remove_rmap(struct folio *folio, const struct vm_area_struct *vma);

/*
 * folio_move_anon_rmap - @folio is exclusive to @vma: moves it to that VMA's anon_vma, so that rmap walks skip its
 * forks. Locking: the folio lock, the PTL. Source: mm/rmap.c.
 */
void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma);

#endif
