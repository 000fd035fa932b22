/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree_pack.c - rebuilds a VMA tree that has become too tall, from the bottom up. */
#include <errno.h>
#include <limits.h>

#include "core/mm/vma_node.h"

#define PACKED_SLOTS	10	/* of NODE_SLOTS: room for later insertions */

/* (T) all of it: a tree under construction; of each level the node that is not full yet */
struct packing {
	struct vma_tree *tree;
	struct vma_node *open[MAX_HEIGHT];
	unsigned int height;
};

/* Number of levels for @nr VMAs. */
static unsigned int packed_height(unsigned int nr)
{
	unsigned long fits = PACKED_SLOTS;
	unsigned int height = 1;

	for (; fits < nr; fits *= PACKED_SLOTS)
		height++;
	return height;
}

bool vma_tree_too_tall(const struct vma_tree *tree)
{
	return tree->height > packed_height(tree->nr_vmas) + 2;
}

/* Appends to the open node of @level; a full one is closed first, with its last key. */
static void pack_append(struct packing *packing, unsigned int level, unsigned long key, void *slot)
{
	struct vma_node *node = packing->open[level];

	if (node && node->nr == PACKED_SLOTS) {
		pack_append(packing, level + 1, node->key[node->nr - 1], node);
		node = NULL;
	}
	if (!node) {
		node = reserve_pop(packing->tree, level == 0);
		packing->open[level] = node;
		if (packing->height <= level)
			packing->height = level + 1;
	}
	node_append(node, key, slot);
}

static void pack_below(struct packing *packing, const struct vma_node *node)
{
	for (unsigned int i = 0; i < node->nr; i++) {
		if (node->slot[i] && node->leaf)
			pack_append(packing, 0, node->key[i], node->slot[i]);
		else if (node->slot[i])
			pack_below(packing, node->slot[i]);
	}
}

/* Closes the open nodes, each with the highest bound. Returns the root. */
static struct vma_node *pack_finish(struct packing *packing)
{
	unsigned int level = 0;

	for (; level + 1 < packing->height; level++)
		pack_append(packing, level + 1, ULONG_MAX, packing->open[level]);
	return packing->open[level];
}

static void retire_all(struct vma_node *node)
{
	for (unsigned int i = 0; i < node->nr && !node->leaf; i++)
		if (node->slot[i])
			retire_all(node->slot[i]);
	node_retire(node);
}

int vma_tree_pack(struct vma_tree *tree)
{
	struct packing packing = { .tree = tree };
	unsigned int leaves = tree->nr_vmas / PACKED_SLOTS + 1;
	struct vma_node *old = tree->root;

	/* A leaf for every ten VMAs, a node for every ten of those …, and one that is not full on each level. */
	if (reserve_nodes(tree, leaves, leaves / (PACKED_SLOTS - 1) + MAX_HEIGHT))
		return -ENOMEM;
	pack_below(&packing, old);
	/* ORDER[vma-tree:A] the new tree is complete before the root points to it. Pairs with ORDER[vma-tree:B]. */
	store_release(&tree->root, pack_finish(&packing));
	tree->height = packing.height;
	retire_all(old);
	return 0;
}
