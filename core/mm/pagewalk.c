/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk.c - the page walker: its walks, VMA by VMA. walk_levels.c descends.
 *
 * Guarantees     every address of the range is covered once, by a hole, by an entry's callback, or by both an entry and
 *                the entries below it; upper tables stay while mmap_lock is held, PTE tables while their PTL is
 * Weak spot      between two entries only mmap_lock is held: results may be stale on return
 */
#include "core/mm/pagewalk.h"

#include <errno.h>

#include "core/mm/hugetlb.h"
#include "core/mm/hugetlb_file.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/i_mmap.h"
#include "core/mm/vma.h"
#include "core/mm/vmalloc.h"
#include "core/mm/walk_levels.h"
#include "core/pgtable/pgalloc.h"

/* 0 walk the VMA, 1 skip it (raw frames: a hole), < 0 abort. In a walk by file, mprotect() may change the flags. */
static int walk_page_test(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err = 0;

	if (ops->test_walk)
		return ops->test_walk(start, end, walk);
	if (!(load_relaxed(&walk->vma->vm_flags) & VM_PFNMAP))
		return 0;
	if (ops->pte_hole)
		err = ops->pte_hole(start, end, -1, walk);
	return err ? err : 1;
}

/* The end of the huge page at @addr, or @end. Source: mm/pagewalk.c. */
static unsigned long hugetlb_entry_end(const struct hstate *h, unsigned long addr, unsigned long end)
{
	return min((addr & huge_page_mask(h)) + huge_page_size(h), end);
}

/* Walks by huge pages. Source: mm/pagewalk.c. */
static int walk_hugetlb_range(unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct hstate *h = hstate_vma(walk->vma);
	const struct mm_walk_ops *ops = walk->ops;
	unsigned long next;
	int err = 0;

	hugetlb_vma_lock_read(walk->vma);
	for (; !err && addr < end; addr = next) {
		pmd_t *entryp;

		next = hugetlb_entry_end(h, addr, end);
		entryp = hugetlb_walk(walk->vma, addr, h);
		SYNCPOINT("pagewalk.hugetlb");
		if (entryp)
			err = ops->hugetlb_entry(entryp, huge_page_mask(h), addr, next, walk);
		else if (ops->pte_hole)
			err = ops->pte_hole(addr, next, -1, walk);
	}
	hugetlb_vma_unlock_read(walk->vma);
	return err;
}

static int walk_vma_range(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	bool hugetlb = is_vm_hugetlb_page(walk->vma);
	int err = 0;

	if (hugetlb && ops->install_pte)
		return -EINVAL;
	if (ops->pre_vma) {
		err = ops->pre_vma(start, end, walk);
		if (err)
			return err;
	}
	if (!hugetlb)
		err = walk_pgd_range(start, end, walk);
	else if (ops->hugetlb_entry)
		err = walk_hugetlb_range(start, end, walk);
	if (ops->post_vma)
		ops->post_vma(walk);
	return err;
}

static void process_mm_walk_lock(struct mm_struct *mm, enum page_walk_lock walk_lock)
{
	if (walk_lock == PGWALK_RDLOCK)
		mmap_assert_locked(mm);
	else if (walk_lock != PGWALK_VMA_RDLOCK_VERIFY)
		mmap_assert_write_locked(mm);
}

static void process_vma_walk_lock(struct vm_area_struct *vma, enum page_walk_lock walk_lock)
{
	if (walk_lock == PGWALK_WRLOCK)
		vma_start_write(vma);
	else if (walk_lock == PGWALK_WRLOCK_VERIFY)
		vma_assert_write_locked(vma);
	else if (walk_lock == PGWALK_VMA_RDLOCK_VERIFY)
		vma_assert_locked(vma);
}

