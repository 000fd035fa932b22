/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mlock.c - locks ranges in memory. core/mm/mlock.h describes the synchronisation with rmap. */
#include "core/op/mlock.h"

#include <errno.h>

#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/mlock.h"
#include "core/mm/pagewalk.h"
#include "core/mm/pte_batch.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/op/populate.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MLOCK, "mlock");
DEFINE_EVENT(MUNLOCK, "munlock");

/*
 * Counts the folio of the entry at @ptep, or takes it off. Returns the number of entries passed. A large folio counts
 * only if all of it is mapped. Locking: the PTL. Source: mm/mlock.c, mlock_pte_range(), allow_mlock_munlock().
 */
static unsigned int change_entry(const struct vm_area_struct *vma, pte_t *ptep, unsigned long addr, unsigned int max,
				 bool lock)
{
	pte_t pte = ptep_get(ptep);
	struct page *page = pte_present(pte) ? vm_normal_page(vma, addr, pte) : NULL;
	struct folio *folio;
	unsigned int nr = 1;

	if (!page)
		return 1;
	folio = page_folio(page);
	if (folio_test_large(folio))
		nr = folio_pte_batch(folio, ptep, pte, max);
	if (!lock)
		munlock_folio(folio);
	else if (nr == folio_nr_pages(folio))
		mlock_folio(folio);
	return nr;
}

/* False: it is no leaf. */
static bool change_leaf(struct mm_walk *walk, pmd_t *pmdp, unsigned long addr, bool lock)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);
	struct page *page;

	if (!ptl)
		return false;
	page = is_pmd_migration_entry(pmdp_get(pmdp)) ? NULL : vm_normal_page_pmd(pmdp_get(pmdp), addr);
	if (page && lock)
		mlock_folio(page_folio(page));
	else if (page)
		munlock_folio(page_folio(page));
	spin_unlock(ptl);
	walk->action = ACTION_CONTINUE;
	return true;
}

/* A leaf lies in the VMA as a whole. Source: mm/mlock.c. */
static int mlock_pte_range(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const bool *lock = walk->private;
	spinlock_t *ptl;
	unsigned int nr;
	pte_t *ptep;

	if (pmd_trans_huge(pmdp_get(pmdp)) && change_leaf(walk, pmdp, addr, *lock))
		return 0;
	ptep = walk_lock_ptes(walk, pmdp, addr, &ptl);
	if (!ptep)
		return 0;
	for (; addr < next; addr += (unsigned long)nr << PAGE_SHIFT, ptep += nr)
		nr = change_entry(walk->vma, ptep, addr, (unsigned int)((next - addr) >> PAGE_SHIFT), *lock);
	pte_unmap_unlock(&walk->mm->pt, ptl);
	return 0;
}

DEFINE_KNOCKOUT(MUNLOCK_IO,
	.name = "munlock:vma-io",
	.removes = "keeping VM_LOCKED until munlock() has taken off all entries of a VMA",
	.breaks = "a folio counted by no locked VMA, which is never reclaimed",
	.detected_by = "mlock counts at rest",
	.hunt = "test knockout.mlock");

/*
 * @vma gets @flags, which differ in VM_LOCKED: changes the counts of what it maps. Locking: mmap_lock for write, @vma
 * write-locked. Source: mm/mlock.c.
 */
static void mlock_vma_pages_range(struct vm_area_struct *vma, unsigned long flags)
{
	static const struct mm_walk_ops ops = { .pmd_entry = mlock_pte_range, .walk_lock = PGWALK_WRLOCK_VERIFY };
	bool lock = flags & VM_LOCKED;

	vma->vm_mm->locked_vm += lock ? vma_pages(vma) : -vma_pages(vma);
	if (lock || !KNOCKED_OUT(MUNLOCK_IO))
		vma_set_flags(vma, flags | VM_LOCKED | VM_IO);
	else
		vma_set_flags(vma, flags);
	SYNCPOINT("mlock.begun");
	BUG_ON(walk_page_vma(vma, &ops, &lock));
	SYNCPOINT("mlock.counted");
	vma_set_flags(vma, flags);
}

void munlock_vma(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_LOCKED)
		mlock_vma_pages_range(vma, vma->vm_flags & ~VM_LOCKED_MASK);
}

