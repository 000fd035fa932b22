/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup.c - get_user_pages(): the slow path of GUP-fast, under mmap_lock, with faults. */
#include "core/op/gup.h"

#include "core/mm/device.h"
#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/op/fault.h"
#include "core/op/gup_grab.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(GUP_SLOW, "pages GUP got under mmap_lock");
DEFINE_EVENT(GUP_UNSHARE, "pages unshared for GUP");

DEFINE_KNOCKOUT(GUP_UNSHARE_B,
	.name = "gup-unshare:B",
	.removes = "the check that a page pinned for reading is exclusive",
	.breaks = "a read pin on a shared page",
	.detected_by = "the in-flight check of pins",
	.hunt = "explore pin_vs_cow",
	.mirrors = "mm/gup: trigger FAULT_FLAG_UNSHARE when R/O-pinning a possibly shared anonymous page");

DEFINE_KNOCKOUT(GUP_HAS_PINNED,
	.name = "gup:has-pinned",
	.removes = "the mark of an mm with pinned pages",
	.breaks = "a pinned page is shared with a child",
	.detected_by = "the in-flight check of pins",
	.hunt = HUNT_PINS);

/* The VMA does not allow it. Anonymous pages in a shared mapping would belong to no file. */
static bool force_allows(const struct vm_area_struct *vma, unsigned int flags)
{
	return !(flags & FOLL_WRITE) || (is_cow_mapping(vma->vm_flags) && !is_vm_hugetlb_page(vma));
}

/* Source: mm/gup.c, check_vma_flags(). */
static bool vma_allows(const struct vm_area_struct *vma, unsigned int flags)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return false;
	if (gup_writes_for_long(flags) && vma_needs_dirty_tracking(vma))
		return false;
	if (vma->vm_flags & (flags & FOLL_WRITE ? VM_WRITE : VM_READ))
		return true;
	return unlikely(flags & FOLL_FORCE) && force_allows(vma, flags);
}

/* ---- forced writes ---- */

DEFINE_KNOCKOUT(GUP_FORCE_COW,
	.name = "gup:force-cow",
	.removes = "the check, after the fault of a forced write, that the page is a copy",
	.breaks = "a write to a page of a file that may only be read",
	.detected_by = "the contents of files",
	.hunt = "explore forced_write_vs_uffd_continue",
	.mirrors = "mm: remove gup_flags FOLL_WRITE games from __get_user_pages()");

DEFINE_KNOCKOUT(GUP_FORCE_DIRTY,
	.name = "gup:force-dirty",
	.removes = "the check that a forced write's page is exclusive; after a fault a dirty entry counts as a copy's",
	.breaks = "a write to a page of a file that may only be read, which a userfaultfd has mapped dirty",
	.detected_by = "the contents of files",
	.hunt = "explore forced_write_vs_uffd_continue",
	.mirrors = "mm/gup: fix FOLL_FORCE COW security issue and remove FOLL_COW");

#define FOLL_COW	0x80000000u	/* with that knock-out: there was a fault */

/*
 * A forced write goes to a page by an entry that does not allow writes only if no other mm, and no file, has it: an
 * exclusive one of a private mapping, which the fault before has left so. That fault is no proof: the page may have
 * been zapped since, and another thread's read have mapped the file's page. Source: mm/gup.c,
 * can_follow_write_common().
 */
static bool can_force_write(const struct vm_area_struct *vma, const struct page *page)
{
	return !(vma->vm_flags & (VM_SHARED | VM_WRITE)) && page && page_type(page) == PAGE_ANON &&
	       PageAnonExclusive(page);
}

/* Locking: the PTL. Source: mm/gup.c. */
static bool can_follow_write_pte(const struct vm_area_struct *vma, unsigned long addr, pte_t pte, unsigned int flags)
{
	if (likely(pte_write(pte)))
		return true;
	if (KNOCKED_OUT(GUP_FORCE_DIRTY) && (flags & FOLL_COW) && pte_dirty(pte))
		return true;
	return unlikely(flags & FOLL_FORCE) && can_force_write(vma, vm_normal_page(vma, addr, pte)) &&
	       !pte_needs_soft_dirty_wp(vma, pte) && !userfaultfd_pte_wp(vma, pte);
}

