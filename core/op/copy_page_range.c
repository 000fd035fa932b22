/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_page_range.c - maps the pages of one VMA a second time.
 *
 * Table by table under both PTLs, the child's first. They are dropped if a PTL is contended, and when a page has to be
 * copied but there is no spare one: then one is allocated, and copying continues where it stopped.
 */
#include "core/op/copy_page_range.h"

#include <errno.h>

#include "core/mm/mmap_lock.h"
#include "core/mm/notifier.h"
#include "core/mm/pte_batch.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/huge_pmd.h"
#include "core/op/hugetlb.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(FORK_COPIED, "pages that fork copied at once");

/* Work under the PTLs between two checks for waiters; an empty slot is 1. As the kernel's copy_pte_range(). */
#define COPY_WORK	32
#define COPY_WORK_PAGE	8

/* Lock key: (T) this thread only */
struct copy {
	struct vm_area_struct *dst, *src;	/* (T) */
	struct folio *spare;			/* (T) for the next page that can't be shared; NULL: none */
	long anon, file;			/* (T) pages mapped into the current table */
	long early;				/* (T) of those, copies */
};

DEFINE_KNOCKOUT(FORK_WRPROTECT,
	.name = "fork:wrprotect",
	.removes = "taking write permission from the parent's entries",
	.breaks = "a child that sees its parent's writes",
	.detected_by = "the at-rest oracle's rule that writable pages are exclusive; the contents check of "
		"knockout.fork",
	.hunt = "stress cow_after_fork --noise 10 --axis pages:2048");

/*
 * Sets the entry of the child. In a shared mapping both have the same permissions. A concurrent mkclean, or truncation,
 * does not miss the child's entry: the child's VMA comes after its parent's in the tree of the file. So entries copied
 * before the walk reached the parent are found later, and entries copied afterwards are as the walk left them. Locking:
 * both PTLs. Source: mm/memory.c, __copy_present_ptes().
 */
static void copy_entry(const struct copy *copy, pte_t *dst, pte_t *src, pte_t pte)
{
	if (likely(!(copy->dst->vm_flags & VM_UFFD_WP)))
		pte = pte_clear_uffd_wp(pte);
	if (copy->src->vm_flags & VM_SHARED) {
		pte = pte_mkclean(pte);
	} else if (pte_write(pte)) {
		if (!KNOCKED_OUT(FORK_WRPROTECT))
			ptep_set_wrprotect(src);
		pte = pte_wrprotect(pte);
	}
	set_pte(dst, pte_mkold(pte));
}

/*
 * The page may be pinned: the pin must stay valid for the parent, so the page stays exclusive to it, and the child
 * gets a copy. Returns 1, or -EAGAIN if there is no page to copy to. Source: mm/memory.c, copy_present_page().
 */
static int copy_present_page(struct copy *copy, pte_t *dst, pte_t orig, struct page *page, unsigned long addr)
{
	struct folio *folio = copy->spare;
	pte_t pte;

	if (!folio)
		return -EAGAIN;
	copy->spare = NULL;
	copy_payload(&folio->page, page);
	folio_add_new_anon_rmap(folio, copy->dst, addr, RMAP_EXCLUSIVE);
	pte = pte_mkdirty(mk_pte(&folio->page, copy->dst->vm_page_prot));
	if (copy->dst->vm_flags & VM_WRITE)
		pte = pte_mkwrite(pte);
	set_pte(dst, userfaultfd_pte_wp(copy->dst, orig) ? pte_mkuffd_wp(pte) : pte);
	copy->anon++;
	copy->early++;
	return 1;
}

/* Copies @pte, found at @src, and up to @max in all; returns the number, or -EAGAIN. Locking: both PTLs. */
static int copy_present_ptes(struct copy *copy, pte_t *dst, pte_t *src, pte_t pte, unsigned long addr, unsigned int max)
{
	unsigned int nr = 1;
	struct folio *folio;
	struct page *page = vm_normal_page(copy->src, addr, pte);

	if (unlikely(!page)) {
		copy_entry(copy, dst, src, pte);
		return 1;
	}
	folio = page_folio(page);
	/* The spare page is for one of the next: one by one, until it is used. */
	if (unlikely(folio_test_large(folio)) && !copy->spare)
		nr = folio_pte_batch(folio, src, pte, max);
	folio_ref_add(folio, (int)nr);
	if (unlikely(!folio_test_anon(folio))) {
		folio_dup_file_rmap_ptes(folio, page, nr, copy->dst);
		copy->file += nr;
		goto copy;
	}
	if (unlikely(folio_try_dup_anon_rmap_ptes(folio, page, nr, copy->dst, copy->src))) {
		folio_put_refs(folio, (int)nr);
		return copy_present_page(copy, dst, pte, page, addr);
	}
	copy->anon += nr;
copy:
	for (unsigned int i = 0; i < nr; i++)
		copy_entry(copy, dst + i, src + i, i ? ptep_get(src + i) : pte);
	return (int)nr;
}

