/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree_gap.c - free ranges of a VMA tree, by summaries of its nodes that are computed on demand. */
#include "core/base/assert.h"
#include "core/mm/mm_types.h"
#include "core/mm/vma_node.h"

/* (T) all of it: the summary of some slots, from left to right */
struct sum {
	unsigned long low, high, gap;
};

static void sum_append(struct sum *sum, const struct sum *next)
{
	if (!next->high)
		return;
	if (!sum->high)
		sum->low = next->low;
	else
		sum->gap = max(sum->gap, next->low - sum->high);
	sum->gap = max(sum->gap, next->gap);
	sum->high = next->high;
}

/* The summary of slot @i of @node; that of a node there is valid. */
static struct sum sum_of_slot(const struct vma_node *node, unsigned int i)
{
	const struct vm_area_struct *vma = node->slot[i];
	const struct vma_node *child = node->slot[i];

	if (!node->slot[i])
		return (struct sum){ 0 };
	if (node->leaf)
		return (struct sum){ .low = vma->vm_start, .high = node->key[i] };
	return (struct sum){ .low = child->low, .high = child->high, .gap = child->gap };
}

static struct sum sum_of_node(const struct vma_node *node)
{
	struct sum sum = { 0 };

	for (unsigned int i = 0; i < node->nr; i++) {
		const struct sum next = sum_of_slot(node, i);

		sum_append(&sum, &next);
	}
	return sum;
}

void node_sum_up(struct vma_node *node)
{
	struct sum sum;

	if (node->summed)
		return;
	for (unsigned int i = 0; i < node->nr && !node->leaf; i++)
		if (node->slot[i])
			node_sum_up(node->slot[i]);
	sum = sum_of_node(node);
	node->low = sum.low;
	node->high = sum.high;
	node->gap = sum.gap;
	node->summed = true;
}

void node_check_sum(struct vma_node *node)
{
	struct sum sum;

	if (!node->summed)
		return;
	sum = sum_of_node(node);
	BUG_ON(sum.low != node->low || sum.high != node->high || sum.gap != node->gap);
}

void vma_tree_start_moved(struct vma_tree *tree, unsigned long end)
{
	struct vma_node *node = tree->root;

	while (true) {
		unsigned int i = 0;

		while (node->key[i] < end)
			i++;
		node->summed = false;
		if (node->leaf)
			return;
		node = node->slot[i];
	}
}

/* (T) all of it: a search from right to left */
struct gap_search {
	unsigned long len, top;
	unsigned long ceiling;		/* (T) free ranges end here at most: @top, or the lowest start so far */
};

/*
 * True if the range is found: it ends at the ceiling. Else the search has passed all of @node. A node is entered if it
 * has a large enough gap: in vain only where that lies above the top, which is at most one node per level.
 */
static bool find_gap_in(const struct vma_node *node, struct gap_search *search)
{
	for (unsigned int i = node->nr; i-- > 0;) {
		const struct sum below = sum_of_slot(node, i);

		if (!below.high || below.low >= search->top)
			continue;
		if (search->ceiling >= search->len && below.high <= search->ceiling - search->len)
			return true;
		if (!node->leaf && below.gap >= search->len && find_gap_in(node->slot[i], search))
			return true;
		search->ceiling = min(search->ceiling, below.low);
	}
	return false;
}

unsigned long vma_tree_find_gap(struct vma_tree *tree, unsigned long len, unsigned long floor, unsigned long top)
{
	struct gap_search search = { .len = len, .top = top, .ceiling = top };

	if (tree->root) {
		node_sum_up(tree->root);
		if (find_gap_in(tree->root, &search))
			return search.ceiling;
	}
	return search.ceiling >= floor + len ? search.ceiling : 0;
}
