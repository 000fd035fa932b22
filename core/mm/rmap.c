/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmap.c - mapcounts of folios: large folios by mm, pages that lose PageAnonExclusive. */
#include "core/mm/rmap.h"

#include <errno.h>

#include "core/mm/address_space.h"
#include "core/mm/anon_vma.h"
#include "core/mm/mm.h"
#include "core/phys/deferred_split.h"
#include "core/phys/hugetlb_pool.h"
#include "core/probe/knockout.h"

#define MM_ID_NONE	0u	/* no mm's */

#if FAULTLINE_CHECK
void rmap_check(struct folio *folio, struct page *page, unsigned long nr)
{
	const struct anon_vma *anon_vma;

	ASSERT(page != zero_page);
	ASSERT(page_folio(page) == folio && nr && folio_page_idx(folio, page) + nr <= folio_nr_pages(folio));
	/* Read once: KSM may merge the folio meanwhile, and then its anon_vma may die. */
	anon_vma = folio_anon_vma(folio);
	ASSERT(anon_vma ? load_relaxed(&anon_vma->refcount) || folio_test_ksm(folio)
			: folio_test_ksm(folio) || folio_mapping(folio) != NULL || page_type(page) == PAGE_DRIVER);
}
#endif

/* The check of leaves, rare enough for all builds: one of @level maps pages of @folio from @page on, all of one. */
static void check_leaf(struct folio *folio, struct page *page, enum rmap_level level)
{
	unsigned int order = level == RMAP_LEVEL_PMD ? HPAGE_PMD_ORDER : HPAGE_PUD_ORDER;

	BUG_ON(!THP_POSSIBLE || folio_order(folio) < order);
	BUG_ON(!IS_ALIGNED(folio_page_idx(folio, page), 1ul << order));
	BUG_ON(page_type(page) == PAGE_ZERO);
	rmap_check(folio, page, 1ul << order);
}

/* ---- large folios: mapcounts by mm ---- */

/* The slot of @mm_id, or -1. Locking: large_lock. */
static int slot_of(const struct page *large, mm_id_t mm_id)
{
	return large->mm_id[0] == mm_id ? 0 : large->mm_id[1] == mm_id ? 1 : -1;
}

/*
 * Adds @nr mappings of an mm without a slot. Mappings from before a slot was free are never counted in one, so a slot
 * may count too few; that errs towards "shared". Locking: large_lock.
 */
static void take_slot(struct page *large, mm_id_t mm_id, int nr, int total)
{
	int slot = slot_of(large, MM_ID_NONE);

	if (slot >= 0) {
		large->mm_id[slot] = mm_id;
		large->mm_id_mapcount[slot] = (mm_id_mapcount_t)(nr - 1);
	}
	/* ORDER[mapped-shared:A] as below; pairs with ORDER[mapped-shared:B]. */
	if (slot < 0 || total != nr)
		store_release(&large->mapped_shared, true);
}

static void free_slot(struct page *large, int slot)
{
	large->mm_id_mapcount[slot] = -1;
	large->mm_id[slot] = MM_ID_NONE;
}

/* Adds @nr mappings of the mm of @slot; frees it if they are too many: the folio is shared. Locking: large_lock. */
static void add_to_slot(struct page *large, int slot, int nr)
{
	int64_t count = (int64_t)large->mm_id_mapcount[slot] + nr;

	if (likely(count <= MM_ID_MAPCOUNT_MAX)) {
		large->mm_id_mapcount[slot] = (mm_id_mapcount_t)count;
		return;
	}
	free_slot(large, slot);
	/* ORDER[mapped-shared:A] as below; pairs with ORDER[mapped-shared:B]. */
	store_release(&large->mapped_shared, true);
}

/* @first: pages that no PTE has mapped before. Source: include/linux/rmap.h, folio_add_return_large_mapcount(). */
static void add_large_mapcount(struct folio *folio, int nr, int first, mm_id_t mm_id)
{
	struct page *large = folio_large(folio);
	int slot, total;

	spin_lock(&large->large_lock);
	total = load_relaxed(&large->large_mapcount) + 1 + nr;
	/*
	 * ORDER[mapcount:A] a store continues no release sequence: it releases what removals released before. Pairs
	 * with ORDER[mapcount:B].
	 */
	store_release(&large->large_mapcount, total - 1);
	store_relaxed(&large->nr_pages_mapped, load_relaxed(&large->nr_pages_mapped) + first);
	slot = slot_of(large, mm_id);
	if (slot >= 0)
		add_to_slot(large, slot, nr);
	else
		take_slot(large, mm_id, nr, total);
	spin_unlock(&large->large_lock);
}