/* The same for a leaf. */
static bool can_follow_write_pmd(const struct vm_area_struct *vma, pmd_t pmd, unsigned int flags)
{
	if (likely(pmd_write(pmd)))
		return true;
	return unlikely(flags & FOLL_FORCE) && can_force_write(vma, pmd_page(pmd)) &&
	       !pmd_needs_soft_dirty_wp(vma, pmd);
}

/* ---- one page ---- */

/*
 * An entry without access names the page, too: vma_allows() has checked the VMA, so it is a NUMA hint, whose fault is
 * not asked for; or a forced access, which never asks. Source: include/linux/mm.h.
 */
static bool gup_can_follow_protnone(unsigned int flags)
{
	return !(flags & FOLL_HONOR_NUMA_FAULT);
}

/* An anonymous folio is always written when it is swapped out; but one may be freed instead. */
static void dirty_folio(struct folio *folio)
{
	if (!folio_test_dirty(folio))
		folio_mark_dirty(folio);
	if (!gup_page_of_file(&folio->page))
		folio_clear_lazyfree(folio);
}

/*
 * The folio is used as by an access: accessed, and dirty if its entry does not say so yet. Locking: the PTL. Source:
 * mm/gup.c, follow_page_pte().
 */
static void touch_folio(struct folio *folio, bool clean, unsigned int flags)
{
	if (!(flags & FOLL_TOUCH))
		return;
	if ((flags & FOLL_WRITE) && clean)
		dirty_folio(folio);
	folio_mark_accessed(folio);
}

/*
 * Stores the page that @pte maps at @addr, with a reference or pin, to *@pagep. Locking: the PTL. Returns as
 * follow_page(); -EFAULT for a raw frame. Source: mm/gup.c, follow_page_pte(), follow_pfn_pte().
 */
static int follow_page_pte(const struct vm_area_struct *vma, unsigned long addr, pte_t pte, unsigned int flags,
			   struct page **pagep)
{
	struct page *page;
	int err;

	if (!pte_accessible(pte) && !(pte_protnone(pte) && gup_can_follow_protnone(flags)))
		return -ENOENT;
	if ((flags & FOLL_WRITE) && !can_follow_write_pte(vma, addr, pte, flags))
		return -ENOENT;
	page = vm_normal_page(vma, addr, pte);
	if (!page && !is_zero_pfn(pte_pfn(pte)))
		return -EFAULT;
	if (!page)
		page = zero_page;
	if (!pte_write(pte) && gup_must_unshare(vma, page, flags))
		return -EMLINK;
	*pagep = page;
	err = try_grab_folio(page, flags);
	if (!err && page != zero_page)
		touch_folio(page_folio(page), !pte_dirty(pte), flags);
	return err;
}

/*
 * @page, one of those that the leaf maps. Locking: the PTL. Returns as follow_page(). Source: mm/gup.c,
 * follow_huge_pmd().
 */
static int follow_leaf_page(const struct vm_area_struct *vma, pmd_t pmd, struct page *page, unsigned int flags,
			    struct page **pagep)
{
	int err;

	if (!pmd_accessible(pmd) && !(pmd_protnone(pmd) && gup_can_follow_protnone(flags)))
		return -ENOENT;
	if ((flags & FOLL_WRITE) && !can_follow_write_pmd(vma, pmd, flags))
		return -ENOENT;
	if (!pmd_write(pmd) && gup_must_unshare(vma, pmd_page(pmd), flags))
		return -EMLINK;
	*pagep = page;
	err = try_grab_folio(page, flags);
	if (!err)
		touch_folio(page_folio(page), !pmd_dirty(pmd), flags);
	return err;
}

/*
 * As follow_page(), for a leaf of a PUD table over a driver's pages; it has the bits of one of a PMD table. -ENOENT: it
 * is none any more. Source: mm/gup.c, follow_huge_pud().
 */
static int follow_pud_leaf(struct vm_area_struct *vma, pud_t *pudp, unsigned long addr, unsigned int flags,
			   struct page **pagep)
{
	spinlock_t *ptl = &vma->vm_mm->pt.page_table_lock;
	int err = -ENOENT;
	pud_t pud;

