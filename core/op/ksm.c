/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm.c - merges anonymous pages with equal contents. What undoes it: ksm_unmerge.c. */
#include "core/op/ksm.h"

#include "core/mm/folio_walk.h"
#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vma.h"
#include "core/pgtable/mmu_gather.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(KSM_MERGED, "pages merged by KSM");
DEFINE_EVENT(KSM_BUSY, "pages not merged: they have other references");

/* ---- contents ---- */

/* Word by word: a device that has the page pinned may be writing to it. */
static uint64_t page_checksum(const struct page *page)
{
	const uint64_t *words = page_payload(page);
	uint64_t sum = 0xcbf29ce484222325u;

	for (unsigned int i = 0; i < machine.payload / sizeof(*words); i++) {
		sum = (sum ^ load_relaxed(&words[i])) * 0x100000001b3u;
		sum ^= sum >> 29;
	}
	return sum;
}

static bool pages_identical(const struct page *a, const struct page *b)
{
	const uint64_t *left = page_payload(a), *right = page_payload(b);

	for (unsigned int i = 0; i < machine.payload / sizeof(*left); i++)
		if (load_relaxed(&left[i]) != load_relaxed(&right[i]))
			return false;
	return true;
}

/* ---- one page ---- */

/*
 * The VMA of an item's page, NULL also if its mm exits: that waits for scans which began before, and unmaps pages once.
 * Locking: ksm_lock(), mmap_lock. Source: mm/ksm.c.
 */
static struct vm_area_struct *find_mergeable_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = ksm_test_exit(mm) ? NULL : vma_lookup(mm, addr);

	return vma && (vma->vm_flags & VM_MERGEABLE) && vma_anon_vma(vma) ? vma : NULL;
}

static void break_cow(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_mergeable_vma(mm, addr);
	if (vma)
		break_ksm(vma, addr);
	mmap_read_unlock(mm);
}

DEFINE_KNOCKOUT(KSM_WRPROTECT,
	.name = "ksm:write-protect",
	.removes = "write-protecting a page before its contents are compared",
	.breaks = "a write after the comparison is lost",
	.detected_by = "the contents of pages: knockout.ksm",
	.hunt = "test knockout.ksm");

DEFINE_KNOCKOUT(KSM_REFS,
	.name = "ksm:refs",
	.removes = "the check for other references before a page is merged",
	.breaks = "writes through a reference are lost, or visible to others",
	.detected_by = "the contents of pages: knockout.ksm",
	.hunt = "test knockout.ksm");

/* Beside the entries that map it there is the caller's alone. */
static bool has_other_references(const struct folio *folio)
{
	return folio_mapcount(folio) + 1 != folio_ref_count(folio) && !KNOCKED_OUT(KSM_REFS);
}

/* (A1) to (A3). Locking: the PTL, the folio lock. */
static bool write_protect_entry(struct folio *folio, const struct page_vma_mapped_walk *pvmw, pte_t *orig)
{
	pte_t *ptep = pvmw->pte, pte = ptep_get(ptep);
	bool exclusive = PageAnonExclusive(&folio->page);

	*orig = pte;
	if ((!pte_write(pte) && !exclusive) || KNOCKED_OUT(KSM_WRPROTECT))
		return true;
	pte = ptep_get_and_clear(ptep);
	flush_tlb_page(&pvmw->vma->vm_mm->pt, pvmw->address);
	SYNCPOINT("ksm.entry_cleared");
	/*
	 * ORDER[gup-share:A] the entry is cleared before references are counted; pairs with ORDER[gup-share:B]. Weaker:
	 * GUP-fast finds the entry still set, and a page with a new reference is merged.
	 */
	smp_mb();
	if (has_other_references(folio) || (exclusive && folio_try_share_anon_rmap_pte(folio, &folio->page))) {
		set_pte(ptep, pte);
		count_event(EV_KSM_BUSY);
		return false;
	}
	*orig = pte_wrprotect(pte);
	set_pte(ptep, *orig);
	return true;
}

DEFINE_KNOCKOUT(KSM_NOTIFIER,
	.name = "ksm:notifier",
	.removes = "the notification that a page becomes read-only",
	.breaks = "a device that writes to a merged page",
	.detected_by = "the comparison of a mirror with the entries: knockout.ksm",
	.hunt = "test knockout.ksm");

/*
 * No entry of @folio, mapped at @addr, allows writes any more; *@orig is the one at @addr. False: it is not mapped
 * there, or in use. Locking: mmap_lock, the folio lock; a reference. Source: mm/ksm.c.
 */
