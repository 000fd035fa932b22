/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree_gap.c - free ranges of a VMA tree, by the sums of its inner nodes' slots, computed on demand. */
#include <string.h>

#include "core/base/assert.h"
#include "core/mm/mm_types.h"
#include "core/mm/vma_node.h"

static void sum_append(struct vma_sum *sum, const struct vma_sum *next)
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

static struct vma_sum sum_of_node(struct vma_node *node);

/* The sum of slot @i of @node, which is not stale afterwards. Cost: what is stale below. */
static struct vma_sum sum_of_slot(struct vma_node *node, unsigned int i)
{
	const struct vm_area_struct *vma = node->slot[i];
	const struct vma_sum nothing = { 0 };

	if (node->leaf)
		return vma ? (struct vma_sum){ .low = vma->vm_start, .high = node->key[i] } : nothing;
	if (node->stale & 1u << i) {
		node->sum[i] = node->slot[i] ? sum_of_node(node->slot[i]) : nothing;
		node->stale &= ~(1u << i);
	}
	return node->sum[i];
}

static struct vma_sum sum_of_node(struct vma_node *node)
{
	struct vma_sum sum = { 0 };

	for (unsigned int i = 0; i < node->nr; i++) {
		const struct vma_sum next = sum_of_slot(node, i);

		sum_append(&sum, &next);
	}
	return sum;
}

/* The same by all VMAs below, whatever sums there are; checks those that are not stale. */
static struct vma_sum check_sums_in(const struct vma_node *node)
{
	struct vma_sum sum = { 0 };

	for (unsigned int i = 0; i < node->nr; i++) {
		const struct vm_area_struct *vma = node->slot[i];
		const struct vma_node *child = node->slot[i];
		struct vma_sum next = { 0 };

		if (node->slot[i] && node->leaf)
			next = (struct vma_sum){ .low = vma->vm_start, .high = node->key[i] };
		else if (node->slot[i])
			next = check_sums_in(child);
		if (!node->leaf && !(node->stale & 1u << i))
			BUG_ON(memcmp(&next, &node->sum[i], sizeof(next)) || (child && !child->leaf && child->stale));
		sum_append(&sum, &next);
	}
	return sum;
}

void node_check_sums(const struct vma_node *node)
{
	check_sums_in(node);
}

void vma_tree_start_moved(struct vma_tree *tree, unsigned long end)
{
	struct vma_node *node = tree->root;

	while (!node->leaf) {
		unsigned int i = 0;

		while (node->key[i] < end)
			i++;
		node_mark_stale(node, i);
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
static bool find_gap_in(struct vma_node *node, struct gap_search *search)
{
	for (unsigned int i = node->nr; i-- > 0;) {
		const struct vma_sum below = sum_of_slot(node, i);

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

	if (tree->root && find_gap_in(tree->root, &search))
		return search.ceiling;
	return search.ceiling >= floor + len ? search.ceiling : 0;
}