	spin_lock(ptl);
	pud = pudp_get(pudp);
	if (pud_trans_huge(pud) && !pud_special(pud))
		err = follow_leaf_page(vma, __pmd(pud.val), vm_normal_page_pud(pud, addr), flags, pagep);
	spin_unlock(ptl);
	return err;
}

/*
 * As follow_page(), for a leaf. The huge zero page is split, so that its pages are like every zero page. -EAGAIN:
 * re-read the entry.
 */
static int follow_leaf(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr, unsigned int flags,
		       struct page **pagep)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&vma->vm_mm->pt, pmdp);
	int err = -EAGAIN;

	if (!ptl)
		return -EAGAIN;
	if (!pmd_special(pmdp_get(pmdp)))
		err = follow_leaf_page(vma, pmdp_get(pmdp), vm_normal_page_pmd(pmdp_get(pmdp), addr), flags, pagep);
	spin_unlock(ptl);
	if (err == -EAGAIN)
		split_huge_pmd(vma, pmdp, addr);
	return err;
}

/* As follow_page(), for hugetlb memory. Locking: between vma_pgtable_walk_begin() and _end(). */
static int follow_hugetlb(struct vm_area_struct *vma, unsigned long addr, unsigned int flags, struct page **pagep)
{
	const struct hstate *h = hstate_vma(vma);
	pmd_t *entryp = hugetlb_walk(vma, addr, h);
	spinlock_t *ptl = entryp ? huge_leaf_lock(h, &vma->vm_mm->pt, entryp) : NULL;
	int err;

	if (!ptl)
		return -ENOENT;
	err = follow_leaf_page(vma, pmdp_get(entryp), huge_pte_page(h, pmdp_get(entryp), addr), flags, pagep);
	spin_unlock(ptl);
	return err;
}

/* As follow_page(). Locking: between vma_pgtable_walk_begin() and _end(). */
static int follow_entry(struct vm_area_struct *vma, unsigned long addr, unsigned int flags, struct page **pagep)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long found = addr;
	spinlock_t *ptl;
	pmd_t *pmdp;
	pte_t *ptep;
	int err;

	if (unlikely(is_vm_hugetlb_page(vma)))
		return follow_hugetlb(vma, addr, flags, pagep);
	if (vma_has_puds(vma)) {
		pud_t *pudp = pud_find(&mm->pt, addr);

		if (pudp && pud_trans_huge(pudp_get(pudp)))
			return follow_pud_leaf(vma, pudp, addr, flags, pagep);
	}
	pmdp = pmd_find_next(&mm->pt, &found, addr + PAGE_SIZE);
	if (!pmdp)
		return -ENOENT;
	if (unlikely(pmd_trans_huge(pmdp_get(pmdp))))
		return follow_leaf(vma, pmdp, addr, flags, pagep);
	ptep = pte_offset_map_lock(&mm->pt, pmdp, addr, &ptl);
	if (!ptep)
		return -ENOENT;
	err = follow_page_pte(vma, addr, ptep_get(ptep), flags, pagep);
	pte_unmap_unlock(&mm->pt, ptl);
	return err;
}

/*
 * The page mapped at @addr. Returns 0; -ENOENT if a fault is needed, -EMLINK if it must be unshared; -ENOMEM. Locking:
 * mmap_lock. Source: mm/gup.c, follow_page_mask().
 */
static int follow_page(struct vm_area_struct *vma, unsigned long addr, unsigned int flags, struct page **pagep)
{
	int err;

	vma_pgtable_walk_begin(vma);
	err = follow_entry(vma, addr, flags, pagep);
	vma_pgtable_walk_end(vma);
	return err;
}

/*
 * Takes the fault that follow_page() needs. -ERESTART: it waited for a userfaultfd, and dropped mmap_lock, as it may
 * with FOLL_UNLOCKABLE. Locking: mmap_lock. Source: mm/gup.c, faultin_page().
 */
