/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_node.h - nodes of the VMA tree, for the files that build and search it: vma_tree*.c. */
#ifndef FAULTLINE_CORE_MM_VMA_NODE_H
#define FAULTLINE_CORE_MM_VMA_NODE_H

#include "core/mm/vma_tree.h"
#include "core/probe/object.h"

#define NODE_SLOTS	15	/* head, keys and slots fill the first four cache lines; a split leaves 8 and 8 */
#define MAX_HEIGHT	16	/* 65530 VMAs need 6; the tree is packed long before */

/* The VMAs below a slot: the lowest start, the highest end, the largest free range between two. All 0 without VMAs. */
struct vma_sum {
	unsigned long low, high, gap;	/* (M) */
};

/*
 * Conservation: the sum of a slot that is not stale is that of the VMAs below it, and nothing below it is stale.
 *
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
	uint32_t stale;			/* (M) a bit for each slot whose sum is outdated; not on a line of lookups */
	struct object_probe probe;	/* has its own lock key */
	struct vma_sum sum[];		/* (M) NODE_SLOTS of them; a leaf has none */
};

static inline size_t vma_node_size(bool leaf)
{
	return sizeof(struct vma_node) + (leaf ? 0 : NODE_SLOTS * sizeof(struct vma_sum));
}

DECLARE_OBJECT_KIND(vma_node);

/*
 * Makes sure that so many leaves and inner nodes are in reserve. Returns 0 or -ENOMEM. Locking: mmap_lock for write, as
 * for the rest.
 */
int reserve_nodes(struct vma_tree *tree, unsigned int leaves, unsigned int inner);
/* An empty node from the reserve, which has one. */
struct vma_node *reserve_pop(struct vma_tree *tree, bool leaf);
/* Frees an unreachable node, once the readers inside it have left. */
void node_retire(struct vma_node *node);

/* Something below slot @i changes. */
static inline void node_mark_stale(struct vma_node *node, unsigned int i)
{
	node->stale |= 1u << i;
}

/* Adds a slot, above those in use, whose sum is stale. Locking: only its creator has @node. */
static inline void node_append(struct vma_node *node, unsigned long key, void *slot)
{
	node->key[node->nr] = key;
	node->slot[node->nr] = slot;
	node_mark_stale(node, node->nr);
	node->nr++;
}

/* Dies unless the sums of @node that are not stale are correct. Cost: all VMAs below. */
void node_check_sums(const struct vma_node *node);

/* True if erasures have left it two levels taller than its VMAs need. */
bool vma_tree_too_tall(const struct vma_tree *tree);
/* Rebuilds the tree from full nodes. Returns 0, or -ENOMEM with nothing changed. */
int vma_tree_pack(struct vma_tree *tree);

#endif
