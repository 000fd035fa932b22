/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma_tree.h - the VMAs of an mm in order of address: one writer, any number of RCU readers.
 *
 * A B+-tree keyed by vm_end. A leaf slot points to a VMA, an inner slot to a node; slot i covers the ends up to key[i]
 * and above key[i-1]. Pointers that readers follow change in two ways only:
 *
 *   erase    the slot becomes NULL in place; a node with no slot left is removed from its parent the same way
 *   insert   the leaf is copied with the new VMA in it, and the parent's slot (or the root) points to the copy; a full
 *            node becomes two, and then its parent is copied too, and so on up
 *
 * Erasing leaves nodes half empty and never lowers the tree; when it is much taller than its VMAs need,
 * vma_tree_reserve() rebuilds it, which readers see as one more replacement of the root.
 *
 * Keys and counts of a published node never change. So a reader sees each VMA that is unchanged throughout its search,
 * and either state of one being changed - which it then finds write-locked. It may miss a VMA that is removed and
 * inserted again with another end; a caller that relies on a miss holds mmap_lock. Replaced nodes are freed after a
 * grace period. Progress: searches are wait-free, bounded by the tree's size.
 *
 * Free ranges are found by sums that an inner node has for each slot: lowest start, highest end, largest gap. A change
 * only marks the slots of its path as stale, and a search computes the sums of the stale slots that it passes. Readers
 * do not see the sums. Source: lib/maple_tree.c, mas_empty_area_rev().
 */
#ifndef FAULTLINE_CORE_MM_VMA_TREE_H
#define FAULTLINE_CORE_MM_VMA_TREE_H

#include "core/host/rcu.h"

struct vm_area_struct;
struct vma_node;

/* Lock key: (R) changed under mmap_lock for write, read there or under RCU (M) mmap_lock for write */
struct vma_tree {
	struct vma_node *root;		/* (R) */
	struct vma_node *reserve[2];	/* (M) spare inner nodes, and leaves; linked by their first slot */
	unsigned int nr_reserve[2];	/* (M) */
	unsigned int height;		/* (M) levels; 0 when empty */
	unsigned int nr_vmas;		/* (M) */
};

/* The first VMA whose end (its key) lies above @addr; NULL if there is none. Locking: mmap_lock or RCU. */
struct vm_area_struct *vma_tree_find(struct vma_tree *tree, unsigned long addr);
/* The last VMA whose end lies at or below @addr; NULL if there is none. Locking: mmap_lock or RCU. */
struct vm_area_struct *vma_tree_find_prev(struct vma_tree *tree, unsigned long addr);
/*
 * Makes sure that @inserts insertions can't fail for lack of memory. Returns 0 or -ENOMEM, with nothing changed.
 * Locking: mmap_lock for write, as for all functions below.
 */
int vma_tree_reserve(struct vma_tree *tree, unsigned int inserts);
/* @end is the VMA's key. Uses the reserve of at most one insertion; never fails. */
void vma_tree_insert(struct vma_tree *tree, struct vm_area_struct *vma, unsigned long end);
/* Removes the VMA whose key is @end. Needs no memory. */
void vma_tree_erase(struct vma_tree *tree, struct vm_area_struct *vma, unsigned long end);
/* The start of the VMA whose key is @end has moved. */
void vma_tree_start_moved(struct vma_tree *tree, unsigned long end);
/*
 * The end of the highest free range of @len bytes in [@floor, @top); 0 if there is none. No VMA begins below @floor.
 * Cost: logarithmic in the VMAs, plus the nodes that changed since a search passed them.
 */
unsigned long vma_tree_find_gap(struct vma_tree *tree, unsigned long len, unsigned long floor, unsigned long top);
/* Frees the nodes of an empty tree and its reserve. */
void vma_tree_destroy(struct vma_tree *tree);
/*
 * Dies unless keys ascend, lie within their node's bounds and equal their VMA's end, and the sums of gaps are right.
 * Returns the number of VMAs.
 */
unsigned int vma_tree_check(struct vma_tree *tree, unsigned long (*end_of)(const struct vm_area_struct *vma));

#endif