/*
 * A slot is freed when its count drops to none, or below, since it may count too few; when one slot has all remaining
 * mappings, one mm has the folio. @last: pages that no PTE maps any more. Returns how many PTEs still map. Source:
 * include/linux/rmap.h, folio_sub_return_large_mapcount().
 */
static int sub_large_mapcount(struct folio *folio, int nr, int last, mm_id_t mm_id)
{
	struct page *large = folio_large(folio);
	int slot, left, mapped;

	spin_lock(&large->large_lock);
	left = load_relaxed(&large->large_mapcount) - nr;
	BUG_ON(left < -1);
	/* ORDER[mapcount:A] after the entries were cleared or their pages last used; pairs with ORDER[mapcount:B]. */
	store_release(&large->large_mapcount, left);
	mapped = load_relaxed(&large->nr_pages_mapped) - last;
	BUG_ON(mapped < 0);
	store_relaxed(&large->nr_pages_mapped, mapped);
	slot = slot_of(large, mm_id);
	if (slot >= 0) {
		if (large->mm_id_mapcount[slot] >= nr)
			large->mm_id_mapcount[slot] = (mm_id_mapcount_t)(large->mm_id_mapcount[slot] - nr);
		else
			free_slot(large, slot);
	}
	/*
	 * ORDER[mapped-shared:A] after the other mms' entries are uncounted. Pairs with ORDER[mapped-shared:B]. Weaker:
	 * a caller takes the folio for one mm's own, and finds another's mapcount.
	 */
	if (large->mm_id_mapcount[0] == left || large->mm_id_mapcount[1] == left)
		store_release(&large->mapped_shared, false);
	spin_unlock(&large->large_lock);
	return mapped;
}

void folio_add_large_rmap(struct folio *folio, struct page *page, unsigned long nr, const struct vm_area_struct *vma)
{
	int first = 0;

	for (unsigned long i = 0; i < nr; i++)
		first += !page_mapcount_inc(page + i);
	add_large_mapcount(folio, (int)nr, first, vma->vm_mm->mm_id);
}

/* Of threads that remove mappings at once, the last to count itself finds what all have left. */
void folio_remove_large_rmap(struct folio *folio, struct page *page, unsigned long nr, const struct vm_area_struct *vma)
{
	int last = 0;

	for (unsigned long i = 0; i < nr; i++)
		last += !page_mapcount_dec(page + i);
	if (sub_large_mapcount(folio, (int)nr, last, vma->vm_mm->mm_id) && last && !folio_entire_mapcount(folio))
		deferred_split_folio(folio);
}

/* Source: mm/rmap.c, __folio_add_rmap(). */
static force_inline void add_rmap(struct folio *folio, struct page *page, unsigned long nr,
				  const struct vm_area_struct *vma, enum rmap_level level)
{
	switch (level) {
	case RMAP_LEVEL_PTE:
		rmap_check(folio, page, nr);
		if (unlikely(folio_test_large(folio)))
			folio_add_large_rmap(folio, page, nr, vma);
		else
			page_mapcount_inc(page);
		break;
	case RMAP_LEVEL_PMD:
	case RMAP_LEVEL_PUD:
		check_leaf(folio, page, level);
		fetch_add_relaxed(&folio_large(folio)->entire_mapcount, 1);
		add_large_mapcount(folio, 1, 0, vma->vm_mm->mm_id);
		break;
	}
}

/* Of leaves; folio_remove_rmap_ptes() has the part of RMAP_LEVEL_PTE. Source: mm/rmap.c, __folio_remove_rmap(). */
static void remove_rmap(struct folio *folio, struct page *page, const struct vm_area_struct *vma, enum rmap_level level)
{
	int old;

	check_leaf(folio, page, level);
	/* ORDER[mapcount:A] after the leaf was cleared or its pages last used; pairs with ORDER[mapcount:B]. */
	old = fetch_sub_acq_rel(&folio_large(folio)->entire_mapcount, 1);
	BUG_ON(old < 0);
	sub_large_mapcount(folio, 1, 0, vma->vm_mm->mm_id);
	if (unlikely(folio_partially_mapped(folio)))
		deferred_split_folio(folio);
	munlock_vma_folio(folio, vma);
}

void folio_remove_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *vma)
{
	remove_rmap(folio, page, vma, RMAP_LEVEL_PMD);
}

void folio_remove_rmap_pud(struct folio *folio, struct page *page, const struct vm_area_struct *vma)
{
	remove_rmap(folio, page, vma, RMAP_LEVEL_PUD);
}

bool folio_partially_mapped(struct folio *folio)
{
	int mapped = folio_test_large(folio) ? load_relaxed(&folio_large(folio)->nr_pages_mapped) : 0;

	return mapped && mapped < (int)folio_nr_pages(folio) && !folio_entire_mapcount(folio);
}