/*
 * Locks, or unlocks, the part of @vma in [start, end), as @lock says; *next is its end. Returns as vma_isolate().
 * Source: mm/mlock.c, mlock_fixup(), vma_supports_mlock().
 */
static int mlock_fixup(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       unsigned long lock, unsigned long *next)
{
	unsigned long flags = (vma->vm_flags & ~VM_LOCKED_MASK) | lock;
	int err;

	*next = min(end, vma->vm_end);
	if (vma->vm_flags == flags || (vma->vm_flags & VM_SPECIAL) || is_vm_hugetlb_page(vma))
		return 0;
	err = vma_isolate(mm, &vma, start, end, flags);
	if (err)
		return err;
	if ((vma->vm_flags ^ flags) & VM_LOCKED)
		mlock_vma_pages_range(vma, flags);
	else
		vma_set_flags(vma, flags);
	vma_merge_neighbours(mm, vma);
	return 0;
}

/* Up to the first hole. Source: mm/mlock.c, apply_vma_lock_flags(). */
static int apply_lock_flags(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned long lock)
{
	unsigned long end = start + len;
	struct vm_area_struct *vma;
	int err = 0;

	if (end < start)
		return -EINVAL;
	mmap_write_lock(mm);
	while (!err && start < end) {
		vma = vma_lookup(mm, start);
		err = vma ? mlock_fixup(mm, vma, start, end, lock, &start) : -ENOMEM;
	}
	mmap_write_unlock(mm);
	return err;
}

/* All pages that contain a byte of the range; modulo 2^64, as in Linux. */
static unsigned long whole_pages(unsigned long start, unsigned long len)
{
	return ALIGN_UP(len + (start & ~PAGE_MASK), PAGE_SIZE);
}

/* Source: mm/mlock.c, do_mlock(), __mlock_posix_error_return(). */
static int do_mlock(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned long lock)
{
	int err;

	count_event(EV_MLOCK);
	len = whole_pages(start, len);
	start &= PAGE_MASK;
	err = apply_lock_flags(mm, start, len, lock);
	if (err)
		return err;
	SYNCPOINT("mlock.locked");
	err = mm_populate(mm, start, len);
	return err == -EFAULT ? -ENOMEM : err == -ENOMEM ? -EAGAIN : err;
}

int sys_mlock(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	OPERATION("mlock", mm, start);
	return do_mlock(mm, start, len, VM_LOCKED);
}

int sys_mlock2(struct mm_struct *mm, unsigned long start, unsigned long len, int flags)
{
	OPERATION("mlock2", mm, start);
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(mm, start, len, VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
}

int sys_munlock(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	OPERATION("munlock", mm, start);
	count_event(EV_MUNLOCK);
	return apply_lock_flags(mm, start & PAGE_MASK, whole_pages(start, len), 0);
}

/* Errors leave VMAs as they are. Source: mm/mlock.c. Locking: mmap_lock for write. */
static void apply_mlockall_flags(struct mm_struct *mm, int flags)
{
	unsigned long lock = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0), addr = 0;
	struct vm_area_struct *vma;

	mm->def_flags = flags & MCL_FUTURE ? lock : 0;
	if (flags == MCL_FUTURE || flags == (MCL_FUTURE | MCL_ONFAULT))
		return;
	while ((vma = find_vma(mm, addr)))
		mlock_fixup(mm, vma, vma->vm_start, vma->vm_end, flags & MCL_CURRENT ? lock : 0, &addr);
}

/* All VMAs, whatever fails in one. Source: mm/gup.c, __mm_populate(). */
static void populate_all(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	for (unsigned long addr = 0; (vma = find_vma(mm, addr)); addr = vma->vm_end)
		if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
			populate_vma_page_range(vma, vma->vm_start, vma->vm_end);
	mmap_read_unlock(mm);
}

int sys_mlockall(struct mm_struct *mm, int flags)
{
	OPERATION("mlockall", mm, 0);
	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	count_event(EV_MLOCK);
	mmap_write_lock(mm);
	apply_mlockall_flags(mm, flags);
	mmap_write_unlock(mm);
	if (flags & MCL_CURRENT)
		populate_all(mm);
	return 0;
}

int sys_munlockall(struct mm_struct *mm)
{
	OPERATION("munlockall", mm, 0);
	count_event(EV_MUNLOCK);
	mmap_write_lock(mm);
	apply_mlockall_flags(mm, 0);
	mmap_write_unlock(mm);
	return 0;
}
