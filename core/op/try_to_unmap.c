/* SPDX-License-Identifier: GPL-2.0-or-later */
/* try_to_unmap.c - replaces entries that map a folio by swap, poison or migration entries, or drops them. */
#include "core/op/try_to_unmap.h"

#include <errno.h>

#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/mlock.h"
#include "core/mm/notifier.h"
#include "core/mm/page_vma_mapped.h"
#include "core/mm/pte_batch.h"
#include "core/mm/rmap_walk.h"
#include "core/mm/swap.h"
#include "core/op/huge_pmd.h"
#include "core/op/lazyfree.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(UNMAP_PINNED, "entries left mapped by rmap: their page is pinned");
DEFINE_EVENT(MIGRATE_PMD, "leaves replaced by migration entries");

static _Thread_local bool flush_pending;	/* (T) entries were cleared, and no flush was counted yet */
static _Thread_local bool tlb_deferred;		/* (T) nor done: see tlb_batch_add() */

/* Lock key: (T) this thread only */
struct unmap {
	unsigned int flags;		/* (T) ttu_flags */
	bool migrate;			/* (T) */
	unsigned long slot;		/* (T) of the first page, for swap entries */
};

void try_to_unmap_flush(void)
{
	if (flush_pending)
		count_event(EV_TLB_FLUSH);
	if (unlikely(tlb_deferred))
		tlb_batch_flush();
	flush_pending = tlb_deferred = false;
}

/* Of @nr pages from where @pvmw is. Locking: the PTL. Source: mm/rmap.c, should_defer_flush(). */
static void flush(const struct unmap *unmap, const struct page_vma_mapped_walk *pvmw, unsigned long nr)
{
	struct mm_pgtable *pt = &load_relaxed(&pvmw->vma->vm_mm)->pt;

	if (unlikely(pt->policy.tlb) && tlb_defers(pt) && (unmap->flags & TTU_BATCH_FLUSH)) {
		tlb_batch_add(pt);
		tlb_deferred = true;
	} else if (unlikely(pt->policy.tlb)) {
		flush_tlb_range(pt, pvmw->address, pvmw->address + (nr << PAGE_SHIFT));
		return;
	}
	flush_pending = true;
	if (!(unmap->flags & TTU_BATCH_FLUSH))
		try_to_unmap_flush();
}

/* A file has the page, if it is not lost: a fault finds it there, so no entry is needed. */
static bool dropped(const struct unmap *unmap, const struct folio *folio)
{
	return !unmap->migrate && !folio_test_anon(folio) && !(unmap->flags & TTU_HWPOISON);
}

DEFINE_KNOCKOUT(UFFD_WP_KEEP,
	.name = "uffd-wp:keep",
	.removes = "the uffd-wp bit of entries that replace one that has it: swap and migration entries",
	.breaks = "a write to a write-protected page that its userfaultfd does not learn of",
	.detected_by = "the check of write-protected pages",
	.hunt = "explore uffd_wp_vs_page_out",
	.mirrors = "userfaultfd: wp: support swap and page migration");

/* @entry, which replaces @pte, with its soft-dirty and uffd-wp bits. */
static pte_t keep_tracking(pte_t entry, pte_t pte)
{
	if (pte_present(pte) ? pte_soft_dirty(pte) : pte_swp_soft_dirty(pte))
		entry = pte_swp_mksoft_dirty(entry);
	if (unlikely(pte_uffd_wp_any(pte)) && !KNOCKED_OUT(UFFD_WP_KEEP))
		entry = pte_swp_mkuffd_wp(entry);
	return entry;
}

static pte_t migration_entry(pte_t pte, struct page *page, bool exclusive)
{
	bool device = pte_is_device_private(pte);
	pte_t entry = make_migration_pte(page_to_pfn(page), device ? device_private_pte_write(pte) : pte_write(pte),
					 exclusive);

	/* A page that a device may write to may be dirty, too. */
	entry = device || pte_young(pte) ? migration_pte_mkyoung(entry) : entry;
	entry = device || pte_dirty(pte) ? migration_pte_mkdirty(entry) : entry;
	return keep_tracking(entry, pte);
}

/* The entry that replaces @pte, which maps @page, of an anonymous folio unless it is migrated or lost. */
static pte_t replacement(const struct unmap *unmap, pte_t pte, struct page *page, bool exclusive)
{
	if (unmap->migrate)
		return migration_entry(pte, page, exclusive);
	if (unmap->flags & TTU_HWPOISON)
		return make_swapent(SWAPENT_POISON, page_to_pfn(page));
	return keep_tracking(make_swap_pte(unmap->slot + folio_page_idx(page_folio(page), page), exclusive), pte);
}