/* ---- huge pages of the pool ---- */

/* Adds @nr leaves, without a slot for the mm; two or more are taken for those of several mms. */
static void change_hugetlb_mapcount(struct folio *folio, int nr)
{
	struct page *large = folio_large(folio);
	int total;

	spin_lock(&large->large_lock);
	total = load_relaxed(&large->large_mapcount) + nr;
	BUG_ON(total < -1);
	/* ORDER[mapcount:A] as for other large folios; pairs with ORDER[mapcount:B]. */
	store_release(&large->entire_mapcount, total);
	store_release(&large->large_mapcount, total);
	/* ORDER[mapped-shared:A] as in sub_large_mapcount(); pairs with ORDER[mapped-shared:B]. */
	store_release(&large->mapped_shared, total > 0);
	spin_unlock(&large->large_lock);
}

void hugetlb_add_file_rmap(struct folio *folio)
{
	ASSERT(folio_test_hugetlb(folio) && page_type(&folio->page) == PAGE_FILE);
	check_leaf(folio, &folio->page, RMAP_LEVEL_PMD);
	change_hugetlb_mapcount(folio, 1);
}

void hugetlb_remove_rmap(struct folio *folio, const struct vm_area_struct *vma)
{
	if (folio_test_anon(folio)) {
		folio_remove_rmap_pmd(folio, &folio->page, vma);
		return;
	}
	check_leaf(folio, &folio->page, RMAP_LEVEL_PMD);
	change_hugetlb_mapcount(folio, -1);
}

/* Only a small folio is known to be mapped as a whole: reclaim finds the others. Source: mm/rmap.c. */
static void mlock_small(struct folio *folio, const struct vm_area_struct *vma)
{
	if (likely(!folio_test_large(folio)))
		mlock_vma_folio(folio, vma);
}

/* ---- folios of files ---- */

void folio_add_file_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr,
			      const struct vm_area_struct *vma)
{
	ASSERT(!folio_test_anon(folio));
	add_rmap(folio, page, nr, vma, RMAP_LEVEL_PTE);
	mlock_small(folio, vma);
}

void folio_add_file_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *vma)
{
	ASSERT(!folio_test_anon(folio));
	add_rmap(folio, page, HPAGE_PMD_NR, vma, RMAP_LEVEL_PMD);
}

void folio_add_file_rmap_pud(struct folio *folio, struct page *page, const struct vm_area_struct *vma)
{
	ASSERT(!folio_test_anon(folio));
	add_rmap(folio, page, HPAGE_PUD_NR, vma, RMAP_LEVEL_PUD);
}

void folio_dup_file_rmap_pmd(struct folio *folio, struct page *page, const struct vm_area_struct *dst_vma)
{
	folio_add_file_rmap_pmd(folio, page, dst_vma);
}

/* ---- anonymous folios ---- */

static void set_exclusive(struct page *page, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		SetPageAnonExclusive(page + i);
}

void folio_add_new_large_rmap(struct folio *folio, const struct vm_area_struct *vma, rmap_t flags)
{
	unsigned long nr = folio_nr_pages(folio);

	if (folio_test_pmd_mappable(folio)) {
		add_rmap(folio, &folio->page, HPAGE_PMD_NR, vma, RMAP_LEVEL_PMD);
		if (flags & RMAP_EXCLUSIVE)
			SetPageAnonExclusive(&folio->page);
		return;
	}
	folio_add_large_rmap(folio, &folio->page, nr, vma);
	if (flags & RMAP_EXCLUSIVE)
		set_exclusive(&folio->page, nr);
}

void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr, struct vm_area_struct *vma,
			      unsigned long addr, rmap_t flags)
{
	rmap_check(folio, page, nr);
	ASSERT(folio_test_ksm(folio) ? !(flags & RMAP_EXCLUSIVE)
				     : linear_page_index(vma, addr) == folio->page.index + folio_page_idx(folio, page));
	(void)addr;
	add_rmap(folio, page, nr, vma, RMAP_LEVEL_PTE);
	mlock_small(folio, vma);
	if (flags & RMAP_EXCLUSIVE)
		set_exclusive(page, nr);
}

void folio_add_anon_rmap_pmd(struct folio *folio, struct page *page, struct vm_area_struct *vma, unsigned long addr,
			     rmap_t flags)
{
	ASSERT(folio_test_anon(folio) &&
	       linear_page_index(vma, addr) == folio->page.index + folio_page_idx(folio, page));
	(void)addr;
	add_rmap(folio, page, HPAGE_PMD_NR, vma, RMAP_LEVEL_PMD);
	if (flags & RMAP_EXCLUSIVE)
		SetPageAnonExclusive(page);
}