static int faultin_page(struct vm_area_struct *vma, unsigned long addr, unsigned int flags, bool unshare)
{
	unsigned int fault_flags = flags & FOLL_WRITE ? FAULT_FLAG_WRITE : 0;
	vm_fault_t ret;

	if (unlikely(flags & FOLL_FORCE) && fault_flags && !(vma->vm_flags & VM_WRITE))
		fault_flags |= FAULT_FLAG_FORCE;
	if (unshare) {
		fault_flags = FAULT_FLAG_UNSHARE;
		count_event(EV_GUP_UNSHARE);
	}
	if (flags & FOLL_UNLOCKABLE)
		fault_flags |= FAULT_FLAG_ALLOW_RETRY;
	ret = handle_mm_fault(vma, addr, fault_flags);
	if (likely(!ret))
		return 0;
	if (ret & VM_FAULT_DROPPED)
		return -ERESTART;
	return ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
}

/* The page may be unmapped between the fault and the next try: then there is another fault. */
static int get_one(struct vm_area_struct *vma, unsigned long addr, unsigned int flags, struct page **pagep)
{
	int err;
	RETRY_LOOP(100000, "a page of GUP, faulted in");

	while (unlikely((err = follow_page(vma, addr, flags, pagep)) == -ENOENT || err == -EMLINK || err == -EAGAIN)) {
		RETRY();
		if (err == -EAGAIN)
			continue;
		err = faultin_page(vma, addr, flags, err == -EMLINK);
		if (err)
			return err;
		SYNCPOINT("gup.faulted");
		if (unlikely(flags & FOLL_FORCE) && KNOCKED_OUT(GUP_FORCE_COW))
			flags &= ~FOLL_WRITE;
		if (unlikely(flags & FOLL_FORCE) && KNOCKED_OUT(GUP_FORCE_DIRTY))
			flags |= FOLL_COW;
	}
	return err;
}

int get_user_page_vma_remote(struct mm_struct *mm, unsigned long addr, unsigned int flags, struct page **pagep)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	flags |= FOLL_GET | FOLL_TOUCH;
	return vma && vma_allows(vma, flags) ? get_one(vma, addr & PAGE_MASK, flags, pagep) : -EFAULT;
}

long gup_slow(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags, struct page **pages)
{
	struct vm_area_struct *vma = NULL;
	unsigned long i;
	int err = 0;

	flags |= FOLL_TOUCH | FOLL_UNLOCKABLE;
	mmap_read_lock(mm);
	for (i = 0; i < nr; i += !err) {
		unsigned long addr = start + (i << PAGE_SHIFT);

		if (!vma || addr >= vma->vm_end)
			vma = vma_lookup(mm, addr);
		err = vma && vma_allows(vma, flags) ? get_one(vma, addr, flags, &pages[i]) : -EFAULT;
		if (unlikely(err == -ERESTART)) {
			mmap_read_lock(mm);
			vma = NULL;
		} else if (err) {
			break;
		}
	}
	mmap_read_unlock(mm);
	count_events(EV_GUP_SLOW, i);
	return i ? (long)i : err;
}

long get_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			     struct page **pages)
{
	int err = gup_check_args(start, nr, flags, FOLL_GET_FLAGS);

	return err ? err : gup_slow(mm, start & PAGE_MASK, nr, flags | FOLL_GET, pages);
}

long pin_user_pages_unlocked(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			     struct page **pages)
{
	int err = gup_check_args(start, nr, flags, FOLL_PIN_FLAGS);

	if (err)
		return err;
	mm_set_has_pinned(mm);
	return gup_slow(mm, start & PAGE_MASK, nr, flags | FOLL_PIN, pages);
}

void unpin_user_page(struct page *page)
{
	if (likely(page != zero_page))
		gup_put_folio(page_folio(page), 1, FOLL_PIN);
}

void unpin_user_pages(struct page **pages, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		unpin_user_page(pages[i]);
}

/* A truncated folio is not dirtied: it cannot be written back. */
static void dirty_lock(struct folio *folio)
{
	folio_lock(folio);
	if (folio_mapping(folio) || page_type(&folio->page) == PAGE_DRIVER)
		folio_mark_dirty(folio);
	folio_unlock(folio);
}

void set_page_dirty_lock(struct page *page)
{
	if (gup_page_of_file(page))
		dirty_lock(page_folio(page));
	else if (page != zero_page)
		dirty_folio(page_folio(page));
}

void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++) {
		set_page_dirty_lock(pages[i]);
		unpin_user_page(pages[i]);
	}
}