/* Updates the counters. A page under migration is still counted. Locking: the PTL. */
static void count_unmapped(const struct unmap *unmap, const struct folio *folio, struct mm_pgtable *pt)
{
	if (unmap->migrate)
		return;
	mm_count(pt, mm_counter(folio), -1);
	if (!(unmap->flags & TTU_HWPOISON))
		mm_count(pt, MM_SWAPENTS, 1);
}

DEFINE_KNOCKOUT(UNMAP_BATCH_END,
	.name = "unmap:batch-end",
	.removes = "the end of a table as that of a batch of entries to unmap",
	.breaks = "what is behind the table is read, and cleared, as if it were entries",
	.detected_by = "an assertion: a batch ends with its table",
	.hunt = "explore lazyfree_across_vs_write",
	.mirrors = "mm/rmap: fix potential out-of-bounds page table access during batched unmap");

DEFINE_KNOCKOUT(UNMAP_BATCH_WRITE,
	.name = "unmap:batch-write",
	.removes = "equal write bits, and exclusive pages, in a batch of entries that may have to be restored",
	.breaks = "the entry of a page that is not exclusive is restored as a writable one",
	.detected_by = "an assertion: the pages of a batch are all exclusive, or none is",
	.hunt = "explore lazyfree_vs_pin_mixed",
	.mirrors = "mm/rmap: fix incorrect pte restoration for lazyfree folios");

/* Of the @nr pages from @page on, how many in a row are exclusive as the first is, or none is. */
static unsigned int equally_exclusive(struct page *page, unsigned int nr)
{
	unsigned int i = 1;

	while (i < nr && PageAnonExclusive(page + i) == PageAnonExclusive(page))
		i++;
	return i;
}

/*
 * The number of entries from the one found on that map @folio in a row. Those of a lazily freed one may have to be
 * restored, and are equal in what all get then. Locking: the PTL. Source: mm/rmap.c.
 */
static unsigned int folio_unmap_pte_batch(const struct folio *folio, const struct page_vma_mapped_walk *pvmw)
{
	const bool alike = folio_test_anon(folio) && !KNOCKED_OUT(UNMAP_BATCH_WRITE);
	unsigned long end = pvmw->vma->vm_end;
	pte_t pte = ptep_get(pvmw->pte);
	unsigned int nr;

	if (!folio_test_large(folio))
		return 1;
	if (!KNOCKED_OUT(UNMAP_BATCH_END))
		end = pmd_addr_end(pvmw->address, end);
	nr = folio_pte_batch_flags(folio, pvmw->pte, pte, (unsigned int)((end - pvmw->address) >> PAGE_SHIFT),
				   alike ? ENTRY_ACCESSED | ENTRY_DIRTY : PTE_BATCH_MAY_DIFFER);
	return alike ? equally_exclusive(pte_page(pte), nr) : nr;
}

/* Clears the entry found, and those after it that map @folio, too. Locking: the PTL. */
static void drop_entries(const struct unmap *unmap, struct folio *folio, const struct page_vma_mapped_walk *pvmw)
{
	struct page *page = pte_page(ptep_get(pvmw->pte));
	unsigned int nr = folio_unmap_pte_batch(folio, pvmw);

	for (unsigned int i = 0; i < nr; i++) {
		pte_t pte = ptep_get_and_clear(pvmw->pte + i);

		/* It was dirtied before the write: see file_fault.c. */
		ASSERT(!pte_dirty(pte) || folio_test_dirty(folio));
		(void)pte;
	}
	flush(unmap, pvmw, nr);
	SYNCPOINT("unmap.entry_cleared");
	mm_count(&load_relaxed(&pvmw->vma->vm_mm)->pt, MM_FILEPAGES, -(long)nr);
	folio_remove_rmap_ptes(folio, page, nr, pvmw->vma);
	folio_put_refs(folio, (int)nr);
}

/* Replaces the entry found. False: it stays, because the page is pinned. Locking: the PTL. */
static bool replace_entry(const struct unmap *unmap, struct folio *folio, const struct page_vma_mapped_walk *pvmw)
{
	struct vm_area_struct *vma = pvmw->vma;
	pte_t *ptep = pvmw->pte;
	struct page *page = pte_page(ptep_get(ptep));
	bool exclusive = PageAnonExclusive(page);
	pte_t pte = ptep_get_and_clear(ptep);
	bool swap = !unmap->migrate && !(unmap->flags & TTU_HWPOISON);

	flush(unmap, pvmw, 1);
	SYNCPOINT("unmap.entry_cleared");
	if (exclusive && !(unmap->flags & TTU_HWPOISON) && folio_try_share_anon_rmap_pte(folio, page)) {
		set_pte(ptep, pte);
		count_event(EV_UNMAP_PINNED);
		return false;
	}
	if (swap) {
		swap_duplicate(unmap->slot + folio_page_idx(folio, page));
		if (!folio_test_dirty(folio))
			folio_mark_dirty(folio);	/* the entry will not say so */
	}
	if (unmap->flags & TTU_HWPOISON && exclusive)
		ClearPageAnonExclusive(page);
	set_pte(ptep, replacement(unmap, pte, page, exclusive));
	count_unmapped(unmap, folio, &vma->vm_mm->pt);
	folio_remove_rmap_ptes(folio, page, 1, vma);
	folio_put(folio);
	return true;
}

