/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma_tree.h - the interval tree of one anon_vma: the VMAs in which pages of a range can be mapped.
 *
 * A chain keeps the range of its VMA from its insertion: a change of vm_start, vm_end or vm_pgoff removes it before
 * and inserts it after (anon_vma_tree_pre_update() in anon_vma.h).
 *
 * All ranges are in pages and inclusive: [first, last]. Of relatives, whose VMAs begin with the same page, the one
 * linked later comes later. So fork's copy comes after its original while fork runs; migrate.h relies on it. Source:
 * mm/interval_tree.c.
 */
#ifndef FAULTLINE_CORE_MM_ANON_VMA_TREE_H
#define FAULTLINE_CORE_MM_ANON_VMA_TREE_H

#include "core/mm/interval_tree.h"
#include "core/mm/mm_types.h"
#include "core/probe/object.h"

/*
 * One VMA's place in one anon_vma.
 *
 * Conservation: a chain is on its VMA's list and in its anon_vma's tree, or in neither; in the tree it has its VMA's
 * range.
 *
 * Lock key: (C) const while linked (L) mmap_lock for write, or page_table_lock and mmap_lock for read (R) the rwsem of
 * the anon_vma's root
 */
struct anon_vma_chain {
	struct vm_area_struct *vma;		/* (R) */
	struct anon_vma *anon_vma;		/* (C) */
	TAILQ_ENTRY(anon_vma_chain) same_vma;	/* (L) the VMA's other chains, newest anon_vma first, the root last */
	struct interval_node node;		/* (R) with the range of the VMA */
	struct object_probe probe;		/* has its own lock key */
};

DECLARE_OBJECT_KIND(chain);

/*
 * anon_vma_interval_tree_insert - inserts @avc with its VMA's current range. anon_vma_interval_tree_remove - dies in
 * check builds if that range has changed since. Locking: the root's rwsem for write.
 */
void anon_vma_interval_tree_insert(struct anon_vma_chain *avc, struct interval_tree *tree);
void anon_vma_interval_tree_remove(struct anon_vma_chain *avc, struct interval_tree *tree);

static inline struct anon_vma_chain *avc_of_node(struct interval_node *node)
{
	return node ? container_of(node, struct anon_vma_chain, node) : NULL;
}

/* As interval_tree_iter_first() and interval_tree_iter_next(). Locking: the root's rwsem. */
static inline struct anon_vma_chain *anon_vma_interval_tree_iter_first(const struct interval_tree *tree,
								       unsigned long first, unsigned long last)
{
	return avc_of_node(interval_tree_iter_first(tree, first, last));
}

static inline struct anon_vma_chain *anon_vma_interval_tree_iter_next(struct anon_vma_chain *avc, unsigned long first,
								      unsigned long last)
{
	return avc_of_node(interval_tree_iter_next(&avc->node, first, last));
}

#define anon_vma_interval_tree_foreach(avc, tree, first, last) \
	for ((avc) = anon_vma_interval_tree_iter_first((tree), (first), (last)); (avc); \
	     (avc) = anon_vma_interval_tree_iter_next((avc), (first), (last)))

/*
 * Dies unless the tree (interval_tree_check()) and the ranges are correct. Returns the number of chains. Locking: as
 * above.
 */
unsigned long anon_vma_interval_tree_check(const struct interval_tree *tree);

#endif
