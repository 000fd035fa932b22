/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma_tree.h - the interval tree of one anon_vma: the VMAs in which pages of a range can be mapped.
 *
 * A red-black tree of chains, ordered by the first page number of their VMAs, each node with the greatest last one
 * below it. A chain keeps the range of its VMA from when it was inserted: whoever changes vm_start, vm_end or vm_pgoff
 * takes it out before and puts it back after (anon_vma_tree_pre_update() in anon_vma.h).
 *
 * All ranges are in pages and inclusive: [first, last]. Source: mm/interval_tree.c, include/linux/interval_tree_generic.h.
 */
#ifndef FAULTLINE_CORE_MM_ANON_VMA_TREE_H
#define FAULTLINE_CORE_MM_ANON_VMA_TREE_H

#include <bsd/sys/tree.h>

#include "core/mm/mm_types.h"

RB_HEAD(anon_vma_tree, anon_vma_chain);

/*
 * One VMA's place in one anon_vma.
 *
 * Conservation: a chain is on its VMA's list and in its anon_vma's tree, or in neither; in the tree its range is the VMA's.
 *
 * Lock key: (C) const while linked (L) mmap_lock for write, or page_table_lock and mmap_lock for read (R) the rwsem of the
 * anon_vma's root
 */
struct anon_vma_chain {
	struct vm_area_struct *vma;		/* (R) */
	struct anon_vma *anon_vma;		/* (C) */
	TAILQ_ENTRY(anon_vma_chain) same_vma;	/* (L) the VMA's other chains, newest anon_vma first, the root last */
	RB_ENTRY(anon_vma_chain) rb;		/* (R) */
	unsigned long first, last;		/* (R) of the VMA */
	unsigned long subtree_last;		/* (R) the greatest last of this node and those below */
};

/*
 * anon_vma_interval_tree_insert - with the range that @avc's VMA has now. anon_vma_interval_tree_remove - dies in check
 * builds if that range has changed meanwhile. Locking: the root's rwsem for write.
 */
void anon_vma_interval_tree_insert(struct anon_vma_chain *avc, struct anon_vma_tree *tree);
void anon_vma_interval_tree_remove(struct anon_vma_chain *avc, struct anon_vma_tree *tree);
/*
 * The first chain, in order, whose range shares a page with [@first, @last]; the next one after @avc; NULL when there
 * is none. Each step costs the height of the tree at most. Locking: the root's rwsem.
 */
struct anon_vma_chain *anon_vma_interval_tree_iter_first(const struct anon_vma_tree *tree, unsigned long first,
							 unsigned long last);
struct anon_vma_chain *anon_vma_interval_tree_iter_next(struct anon_vma_chain *avc, unsigned long first, unsigned long last);

#define anon_vma_interval_tree_foreach(avc, tree, first, last) \
	for ((avc) = anon_vma_interval_tree_iter_first((tree), (first), (last)); (avc); \
	     (avc) = anon_vma_interval_tree_iter_next((avc), (first), (last)))

/* Dies unless order, balance, ranges and subtree_last are right. Returns the number of chains. Locking: as above. */
unsigned long anon_vma_interval_tree_check(const struct anon_vma_tree *tree);

#endif