static bool write_protect_page(struct vm_area_struct *vma, struct folio *folio, unsigned long addr, pte_t *orig)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(vma->vm_mm, MMU_NOTIFY_CLEAR, addr, addr + PAGE_SIZE);
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);
	bool done = false;

	if (!KNOCKED_OUT(KSM_NOTIFIER))
		mmu_notifier_invalidate_range_start(&range);
	if (page_vma_mapped_walk(&pvmw)) {
		done = write_protect_entry(folio, &pvmw, orig);
		page_vma_mapped_walk_done(&pvmw);
	}
	if (!KNOCKED_OUT(KSM_NOTIFIER))
		mmu_notifier_invalidate_range_end(&range);
	return done;
}

/* (A5). Locking: the PTL. */
static void replace_entry(struct vm_area_struct *vma, unsigned long addr, struct folio *folio, struct folio *kfolio,
			  pte_t *ptep)
{
	pte_t pte = mk_pte(&kfolio->page, load_relaxed(&vma->vm_page_prot)), old;

	folio_get(kfolio);
	folio_add_anon_rmap_ptes(kfolio, &kfolio->page, 1, vma, addr, RMAP_NONE);
	old = ptep_get_and_clear(ptep);
	pte = pte_soft_dirty(old) ? pte_mksoft_dirty(pte) : pte;
	pte = pte_uffd_wp(old) ? pte_mkuffd_wp(pte) : pte;
	flush_tlb_page(&vma->vm_mm->pt, addr);
	set_pte(ptep, pte);
	folio_remove_rmap_ptes(folio, &folio->page, 1, vma);
	folio_put(folio);
}

/* Maps @kfolio instead of @folio, unless the entry has changed since A3. Locking: mmap_lock, @folio's lock. */
static bool replace_page(struct vm_area_struct *vma, unsigned long addr, struct folio *folio, struct folio *kfolio,
			 pte_t orig)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(vma->vm_mm, MMU_NOTIFY_CLEAR, addr, addr + PAGE_SIZE);
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);
	bool same = false;

	SYNCPOINT("ksm.before_replace");
	mmu_notifier_invalidate_range_start(&range);
	if (page_vma_mapped_walk(&pvmw)) {
		same = pte_same(ptep_get(pvmw.pte), orig);
		if (same)
			replace_entry(vma, addr, folio, kfolio, pvmw.pte);
		page_vma_mapped_walk_done(&pvmw);
	}
	mmu_notifier_invalidate_range_end(&range);
	return same;
}

/* A page in a swap slot may be mapped next by an mm whose entry names the slot: no item leads there. */
static bool can_be_merged(struct folio *folio)
{
	return folio_anon_vma(folio) && !folio_test_large(folio) && !folio_test_swapcache(folio);
}

/* ---- two pages; locking: ksm_lock() ---- */

/* @folio, mapped at @item's place, becomes a merged folio. Source: mm/ksm.c, try_to_merge_with_ksm_page(). */
static bool make_merged(struct ksm_rmap_item *item, struct folio *folio)
{
	struct vm_area_struct *vma;
	bool made = false;
	pte_t orig;

	mmap_read_lock(item->mm);
	vma = find_mergeable_vma(item->mm, item->address);
	if (vma && folio_trylock(folio)) {
		made = can_be_merged(folio) && write_protect_page(vma, folio, item->address, &orig) &&
		       ksm_make_node(folio, item, page_checksum(&folio->page));
		folio_unlock(folio);
	}
	mmap_read_unlock(item->mm);
	return made;
}

/* @item first, so that walks find its entry once it is set. */
static void append(struct ksm_rmap_item *item, struct folio *kfolio, struct vm_area_struct *vma)
{
	folio_lock(kfolio);
	ksm_append(folio_stable_node(kfolio), item, vma_anon_vma(vma), linear_page_index(vma, item->address));
	folio_unlock(kfolio);
}

static bool replace_identical(struct ksm_rmap_item *item, struct vm_area_struct *vma, struct folio *folio,
			      struct folio *kfolio)
{
	bool done;
	pte_t orig;

	if (!folio_trylock(folio))
		return false;
	done = can_be_merged(folio) && write_protect_page(vma, folio, item->address, &orig) &&
	       pages_identical(&folio->page, &kfolio->page) &&
	       replace_page(vma, item->address, folio, kfolio, orig);
	folio_unlock(folio);
	return done;
}

/*
 * @kfolio replaces @folio at @item's place; if they are one, fork has mapped it there. Otherwise @item is freed. The
 * caller's reference keeps @kfolio in its frame. Source: mm/ksm.c, try_to_merge_with_ksm_page().
 */