/* The part of [start, end) up to *next, the next boundary of a VMA. @vma: the first that ends above start. */
static int walk_segment(unsigned long start, unsigned long end, struct vm_area_struct *vma, unsigned long *next,
			struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err;

	if (!vma || start < vma->vm_start) {
		walk->vma = NULL;
		*next = vma ? min(end, vma->vm_start) : end;
		return ops->pte_hole ? ops->pte_hole(start, *next, -1, walk) : 0;
	}
	process_vma_walk_lock(vma, ops->walk_lock);
	walk->vma = vma;
	*next = min(end, vma->vm_end);
	err = walk_page_test(start, *next, walk);
	if (err)
		return min(err, 0);
	return walk_vma_range(start, *next, walk);
}

int walk_page_range_mm(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
		       void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = mm, .private = private };
	unsigned long next;
	int err;

	if (start >= end || !mm)
		return -EINVAL;
	process_mm_walk_lock(mm, ops->walk_lock);
	do {
		err = walk_segment(start, end, find_vma(mm, start), &next, &walk);
	} while (!err && (start = next) < end);
	return err;
}

/* Only internal operations may install entries: public walks reject install_pte. */
bool check_ops_valid(const struct mm_walk_ops *ops)
{
	return !ops->install_pte;
}

int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
		    void *private)
{
	if (!check_ops_valid(ops))
		return -EINVAL;
	return walk_page_range_mm(mm, start, end, ops, private);
}

int walk_page_range_novma(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
			  pgd_t *pgd, void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = mm, .pgd = pgd, .no_vma = true, .private = private };

	if (start >= end || !mm || !check_ops_valid(ops))
		return -EINVAL;
	if (mm == init_mm) {
		mmap_assert_locked(mm);
		return walk_pgd_range(start, end, &walk);
	}
	if (end - 1 > (PTRS_PER_PGD * PGDIR_SIZE) - 1)
		return -EINVAL;
	mmap_assert_write_locked(mm);
	return walk_pgd_range(start, end, &walk);
}

int walk_page_range_vma_unsafe(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			       const struct mm_walk_ops *ops, void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = vma->vm_mm, .vma = vma, .private = private };

	if (start >= end || !walk.mm)
		return -EINVAL;
	if (start < vma->vm_start || end > vma->vm_end)
		return -EINVAL;
	process_mm_walk_lock(walk.mm, ops->walk_lock);
	process_vma_walk_lock(vma, ops->walk_lock);
	return walk_vma_range(start, end, &walk);
}

int walk_page_range_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			const struct mm_walk_ops *ops, void *private)
{
	return check_ops_valid(ops) ? walk_page_range_vma_unsafe(vma, start, end, ops, private) : -EINVAL;
}

int walk_page_vma(struct vm_area_struct *vma, const struct mm_walk_ops *ops, void *private)
{
	return walk_page_range_vma(vma, vma->vm_start, vma->vm_end, ops, private);
}

int walk_page_mapping(struct address_space *mapping, unsigned long first_index, unsigned long nr,
		      const struct mm_walk_ops *ops, void *private)
{
	struct mm_walk walk = { .ops = ops, .private = private };

	if (!nr || !check_ops_valid(ops) || mapping_is_hugetlb(mapping))
		return -EINVAL;
	i_mmap_assert_locked(mapping);
	nr = min(nr, ~first_index);	/* no file has the last page number: the range does not wrap around */
	vma_interval_tree_foreach(walk.vma, mapping, first_index, first_index + nr - 1) {
		const struct vm_area_struct *vma = walk.vma;
		const unsigned long first = max(first_index, vma->vm_pgoff) - vma->vm_pgoff;
		const unsigned long last = min(first_index + nr - vma->vm_pgoff, vma_pages(vma));
		int err;

		walk.mm = load_relaxed(&vma->vm_mm);
		err = walk_page_test(vma->vm_start, vma->vm_end, &walk);
		if (err)
			return min(err, 0);
		err = walk_vma_range(vma->vm_start + (first << PAGE_SHIFT), vma->vm_start + (last << PAGE_SHIFT),
				     &walk);
		if (err)
			return err;
	}
	return 0;
}
