/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leaf_scene.h - huge leaves of anonymous memory put into an mm by hand, whatever its policy. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_LEAF_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_LEAF_SCENE_H

#include "core/mm/anon_vma.h"
#include "core/mm/huge_memory.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/rmap.h"
#include "core/pgtable/pgalloc.h"
#include "tests/lib/scene/tree.h"

/* For tests of leaves, in a geometry that has none. Includes cmocka.h first, as every test does. */
#define needs_leaves() do { \
	if (!THP_POSSIBLE) \
		skip(); \
} while (0)

static inline pmd_t pmd_at(struct mm_struct *mm, unsigned long addr)
{
	return __pmd(tree_value(mm->pt.pgd, LEVEL_PMD, addr));
}

static inline pmd_t *pmdp_at(struct mm_struct *mm, unsigned long addr)
{
	return (pmd_t *)(void *)tree_entry(mm->pt.pgd, LEVEL_PMD, addr);
}

/* Replaces the entry of @addr, which no other thread uses. */
static inline void pmd_put(struct mm_struct *mm, unsigned long addr, pmd_t pmd)
{
	store_relaxed(&pmdp_at(mm, addr)->val, pmd.val);
}

/* Maps a new huge page, writable, at @addr, where nothing is, not even a table. Dies when memory runs out. */
static inline struct folio *put_leaf(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_tree_find(&mm->tree, addr);
	struct folio *folio = folio_alloc(HPAGE_PMD_ORDER, PAGE_ANON | ALLOC_ZERO);
	struct page *table = table_alloc(&mm->pt, LEVEL_PTE);
	pmd_t *pmdp = pmd_alloc_path(&mm->pt, addr);
	spinlock_t *ptl;

	BUG_ON(!folio || !table || !pmdp);
	mmap_read_lock(mm);
	BUG_ON(anon_vma_prepare(vma));
	mmap_read_unlock(mm);
	ptl = pmd_lock(&mm->pt, pmdp);
	BUG_ON(!pmd_none(pmdp_get(pmdp)));
	pgtable_trans_huge_deposit(&mm->pt, pmdp, table);
	folio_add_new_anon_rmap(folio, vma, addr, RMAP_EXCLUSIVE);
	mm_count(&mm->pt, MM_ANONPAGES, (long)HPAGE_PMD_NR);
	set_pmd_at(pmdp, pmd_mkwrite(pmd_mkdirty(mk_huge_pmd(&folio->page, vma->vm_page_prot))));
	spin_unlock(ptl);
	return folio;
}

/* The leaf at @addr becomes a table. */
static inline void split_leaf(struct mm_struct *mm, unsigned long addr)
{
	mmap_read_lock(mm);
	split_huge_pmd_address(vma_tree_find(&mm->tree, addr), addr);
	mmap_read_unlock(mm);
}

#endif
