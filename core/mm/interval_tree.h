/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interval_tree.h - a tree of ranges that may overlap: the VMAs that map a file, those of an anon_vma.
 *
 * A red-black tree of nodes, ordered by the first page number of their ranges and then by insertion, each node with
 * the greatest last one in its subtree. A node keeps its range from its insertion: a change of the underlying range
 * removes the node before, and inserts it after.
 *
 * All ranges are in pages and inclusive: [first, last]. Source: include/linux/interval_tree_generic.h.
 */
#ifndef FAULTLINE_CORE_MM_INTERVAL_TREE_H
#define FAULTLINE_CORE_MM_INTERVAL_TREE_H

#include <bsd/sys/tree.h>

#include "core/base/compiler.h"

/* Embedded in the tree's objects. Lock key: (L) the lock of its tree */
struct interval_node {
	RB_ENTRY(interval_node) rb;	/* (L) */
	unsigned long first, last;	/* (L) */
	unsigned long subtree_last;	/* (L) the greatest last of this node and those below */
};

/* All zero is an empty tree. */
RB_HEAD(interval_tree, interval_node);

/* Inserts a node that is in no tree into @tree, with the range [@first, @last]. Locking: the tree's, for write. */
void interval_tree_insert(struct interval_tree *tree, struct interval_node *node, unsigned long first,
			  unsigned long last);
void interval_tree_remove(struct interval_tree *tree, struct interval_node *node);
/*
 * The first node, in order, whose range overlaps [@first, @last]; the next one after @node; NULL if there is none.
 * Each step costs the height of the tree at most. Locking: the tree's.
 */
struct interval_node *interval_tree_iter_first(const struct interval_tree *tree, unsigned long first,
					       unsigned long last);
struct interval_node *interval_tree_iter_next(struct interval_node *node, unsigned long first, unsigned long last);

#define interval_tree_foreach(node, tree, first, last) \
	for ((node) = interval_tree_iter_first((tree), (first), (last)); (node); \
	     (node) = interval_tree_iter_next((node), (first), (last)))

/* Dies unless order, balance and subtree_last are correct. Returns the number of nodes. Locking: the tree's. */
unsigned long interval_tree_check(const struct interval_tree *tree);

#endif