static bool merge_into(struct ksm_rmap_item *item, struct folio *folio, struct folio *kfolio)
{
	struct mm_struct *mm = item->mm;
	struct vm_area_struct *vma;
	bool done = false;

	mmap_read_lock(mm);
	vma = find_mergeable_vma(mm, item->address);
	if (vma) {
		append(item, kfolio, vma);
		done = folio != kfolio && replace_identical(item, vma, folio, kfolio);
	}
	mmap_read_unlock(mm);
	if (!done && folio != kfolio)
		ksm_remove_item(item);
	if (done)
		count_event(EV_KSM_MERGED);
	return done;
}

/* The page at @item's place, with a reference; its checksum is that of one moment. Locking: mmap_lock. */
static struct folio *visit(struct vm_area_struct *vma, unsigned long addr, uint64_t *checksum)
{
	struct folio_walk fw;
	struct folio *folio = folio_walk_start(&fw, vma, addr, 0);
	bool anon;

	if (!folio)
		return NULL;
	anon = folio_test_anon(folio) && !folio_test_large(folio) && !folio_is_device_private(folio);
	if (anon) {
		folio_get(folio);
		*checksum = page_checksum(&folio->page);
	}
	folio_walk_end(&fw, vma);
	return anon ? folio : NULL;
}

/* Source: mm/ksm.c. */
static struct folio *get_mergeable_page(const struct ksm_rmap_item *item)
{
	struct vm_area_struct *vma;
	struct folio *folio = NULL;
	uint64_t checksum;

	mmap_read_lock(item->mm);
	vma = find_mergeable_vma(item->mm, item->address);
	if (vma)
		folio = visit(vma, item->address, &checksum);
	mmap_read_unlock(item->mm);
	return folio;
}

/* The pages of two items, with one checksum once. Source: mm/ksm.c, try_to_merge_two_pages(). */
static unsigned long merge_two(struct ksm_rmap_item *item, struct folio *folio, struct ksm_rmap_item *other)
{
	struct folio *other_folio = get_mergeable_page(other);
	struct mm_struct *mm = item->mm;
	unsigned long address = item->address, merged = 0;

	ksm_unstable_remove(other);
	if (!other_folio)
		return 0;
	/* Fork has shared it: nothing is gained. */
	if (other_folio != folio && make_merged(item, folio)) {
		merged = 2 * merge_into(other, other_folio, folio);
		if (!merged)
			break_cow(mm, address);
	}
	folio_put(other_folio);
	return merged;
}

/* Source: mm/ksm.c, cmp_and_merge_page(). */
static unsigned long cmp_and_merge_page(struct mm_struct *mm, unsigned long address, struct folio *folio,
					uint64_t checksum)
{
	struct ksm_rmap_item *item = ksm_item(mm, address), *other;
	struct folio *kfolio;
	unsigned long merged;
	bool changed;

	if (item && item->node && item->node != folio_stable_node(folio)) {
		ksm_remove_item(item);
		item = ksm_item(mm, address);
	}
	if (!item || item->node)
		return 0;
	kfolio = ksm_stable_search(checksum);
	if (kfolio) {
		merged = merge_into(item, folio, kfolio);
		folio_put(kfolio);
		return merged;
	}
	changed = item->checksum != checksum;
	if (changed) {
		ksm_unstable_remove(item);
		item->checksum = checksum;
		return 0;
	}
	other = ksm_unstable_search_insert(item);
	return other ? merge_two(item, folio, other) : 0;
}

/* ---- a scan ---- */

/*
 * The next page to visit, with a reference, and its place; NULL at the end of the mm. Items of all places before it
 * are forgotten: there is no page any more. Source: mm/ksm.c, scan_get_next_rmap_item().
 */
static struct folio *scan_next(struct mm_struct *mm, unsigned long *address, uint64_t *checksum)
{
	unsigned long start = mm->ksm_address, addr = start;
	struct folio *folio = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	while (!folio && (vma = find_vma(mm, addr))) {
		if (!(vma->vm_flags & VM_MERGEABLE) || !vma_anon_vma(vma)) {
			addr = vma->vm_end;
			continue;
		}
		for (addr = max(addr, vma->vm_start); !folio && addr < vma->vm_end; addr += PAGE_SIZE)
			folio = visit(vma, addr, checksum);
	}
	mmap_read_unlock(mm);
	*address = addr - PAGE_SIZE;
	mm->ksm_address = folio ? addr : 0;
	ksm_forget(mm, start, folio ? *address : ~0ul);
	return folio;
}

unsigned long ksm_scan(struct mm_struct *mm, unsigned long nr)
{
	OPERATION("ksm_scan", mm, 0);
	unsigned long address, merged = 0;
	struct folio *folio;
	uint64_t checksum;

	ksm_lock();
	while (nr-- && (folio = scan_next(mm, &address, &checksum))) {
		SYNCPOINT("ksm.visited");
		merged += cmp_and_merge_page(mm, address, folio, checksum);
		folio_put(folio);
	}
	ksm_unlock();
	return merged;
}
