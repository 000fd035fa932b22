/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mincore.c - which pages are in memory, by the page walker. */
#include "core/op/mincore.h"

#include <errno.h>
#include <string.h>

#include "core/mm/filemap.h"
#include "core/mm/pagewalk.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vma.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/swapent.h"
#include "core/probe/operation.h"

/* Nothing is mapped; but the file's page may be in memory. Source: mm/mincore.c, mincore_page(). */
static unsigned char mincore_unmapped(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long index = linear_page_index(vma, addr);
	struct folio *folio;

	if (index >= i_size_read(&vma->vm_file->mapping))
		return 0;
	folio = filemap_get_folio(&vma->vm_file->mapping, index);
	if (!folio)
		return 0;
	folio_put(folio);
	return 1;
}

/* A page under migration, or in device memory, is always resident; a hwpoisoned one is not. Source: mincore_swap(). */
static unsigned char mincore_swap(pte_t pte)
{
	struct folio *folio;

	if (!pte_is_swap(pte))
		return pte_is_migration(pte) || pte_is_device_private(pte) || swapent_type(pte) == SWAPENT_POISON;
	folio = swap_cache_get(swapent_payload(pte), NULL);
	if (!folio)
		return 0;
	folio_put(folio);
	return 1;
}

static unsigned char mincore_pte(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	if (likely(pte_present(pte)))
		return 1;
	if (pte_is_swapent(pte) && !pte_is_guard(pte))
		return mincore_swap(pte);
	return vma_is_anonymous(vma) ? 0 : mincore_unmapped(vma, addr);
}

/*
 * A huge leaf, or a whole table at a time: one lock, and a loop over its entries. Source: mm/mincore.c,
 * mincore_pte_range().
 */
static int mincore_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);
	unsigned char **vec = walk->private;
	pte_t *ptep;

	if (ptl) {
		spin_unlock(ptl);
		memset(*vec, 1, (next - addr) >> PAGE_SHIFT);
		*vec += (next - addr) >> PAGE_SHIFT;
		walk->action = ACTION_CONTINUE;
		return 0;
	}
	ptep = walk_lock_ptes(walk, pmdp, addr, &ptl);
	if (!ptep)
		return 0;
	for (; addr < next; addr += PAGE_SIZE, ptep++)
		*(*vec)++ = mincore_pte(walk->vma, addr, ptep_get(ptep));
	pte_unmap_unlock(&walk->mm->pt, ptl);
	return 0;
}

static int mincore_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	unsigned char **vec = walk->private;
	unsigned long pages = (next - addr) >> PAGE_SHIFT;

	(void)depth;
	if (vma_is_anonymous(walk->vma)) {
		memset(*vec, 0, pages);
		*vec += pages;
		return 0;
	}
	for (; addr < next; addr += PAGE_SIZE)
		*(*vec)++ = mincore_unmapped(walk->vma, addr);
	return 0;
}

/* Source: mm/mincore.c, mincore_hugetlb(). */
static int mincore_hugetlb(pmd_t *entryp, unsigned long hmask, unsigned long addr, unsigned long next,
			   struct mm_walk *walk)
{
	unsigned char **vec = walk->private;

	(void)hmask;
	memset(*vec, !pmd_none(pmdp_get(entryp)), (next - addr) >> PAGE_SHIFT);
	*vec += (next - addr) >> PAGE_SHIFT;
	return 0;
}

static const struct mm_walk_ops mincore_ops = {
	.pmd_entry = mincore_pmd_entry,
	.hugetlb_entry = mincore_hugetlb,
	.pte_hole = mincore_hole,
	.walk_lock = PGWALK_RDLOCK,
};

static int do_mincore(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned char *vec)
{
	struct vm_area_struct *vma;
	unsigned long next;
	int err = 0;

	for (; !err && start < end; start = next) {
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		next = min(vma->vm_end, end);
		err = walk_page_range_vma(vma, start, next, &mincore_ops, &vec);
	}
	return err;
}

int sys_mincore(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned char *vec)
{
	OPERATION("mincore", mm, start);
	int err;

	if (!IS_ALIGNED(start, PAGE_SIZE))
		return -EINVAL;
	if (start > TASK_SIZE || len > TASK_SIZE - start)
		return -ENOMEM;
	mmap_read_lock(mm);
	err = do_mincore(mm, start, start + ALIGN_UP(len, PAGE_SIZE), vec);
	mmap_read_unlock(mm);
	return err;
}
