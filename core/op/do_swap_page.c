/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * do_swap_page.c - faults on entries that are not present: swapped out, under migration, hwpoisoned.
 *
 * A swap-in gets the slot's folio, locks it, and then makes two checks under the PTL: of the entry, and that the folio
 * is still the slot's. The entry alone is not enough: another thread may have swapped the page in, written to it, and
 * had it swapped out again to the same slot, or freed the slot, which was reused for another page.
 *
 * Source: mm/memory.c, do_swap_page().
 */
#include "core/mm/filemap.h"
#include "core/mm/mm.h"
#include "core/mm/swap.h"
#include "core/op/migrate.h"
#include "core/op/vm_fault.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(FAULT_SWAP, "faults that swapped in");
DEFINE_EVENT(FAULT_SWAP_LARGE, "of those, faults that mapped a large folio as a whole");
DEFINE_EVENT(SWAP_COPY, "swap-ins that copied: an mm that is not related has the slot's folio");
DEFINE_EVENT(SWAP_CHANGED, "swap-ins whose slot had been reused");
DEFINE_EVENT(MIGRATE_WAIT, "faults that waited for a page under migration");
DEFINE_EVENT(FAULT_POISON, "faults on hwpoisoned pages");

/* The folio in the slot, with a reference; read from the device if it is not cached. NULL: *@ret is the result. */
static struct folio *swapin_folio(const struct vm_fault *vmf, unsigned long slot, vm_fault_t *ret)
{
	struct folio *folio = swap_cache_get(slot, NULL), *new;

	if (folio)
		return folio;
	new = folio_alloc(0, PAGE_ANON);
	if (!new) {
		*ret = VM_FAULT_OOM;
		return NULL;
	}
	SYNCPOINT("swapin.allocated");
	folio_add_lru_vma(new, vmf->vma);
	folio = swap_cache_get(slot, new);
	if (!folio)
		*ret = FAULT_AGAIN;	/* no share is left: the entry has changed */
	folio_put(new);
	return folio;
}

/*
 * First mapping of a folio that was read from the device. A folio that others may map too belongs to the oldest
 * possible anon_vma, whose tree has the VMAs of all of them. Locking: the folio lock. Source: mm/rmap.c,
 * __folio_set_anon().
 */
static void set_anon(struct folio *folio, struct vm_fault *vmf, bool exclusive)
{
	/* ORDER[anon-publish:B] before its root is read; pairs with ORDER[anon-publish:A]. */
	struct anon_vma *anon_vma = load_acquire(&vmf->vma->anon_vma);

	if (!exclusive)
		anon_vma = load_relaxed(&anon_vma->root);
	folio->page.index = linear_page_index(vmf->vma, vmf->addr);
	folio_set_anon_mapping(folio, anon_vma);
}

/* The pages that one fault maps. Lock key: (T) this thread only */
struct swap_row {
	unsigned long first;		/* (T) place of the first one in the folio */
	unsigned long before;		/* (T) pages before the one at the address */
	unsigned long nr;		/* (T) */
};

/*
 * True if the entries around vmf->ptep are those of all slots of a folio, with the same bits. Locking: the PTL. Source:
 * mm/internal.h.
 */
static bool swap_pte_batch(const struct vm_fault *vmf, unsigned long before, unsigned long nr)
{
	pte_t first = __pte(vmf->orig.val - (before << PAGE_SHIFT));

	for (unsigned long i = 0; i < nr; i++)
		if (!pte_same(ptep_get(vmf->ptep - before + i), pte_advance_pfn(first, i)))
			return false;
	return true;
}

/*
 * A large folio, which is in the swap cache still, is mapped as a whole, if its entries are all there, in the VMA and
 * in one table, all with the same bits, and it is in all of its slots; else the page alone. The entries alone are not
 * enough: a slot that it left with the last share may have been reused, for the page that is at the same address now.
 * Locking: the PTL; the folio lock: it leaves no slot that the entries have shares in. Source: mm/memory.c,
 * do_swap_page().
 */
static struct swap_row find_row(const struct vm_fault *vmf, struct folio *folio, unsigned long slot)
{
	unsigned long idx = swap_slot_page_idx(folio, slot), nr = folio_nr_pages(folio);
	unsigned long start = vmf->addr - (idx << PAGE_SHIFT), end = start + (nr << PAGE_SHIFT);

	if (nr == 1 || start > vmf->addr || start < vmf->vma->vm_start || end > vmf->vma->vm_end ||
	    (start & PMD_MASK) != ((end - 1) & PMD_MASK) || !swap_pte_batch(vmf, idx, nr) ||
	    folio_swap_refs(folio) != nr)
		return (struct swap_row){ .first = idx, .nr = 1 };
	return (struct swap_row){ .before = idx, .nr = nr };
}