/* Clears @nr entries; returns the first one, accessed and dirty if any was. Locking: the PTL. */
static pte_t get_and_clear_ptes(pte_t *ptep, unsigned int nr)
{
	pte_t all = ptep_get_and_clear(ptep);

	for (unsigned int i = 1; i < nr; i++)
		all.val |= ptep_get_and_clear(ptep + i).val & (ENTRY_ACCESSED | ENTRY_DIRTY);
	return all;
}

/*
 * The pages of the entry found, and of those like it, are dropped, unless one is needed. The entries are cleared first,
 * so that their dirty bits are final. Returns as replace_entry(). Locking: the PTL. Source: mm/rmap.c,
 * try_to_unmap_one().
 */
static bool discard_entries(const struct unmap *unmap, struct folio *folio, const struct page_vma_mapped_walk *pvmw)
{
	struct vm_area_struct *vma = pvmw->vma;
	unsigned int nr = folio_unmap_pte_batch(folio, pvmw);
	struct page *page = pte_page(ptep_get(pvmw->pte));
	pte_t pte = get_and_clear_ptes(pvmw->pte, nr);

	flush(unmap, pvmw, nr);
	SYNCPOINT("unmap.entry_cleared");
	if (!may_discard(folio, page, nr, pte_dirty(pte), false)) {
		set_ptes(pvmw->pte, pte, nr);
		return false;
	}
	mm_count(&vma->vm_mm->pt, MM_ANONPAGES, -(long)nr);
	folio_remove_rmap_ptes(folio, page, nr, vma);
	folio_put_refs(folio, (int)nr);
	return true;
}

DEFINE_KNOCKOUT(MIGRATE_PMD_SHARE,
	.name = "migrate-pmd:share",
	.removes = "the back-off from a leaf whose huge page may be pinned, when it becomes a migration entry",
	.breaks = "fork shares a pinned huge page",
	.detected_by = "the check of all mms at rest: an exclusive page is mapped twice",
	.hunt = "test knockout.migrate_huge");

/*
 * Replaces the leaf found: the entry names its folio. The leaf of an anonymous one keeps its deposit. Returns as
 * replace_entry(). Locking: the PTL. Source: mm/huge_memory.c.
 */
static bool set_pmd_migration_entry(const struct unmap *unmap, struct folio *folio,
				    const struct page_vma_mapped_walk *pvmw)
{
	pmd_t pmd = pmdp_invalidate(pvmw->pmd);
	struct page *page = pmd_page(pmd);
	bool exclusive = PageAnonExclusive(page);

	flush(unmap, pvmw, folio_nr_pages(folio));
	SYNCPOINT("unmap.entry_cleared");
	if (exclusive && folio_try_share_anon_rmap_pmd(folio, page) && !KNOCKED_OUT(MIGRATE_PMD_SHARE)) {
		set_pmd_at(pvmw->pmd, pmd);
		count_event(EV_UNMAP_PINNED);
		return false;
	}
	ASSERT(folio_test_anon(folio) || !pmd_dirty(pmd) || folio_test_dirty(folio));
	set_pmd_at(pvmw->pmd, swp_entry_to_pmd(migration_entry(__pte(pmd.val & ~ENTRY_HUGE), page, exclusive)));
	if (unlikely(folio_test_hugetlb(folio)))
		hugetlb_remove_rmap(folio, pvmw->vma);
	else
		folio_remove_rmap_pmd(folio, page, pvmw->vma);
	folio_put(folio);
	count_event(EV_MIGRATE_PMD);
	return true;
}

/* Returns as replace_entry(); a leaf is only replaced by a migration entry. */
static bool unmap_entry(const struct unmap *unmap, struct folio *folio, const struct page_vma_mapped_walk *pvmw)
{
	if (!pvmw->pte)
		return unmap->migrate && set_pmd_migration_entry(unmap, folio, pvmw);
	if (unmap->flags & TTU_LAZYFREE)
		return discard_entries(unmap, folio, pvmw);
	if (!dropped(unmap, folio))
		return replace_entry(unmap, folio, pvmw);
	drop_entries(unmap, folio, pvmw);
	return true;
}