/* Source: include/linux/rmap.h, __folio_try_dup_anon_rmap(). */
static force_inline int try_dup_anon_rmap(struct folio *folio, struct page *page, unsigned long nr,
					  struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
					  enum rmap_level level)
{
	bool pinned = !folio_is_device_private(folio) && folio_needs_cow_for_dma(src_vma, folio);
	/* Of a leaf the first page's flag stands for all. */
	unsigned long flags = level == RMAP_LEVEL_PTE ? nr : 1;

	if (level == RMAP_LEVEL_PTE)
		rmap_check(folio, page, nr);
	for (unsigned long i = 0; pinned && i < flags; i++)
		if (PageAnonExclusive(page + i))
			return -EBUSY;
	SYNCPOINT("rmap.dup.not_pinned");
	for (unsigned long i = 0; i < flags; i++)
		if (PageAnonExclusive(page + i))
			ClearPageAnonExclusive(page + i);
	add_rmap(folio, page, nr, dst_vma, level);
	return 0;
}

int folio_try_dup_anon_rmap_ptes(struct folio *folio, struct page *page, unsigned long nr,
				 struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	return try_dup_anon_rmap(folio, page, nr, dst_vma, src_vma, RMAP_LEVEL_PTE);
}

int folio_try_dup_anon_rmap_pmd(struct folio *folio, struct page *page, struct vm_area_struct *dst_vma,
				struct vm_area_struct *src_vma)
{
	return try_dup_anon_rmap(folio, page, HPAGE_PMD_NR, dst_vma, src_vma, RMAP_LEVEL_PMD);
}

DEFINE_KNOCKOUT(PIN_CHECK,
	.name = "pin-check",
	.removes = "the check for pins before a page is shared or replaced",
	.breaks = "a pinned page is shared: writes through the pin are lost",
	.detected_by = "the in-flight check of pins",
	.hunt = "explore pin_vs_fork",
	.mirrors = "mm: Do early cow for pinned pages during fork() for ptes");

DEFINE_KNOCKOUT(GUP_SHARE_A,
	.name = "gup-share:A",
	.removes = "the full barrier between clearing an entry and the check for pins",
	.breaks = "a pinned page is shared or replaced",
	.detected_by = "models.gup_share: x86 keeps the order without it",
	.hunt = "serial pin_vs_page_out --seconds 10" HUNT_C11);

DEFINE_KNOCKOUT(GUP_UNSHARE_A,
	.name = "gup-unshare:A",
	.removes = "clearing PageAnonExclusive before a shared entry is set",
	.breaks = "a read pin on a shared page",
	.detected_by = "the in-flight check of pins",
	.hunt = "explore ksm_scan_vs_migrate",
	.mirrors = "mm: fix PageAnonExclusive clearing racing with concurrent RCU GUP-fast");

/* Source: include/linux/rmap.h, __folio_try_share_anon_rmap(). */
static int try_share(struct folio *folio, struct page *page, enum rmap_level level)
{
	if (level == RMAP_LEVEL_PTE)
		rmap_check(folio, page, 1);
	else
		check_leaf(folio, page, level);
	ASSERT(PageAnonExclusive(page));
	/* No entry of it is present, so GUP-fast skips it: no ordering is needed. */
	if (unlikely(folio_is_device_private(folio))) {
		ClearPageAnonExclusive(page);
		return 0;
	}
	SYNCPOINT("rmap.share.entry_cleared");
	/*
	 * ORDER[gup-share:A] the entry is cleared before the check for pins; pairs with ORDER[gup-share:B]. Weaker:
	 * the check for pins passes the clearing, GUP-fast finds the entry still set, and a pinned page is shared or
	 * replaced.
	 */
	if (!KNOCKED_OUT(GUP_SHARE_A))
		smp_mb();
	if (unlikely(folio_maybe_dma_pinned(folio) && !KNOCKED_OUT(PIN_CHECK)))
		return -EBUSY;
	SYNCPOINT("rmap.share.not_pinned");
	/*
	 * ORDER[gup-unshare:A] PageAnonExclusive is cleared before the entry that the caller sets next is visible:
	 * that store is a release. Pairs with ORDER[gup-unshare:B]. Weaker: a read pin on a shared page.
	 */
	if (!KNOCKED_OUT(GUP_UNSHARE_A))
		ClearPageAnonExclusive(page);
	return 0;
}

int folio_try_share_anon_rmap_pte(struct folio *folio, struct page *page)
{
	return try_share(folio, page, RMAP_LEVEL_PTE);
}

int folio_try_share_anon_rmap_pmd(struct folio *folio, struct page *page)
{
	return try_share(folio, page, RMAP_LEVEL_PMD);
}

void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma)
{
	folio_set_anon_mapping(folio, load_relaxed(&vma->anon_vma));
}