/*
 * Drops the shares of the entries of @row. False, with nothing done, if @folio is not in the slot of the address, which
 * is the only one, if it is not in all of them. Locking: the PTL, the folio lock.
 */
static bool free_row(const struct swap_row *row, unsigned long slot, struct folio *folio)
{
	if (!swap_free_mapped(slot, folio))
		return false;
	for (unsigned long i = 0; i < row->nr; i++)
		if (i != row->before)
			BUG_ON(!swap_free_mapped(slot - row->before + i, folio));
	return true;
}

/*
 * True if @vma may not map @folio, which another mm has read from the slot, or not yet written to it: its anon_vma does
 * not lead to the VMA at this address. Mms that are not related share a slot if KSM had merged their pages. The
 * anon_vma may be dead, and is only compared. Locking: the folio lock; mmap_lock or the VMA lock. Source: mm/ksm.c.
 */
static bool ksm_might_need_to_copy(const struct vm_fault *vmf, const struct folio *folio)
{
	const struct anon_vma *anon_vma = folio_anon_vma(folio);
	const struct anon_vma_chain *avc;

	if (likely(!anon_vma))		/* new; or merged, with an item for this place */
		return false;
	if (folio_test_large(folio))	/* never merged */
		return false;
	if (folio->page.index == linear_page_index(vmf->vma, vmf->addr))
		TAILQ_FOREACH(avc, &vmf->vma->anon_vma_chain, same_vma)
			if (avc->anon_vma == anon_vma)
				return false;
	return true;
}

/*
 * A copy of @folio, if one is needed: then *@copy, which is NULL before. Entries of a folio in a slot are read-only.
 * False without memory. Locking: the folio lock.
 */
static bool copy_if_needed(const struct vm_fault *vmf, const struct folio *folio, struct folio **copy)
{
	if (likely(!ksm_might_need_to_copy(vmf, folio)))
		return true;
	*copy = folio_alloc(0, PAGE_ANON);
	if (!*copy)
		return false;
	copy_payload(&(*copy)->page, &folio->page);
	folio_mark_dirty(*copy);
	count_event(EV_SWAP_COPY);
	return true;
}

/* A write waits for the userfaultfd once the page is mapped. Source: mm/memory.c, do_swap_page(). */
static bool waits_for_user(const struct vm_fault *vmf)
{
	return unlikely(pte_swp_uffd_wp(vmf->orig)) && (vmf->flags & FAULT_FLAG_WRITE);
}

/*
 * Maps @copy, which is new, instead of a folio of the slot. Returns false if a write is yet to be handled. Locking: the
 * PTL.
 */
static bool map_copy(struct vm_fault *vmf, struct folio *copy)
{
	const unsigned int flags = vmf->flags;

	if (waits_for_user(vmf))
		vmf->flags &= ~(unsigned int)FAULT_FLAG_WRITE;
	map_new_folio(vmf, copy, vmf->addr, 1);
	vmf->flags = flags;
	if (pte_swp_soft_dirty(vmf->orig))
		set_pte(vmf->ptep, pte_mksoft_dirty(ptep_get(vmf->ptep)));
	if (unlikely(pte_swp_uffd_wp(vmf->orig)))
		set_pte(vmf->ptep, pte_mkuffd_wp(ptep_get(vmf->ptep)));
	mm_count(vmf->pt, MM_ANONPAGES, 1);
	mm_count(vmf->pt, MM_SWAPENTS, -1);
	return !waits_for_user(vmf);
}

/*
 * Of an entry that is not exclusive, whose share is dropped: a read leaves it to a later write to find out. Source:
 * mm/memory.c, should_try_to_free_swap(). Locking: the PTL; the folio lock.
 */
static bool may_reuse_swapped(const struct vm_fault *vmf, struct folio *folio)
{
	return (vmf->flags & FAULT_FLAG_WRITE || vmf->vma->vm_flags & VM_LOCKED || folio_test_mlocked(folio)) &&
	       folio_ref_count(folio) == 1;
}

/*
 * Maps pages of @folio, whose reference becomes that of one entry; the entries' shares in the slots are dropped.
 * Returns true if the pages are exclusive, and a write is done. Locking: the PTL, the folio lock.
 */