DEFINE_KNOCKOUT(FORK_SWAP_EXCLUSIVE,
	.name = "fork:swap-exclusive",
	.removes = "clearing exclusive in the parent's swap entries",
	.breaks = "one of two mms writes to a swapped page that they share",
	.detected_by = "an exclusive entry's slot is shared: at rest, or at swap-in",
	.hunt = "stress mirror_storm --noise 100");

/*
 * A shared swap entry is not exclusive, and swapped in read-only, on either side; the same of migration entries, except
 * in a shared mapping. Guard markers and poison are copied as they are. Locking: both PTLs. Source: mm/memory.c,
 * copy_nonpresent_pte().
 */
static void copy_nonpresent(struct copy *copy, pte_t *dst, pte_t *src, pte_t pte)
{
	pte_t shared = pte;

	if (pte_is_swap(pte)) {
		swap_duplicate(swapent_payload(pte));
		shared = pte_swp_clear_exclusive(pte);
		mm_count(&copy->dst->vm_mm->pt, MM_SWAPENTS, 1);
	} else if (pte_is_migration(pte)) {
		if (!(copy->src->vm_flags & VM_SHARED))
			shared = migration_pte_wrprotect(pte, false);
		*(folio_test_anon(pfn_swap_entry_folio(pte)) ? &copy->anon : &copy->file) += 1;
	} else if (pte_is_device_private(pte)) {
		struct page *page = pte_page(pte);

		get_page(page);
		BUG_ON(folio_try_dup_anon_rmap_ptes(page_folio(page), page, 1, copy->dst, copy->src));
		shared = device_private_pte_wrprotect(pte);
		copy->anon++;
	}
	if (!pte_same(shared, pte) && !KNOCKED_OUT(FORK_SWAP_EXCLUSIVE))
		set_pte(src, shared);
	set_pte(dst, copy->dst->vm_flags & VM_UFFD_WP ? shared : pte_swp_clear_uffd_wp(shared));
}

/*
 * Copies entries of [*addr, @end), in one table, and advances *addr. Returns 0, all done or a PTL is contended;
 * -EAGAIN: a page is needed. Locking: both PTLs.
 */
static int copy_ptes(struct copy *copy, pte_t *dst, pte_t *src, unsigned long *addr, unsigned long end,
		     const spinlock_t *dst_ptl, const spinlock_t *src_ptl)
{
	unsigned int work = 0;
	int nr;

	for (; *addr < end; *addr += (unsigned long)nr << PAGE_SHIFT, dst += nr, src += nr) {
		pte_t pte = ptep_get(src);

		if (work >= COPY_WORK) {
			work = 0;
			if (spin_is_contended(src_ptl) || spin_is_contended(dst_ptl))
				return 0;
		}
		nr = 1;
		if (pte_none(pte)) {
			work++;
			continue;
		}
		if (likely(pte_present(pte)))
			nr = copy_present_ptes(copy, dst, src, pte, *addr, (unsigned int)((end - *addr) >> PAGE_SHIFT));
		else
			copy_nonpresent(copy, dst, src, pte);
		if (unlikely(nr < 0))
			return nr;
		work += COPY_WORK_PAGE * (unsigned int)nr;
	}
	return 0;
}

DEFINE_KNOCKOUT(FORK_TABLE_AGAIN,
	.name = "fork:table-again",
	.removes = "the new allocation of a child's table that a collapse retracted during fork; its range is skipped",
	.breaks = "a child without its parent's guards",
	.detected_by = "unit.collapse_file",
	.hunt = "test unit.collapse_file.4");

/*
 * One round under both PTLs. mmap_lock is held for write, so no table is reclaimed; but the collapse of a file
 * retracts tables without it, the parent's and the child's, whose VMA is in the file's tree already. Entries of the
 * parent's table are not missed: faults map them again. Returns -EBUSY if the child's table was retracted: it must be
 * allocated again.
 */
