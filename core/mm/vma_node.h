/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_node.h - nodes of the VMA tree, for the files that build it: vma_tree.c and vma_tree_pack.c. */
#ifndef FAULTLINE_CORE_MM_VMA_NODE_H
#define FAULTLINE_CORE_MM_VMA_NODE_H

#include "core/mm/vma_tree.h"
#include "core/probe/object.h"

#define NODE_SLOTS	15	/* head, keys and slots fill the first four cache lines; a split leaves 8 and 8 */
#define MAX_HEIGHT	16	/* 65530 VMAs need 6; the tree is packed long before */

/*
 * Lock key: (C) const once published (R) written under mmap_lock for write, read there or under RCU (M) mmap_lock for
 * write
 */
struct vma_node {
	unsigned short nr;		/* (C) slots in use, empty ones included */
	unsigned short leaf;		/* (C) */
	unsigned int home;		/* (C) NUMA node it was allocated on */
	unsigned long key[NODE_SLOTS];	/* (C) ascending */
	void *slot[NODE_SLOTS];		/* (R) VMA or node; NULL once erased */
	struct rcu_cb rcu;		/* (C) while not replaced */
	unsigned long low, high;	/* (M) the lowest start and the highest end of the VMAs below; 0 without VMAs */
	unsigned long gap;		/* (M) the largest free range between two of them */
	bool summed;			/* (M) low, high and gap are valid; not on a cache line of lookups */
	struct object_probe probe;	/* has its own lock key */
};

DECLARE_OBJECT_KIND(vma_node);

/*
 * Makes sure that @wanted nodes are in reserve. Returns 0 or -ENOMEM. Locking: mmap_lock for write, as for the rest.
 */
int reserve_nodes(struct vma_tree *tree, unsigned int wanted);
/* An empty node from the reserve, which has one. */
struct vma_node *reserve_pop(struct vma_tree *tree);
/* Frees an unreachable node, once the readers inside it have left. */
void node_retire(struct vma_node *node);

/* Adds a slot, above those in use. Locking: only its creator has @node. */
static inline void node_append(struct vma_node *node, unsigned long key, void *slot)
{
	node->key[node->nr] = key;
	node->slot[node->nr] = slot;
	node->nr++;
}

/* Makes the summaries of @node and of all nodes below valid. Cost: the nodes that changed since. */
void node_sum_up(struct vma_node *node);
/* Dies unless the summary of @node, whose children's are valid, is correct if it is marked valid. */
void node_check_sum(struct vma_node *node);

/* True if erasures have left it two levels taller than its VMAs need. */
bool vma_tree_too_tall(const struct vma_tree *tree);
/* Rebuilds the tree from full nodes. Returns 0, or -ENOMEM with nothing changed. */
int vma_tree_pack(struct vma_tree *tree);

#endif