static bool map_swapped_in(struct vm_fault *vmf, struct folio *folio, const struct swap_row *row)
{
	/* Exclusive: the slot is freed, and there is only the caller's reference. A merged folio never is. */
	bool exclusive = (pte_swp_exclusive(vmf->orig) || may_reuse_swapped(vmf, folio)) && !folio_test_ksm(folio);
	struct page *page = folio_page(folio, row->first);
	pte_t pte = mk_pte(page, vmf->vma->vm_page_prot);

	if (pte_swp_soft_dirty(vmf->orig))
		pte = pte_mksoft_dirty(pte);
	if (unlikely(pte_swp_uffd_wp(vmf->orig)))
		pte = pte_mkuffd_wp(pte);
	ASSERT(!pte_swp_exclusive(vmf->orig) || folio_test_large(folio) || !folio_test_swapcache(folio));
	if (!folio_test_anon(folio))
		set_anon(folio, vmf, exclusive);
	if (row->nr > 1)
		folio_ref_add(folio, (int)row->nr - 1);
	folio_add_anon_rmap_ptes(folio, page, row->nr, vmf->vma, vmf->addr - (row->before << PAGE_SHIFT),
				 exclusive ? RMAP_EXCLUSIVE : RMAP_NONE);
	pte = exclusive && !waits_for_user(vmf) ? mark_access(vmf, pte) : pte;
	set_ptes(vmf->ptep - row->before, pte, row->nr);
	mm_count(vmf->pt, MM_ANONPAGES, (long)row->nr);
	mm_count(vmf->pt, MM_SWAPENTS, -(long)row->nr);
	return exclusive && !waits_for_user(vmf);
}

/* A shared page is mapped read-only; a write then restarts, and copies it. */
static vm_fault_t swap_in(struct vm_fault *vmf)
{
	unsigned long slot = swapent_payload(vmf->orig);
	vm_fault_t ret = FAULT_AGAIN;
	struct folio *folio = swapin_folio(vmf, slot, &ret), *copy = NULL;
	struct swap_row row;
	bool done = true;

	if (!folio)
		return ret;
	SYNCPOINT("swapin.got_folio");
	if (!folio_lock_or_retry(vmf, folio))
		return VM_FAULT_RETRY;
	if (!copy_if_needed(vmf, folio, &copy)) {
		ret = VM_FAULT_OOM;
		goto out;
	}
	if (!lock_and_compare(vmf))
		goto out;
	row = find_row(vmf, folio, slot);
	if (!free_row(&row, slot, folio)) {
		count_event(EV_SWAP_CHANGED);
		pte_unmap_unlock(vmf->pt, vmf->ptl);
		goto out;
	}
	if (unlikely(copy))
		done = map_copy(vmf, copy);
	else
		done = map_swapped_in(vmf, folio, &row) || !(vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE));
	/*
	 * The reference is the entry's, and may be dropped once the PTL is dropped: the lock must not outlive the
	 * folio.
	 */
	folio_unlock(folio);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	if (unlikely(copy))
		folio_put(folio);
	count_event(EV_FAULT_SWAP);
	if (row.nr > 1)
		count_event(EV_FAULT_SWAP_LARGE);
	return done ? 0 : FAULT_AGAIN;
out:
	folio_unlock(folio);
	folio_put(folio);
	if (unlikely(copy))
		folio_put(copy);
	return ret;
}

DEFINE_KNOCKOUT(MIGRATION_WAIT_FOLIO,
	.name = "migration-wait:folio",
	.removes = "finding the folio of a migration entry under the PTL; it is found before that",
	.breaks = "a wait for a folio that is not locked",
	.detected_by = "the assertion in wait_for_migration(): knockout.swap",
	.hunt = "test knockout.swap");

/*
 * Waits until the migration of the entry ends: while the entry is set, its folio exists, and stays locked. The wait is
 * allowed under the VMA lock too: a migrator waits for no lock that a writer of VMAs holds while it waits for readers.
 * Source: mm/migrate.c, migration_entry_wait().
 */
static vm_fault_t wait_for_migration(struct vm_fault *vmf)
{
	struct page *page = pfn_to_page(swapent_payload(vmf->orig));
	struct folio *early = KNOCKED_OUT(MIGRATION_WAIT_FOLIO) ? page_folio(page) : NULL;
	bool locked;

	if (!lock_and_compare(vmf))
		return FAULT_AGAIN;
	/* Not before: until the PTL is held the frame may become part of another folio, and of this one again. */
	vmf->waits_for = early ? early : page_folio(page);
	locked = folio_wait_begin(vmf->waits_for, &vmf->wait_seen);
	ASSERT(locked);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	count_event(EV_MIGRATE_WAIT);
	SYNCPOINT("migrate.before_wait");
	return locked ? FAULT_WAIT : FAULT_AGAIN;
}

vm_fault_t do_swap_page(struct vm_fault *vmf)
{
	switch (swapent_type(vmf->orig)) {
	case SWAPENT_SWAP:
		return swap_in(vmf);
	case SWAPENT_MIGRATION_READ:
	case SWAPENT_MIGRATION_READ_EXCLUSIVE:
	case SWAPENT_MIGRATION_WRITE:
		return wait_for_migration(vmf);
	case SWAPENT_DEVICE_READ:
	case SWAPENT_DEVICE_WRITE:
		return migrate_to_ram(vmf);
	case SWAPENT_POISON:
		count_event(EV_FAULT_POISON);
		return VM_FAULT_HWPOISON;
	default:
		return VM_FAULT_SIGSEGV;	/* a guard region */
	}
}