static int copy_locked(struct copy *copy, pmd_t *dst_pmd, pmd_t *src_pmd, unsigned long *addr, unsigned long end)
{
	struct mm_pgtable *dst_pt = &copy->dst->vm_mm->pt, *src_pt = &copy->src->vm_mm->pt;
	spinlock_t *dst_ptl, *src_ptl;
	pte_t *dst, *src;
	int err;

	dst = pte_offset_map_lock(dst_pt, dst_pmd, *addr, &dst_ptl);
	if (unlikely(!dst)) {
		BUG_ON(vma_is_anonymous(copy->dst));
		if (!KNOCKED_OUT(FORK_TABLE_AGAIN))
			return -EBUSY;
		*addr = end;
		return 0;
	}
	src = pte_offset_map_lock_nested(src_pt, src_pmd, *addr, &src_ptl);
	if (unlikely(!src)) {
		BUG_ON(vma_is_anonymous(copy->src));
		pte_unmap_unlock(dst_pt, dst_ptl);
		*addr = end;
		return 0;
	}
	err = copy_ptes(copy, dst, src, addr, end, dst_ptl, src_ptl);
	pte_unmap_unlock(src_pt, src_ptl);
	mm_count(dst_pt, MM_ANONPAGES, copy->anon);
	mm_count(dst_pt, MM_FILEPAGES, copy->file);
	pte_unmap_unlock(dst_pt, dst_ptl);
	copy->anon = copy->file = 0;
	return err;
}

/* [addr, end) lies in the range of one PMD entry. Source: mm/memory.c, copy_pte_range(). */
static int copy_pte_range(struct copy *copy, pmd_t *src_pmd, unsigned long addr, unsigned long end)
{
	struct mm_pgtable *dst_pt = &copy->dst->vm_mm->pt;
	pmd_t *dst_pmd = pmd_alloc_path(dst_pt, addr);
	RETRY_LOOP_PROFILED(100000, "a table of a child, retracted while fork fills it");

	if (!dst_pmd)
		return -ENOMEM;
	if (unlikely(pmd_trans_huge(pmdp_get(src_pmd)))) {
		int err = copy_huge_pmd(copy->dst, copy->src, dst_pmd, src_pmd, addr);

		if (err != -EAGAIN)
			return err;
	}
	while (addr < end) {
		int err;

		if (pte_alloc(dst_pt, dst_pmd))
			return -ENOMEM;
		err = copy_locked(copy, dst_pmd, src_pmd, &addr, end);
		SYNCPOINT("fork.unlocked");
		if (!err || (err == -EBUSY && RETRIED()))
			continue;
		copy->spare = folio_alloc(0, PAGE_ANON);
		if (!copy->spare)
			return -ENOMEM;
	}
	return 0;
}

/* All tables of the VMA. */
static int copy_tables(struct copy *copy)
{
	unsigned long addr = copy->src->vm_start, end = copy->src->vm_end, next;
	pmd_t *pmdp;
	int err = 0;

	if (unlikely(is_vm_hugetlb_page(copy->src)))
		return copy_hugetlb_page_range(copy->dst, copy->src);
	for (; !err && (pmdp = pmd_find_next(&copy->src->vm_mm->pt, &addr, end)); addr = next) {
		pmd_t pmd = pmdp_get(pmdp);

		next = pmd_addr_end(addr, end);
		if (!pmd_none(pmd) && !pmd_clear_bad(pmdp, pmd))
			err = copy_pte_range(copy, pmdp, addr, next);
	}
	return err;
}

DEFINE_KNOCKOUT(GUP_FORK_A,
	.name = "gup-fork:A",
	.removes = "the full barrier between making write_protect_seq odd and the check for pins",
	.breaks = "a pinned page is shared with a child",
	.detected_by = "models.gup_fork, litmus.gup_fork: in the core, locks in between keep the order on x86",
	.hunt = "serial pin_vs_fork --seconds 10" HUNT_C11,
	.mirrors = "mm/gup: prevent gup_fast from racing with COW during fork");

/* The entries of the parent change too. */
static int copy_cow_tables(struct copy *copy)
{
	const struct vm_area_struct *src = copy->src;
	struct mm_struct *mm = src->vm_mm;
	struct mmu_notifier_range range = mmu_notifier_range_of(mm, MMU_NOTIFY_PROTECTION_PAGE, src->vm_start,
								src->vm_end);
	int err;

	mmu_notifier_invalidate_range_start(&range);
	raw_write_seqcount_begin(&mm->write_protect_seq);
	/*
	 * ORDER[gup-fork:A] the sequence is odd before the check for pins and changes of entries; pairs with
	 * ORDER[gup-fork:B]. Weaker: a check for pins passes it, GUP-fast finds the sequence unchanged, and a pinned
	 * page is shared.
	 */
	if (!KNOCKED_OUT(GUP_FORK_A))
		smp_mb();
	err = copy_tables(copy);
	raw_write_seqcount_end(&mm->write_protect_seq);
	mmu_notifier_invalidate_range_end(&range);
	return err;
}

int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct copy copy = { .dst = dst, .src = src };
	int err;

	mmap_assert_write_locked(src->vm_mm);
	vma_assert_write_locked(dst);
	err = src->vm_flags & VM_SHARED ? copy_tables(&copy) : copy_cow_tables(&copy);
	if (copy.spare)
		folio_put(copy.spare);
	count_events(EV_FORK_COPIED, (uint64_t)copy.early);
	return err;
}