DEFINE_KNOCKOUT(UNMAP_MLOCK,
	.name = "unmap:mlock",
	.removes = "the check of VM_LOCKED, under the PTL, before reclaim unmaps a page",
	.breaks = "locked memory is swapped out",
	.detected_by = "the check of locked pages",
	.hunt = "test knockout.mlock");

/*
 * Under the PTL: a reclaimer that checks it before could unmap a page that mlock() has found present. Source:
 * mm/rmap.c, try_to_unmap_one().
 */
static bool kept_by_mlock(const struct unmap *unmap, const struct vm_area_struct *vma)
{
	return !unmap->migrate && !(unmap->flags & TTU_IGNORE_MLOCK) &&
	       (load_relaxed(&vma->vm_flags) & VM_LOCKED) && !KNOCKED_OUT(UNMAP_MLOCK);
}

/* Returns true if no entry of @vma maps @folio any more. *@table is to be freed, if it is set. */
static bool unmap_entries(const struct unmap *unmap, struct folio *folio, struct vm_area_struct *vma,
			  unsigned long addr, struct page **table)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, unmap->flags & TTU_SYNC ? PVMW_SYNC : 0);

	while (page_vma_mapped_walk(&pvmw)) {
		if (unlikely(kept_by_mlock(unmap, vma))) {
			mlock_mapped_folio(folio, &pvmw);
			return false;
		}
		if (!pvmw.pte && (unmap->flags & TTU_LAZYFREE)) {
			*table = unmap_huge_pmd_locked(vma, pvmw.address & PMD_MASK, pvmw.pmd, folio);
			page_vma_mapped_walk_done(&pvmw);
			return *table;
		}
		if (!pvmw.pte && (unmap->flags & TTU_SPLIT_HUGE_PMD)) {
			__split_huge_pmd_locked(vma, pvmw.pmd, pvmw.address);
			page_vma_mapped_walk_restart(&pvmw);
			continue;
		}
		if (unmap_entry(unmap, folio, &pvmw))
			continue;
		page_vma_mapped_walk_done(&pvmw);
		return false;
	}
	return true;
}

/* GUP-fast may be in it still, from before it was deposited. Locking: no spinlock. */
static void free_deposit(struct mm_pgtable *pt, struct page *table)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, pt);
	tlb_remove_table(&tlb, table);
	tlb_finish_mmu(&tlb);
}

/* Source: mm/rmap.c, try_to_unmap_one(), try_to_migrate_one(). */
static bool unmap_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	const struct unmap *unmap = arg;
	struct mmu_notifier_range range = mmu_notifier_range_of(vma->vm_mm,
								unmap->migrate ? MMU_NOTIFY_MIGRATE : MMU_NOTIFY_CLEAR,
								addr, addr + (folio_nr_pages(folio) << PAGE_SHIFT));
	struct page *table = NULL;
	int unshared = 0;
	bool all;

	if (unlikely(folio_test_hugetlb(folio)))
		adjust_range_if_pmd_sharing_possible(vma, &range.start, &range.end);
	mmu_notifier_invalidate_range_start(&range);
	if (unlikely(folio_test_hugetlb(folio)))
		unshared = hugetlb_unshare_mapped(folio, vma, addr);
	all = unshared ? unshared > 0 : unmap_entries(unmap, folio, vma, addr, &table);
	mmu_notifier_invalidate_range_end(&range);
	if (unlikely(table))
		free_deposit(&vma->vm_mm->pt, table);
	return all;
}

static bool not_mapped(struct folio *folio)
{
	return !folio_mapped(folio);
}

static void unmap_folio(struct folio *folio, struct unmap *unmap)
{
	struct rmap_walk_control rwc = { .arg = unmap, .rmap_one = unmap_one, .done = not_mapped };

	if (unmap->flags & TTU_RMAP_LOCKED)
		rmap_walk_locked(folio, &rwc);
	else
		rmap_walk(folio, &rwc);
}

void try_to_unmap(struct folio *folio, unsigned int flags)
{
	struct unmap unmap = { .flags = flags };

	ASSERT(!(flags & TTU_HWPOISON) || !folio_test_large(folio));
	if (folio_test_anon(folio) && !(flags & (TTU_HWPOISON | TTU_LAZYFREE))) {
		unmap.slot = load_relaxed(&folio->page.private);
		ASSERT(folio_test_swapcache(folio));
	}
	unmap_folio(folio, &unmap);
}

void try_to_migrate(struct folio *folio, unsigned int flags)
{
	struct unmap unmap = { .flags = flags, .migrate = true };

	unmap_folio(folio, &unmap);
}
