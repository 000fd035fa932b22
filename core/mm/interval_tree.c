/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interval_tree.c - a tree of ranges that may overlap.
 *
 * The red-black tree is libbsd's. It updates subtree_last at the nodes it rotates (RB_AUGMENT), from the nodes below
 * them; above the place of an inserted or removed node that is done here, afterwards: every node whose subtree gained
 * or lost one is then on the path from there to the root.
 */
#include "core/mm/interval_tree.h"

#include "core/base/assert.h"

static unsigned long subtree_last(const struct interval_node *node)
{
	const struct interval_node *left = RB_LEFT(node, rb), *right = RB_RIGHT(node, rb);
	unsigned long last = node->last;

	if (left)
		last = max(last, left->subtree_last);
	if (right)
		last = max(last, right->subtree_last);
	return last;
}

#undef RB_AUGMENT
#define RB_AUGMENT(node)	((node)->subtree_last = subtree_last(node))

/* No two are equal: of nodes with the same first page, the later insertion comes later. */
static int compare(const struct interval_node *new, const struct interval_node *there)
{
	return new->first < there->first ? -1 : 1;
}

RB_GENERATE_INTERNAL(interval_tree, interval_node, rb, compare, static __attribute__((unused)))

static void augment_up(struct interval_node *node)
{
	for (; node; node = RB_PARENT(node, rb))
		node->subtree_last = subtree_last(node);
}

void interval_tree_insert(struct interval_tree *tree, struct interval_node *node, unsigned long first,
			  unsigned long last)
{
	struct interval_node *same;

	BUG_ON(last < first);
	node->first = first;
	node->last = last;
	node->subtree_last = last;
	same = RB_INSERT(interval_tree, tree, node);
	BUG_ON(same);
	augment_up(node);
}

void interval_tree_remove(struct interval_tree *tree, struct interval_node *node)
{
	struct interval_node *parent = RB_PARENT(node, rb);

	RB_REMOVE(interval_tree, tree, node);
	augment_up(parent);
}

/* Below @node, whose subtree_last is at least @first: the first that does not end before, if it begins by @last. */
static struct interval_node *search_below(struct interval_node *node, unsigned long first, unsigned long last)
{
	while (node) {
		struct interval_node *left = RB_LEFT(node, rb);

		if (left && left->subtree_last >= first) {
			node = left;	/* all nodes further right begin later */
			continue;
		}
		if (node->first > last)
			return NULL;
		if (node->last >= first)
			return node;
		node = RB_RIGHT(node, rb);
		if (node && node->subtree_last < first)
			return NULL;
	}
	return NULL;
}

struct interval_node *interval_tree_iter_first(const struct interval_tree *tree, unsigned long first,
					       unsigned long last)
{
	struct interval_node *top = RB_ROOT(tree);

	return top && top->subtree_last >= first ? search_below(top, first, last) : NULL;
}

/* The successor of the whole subtree of @node, NULL if there is none: the first ancestor reached from its left. */
static struct interval_node *above(struct interval_node *node)
{
	struct interval_node *parent = RB_PARENT(node, rb);

	while (parent && RB_RIGHT(parent, rb) == node) {
		node = parent;
		parent = RB_PARENT(node, rb);
	}
	return parent;
}

struct interval_node *interval_tree_iter_next(struct interval_node *node, unsigned long first, unsigned long last)
{
	do {
		struct interval_node *right = RB_RIGHT(node, rb);

		if (right && right->subtree_last >= first)
			return search_below(right, first, last);
		node = above(node);
		if (!node || node->first > last)
			return NULL;
	} while (node->last < first);
	return node;
}

/*
 * Dies unless the subtree of @node is correct, each first at least @min. Counts nodes in *nr; returns the number of
 * black ones on any path down.
 */
static unsigned int check_below(const struct interval_node *node, unsigned long min, unsigned long *nr)
{
	const struct interval_node *child[2];
	unsigned int black[2];

	if (!node)
		return 1;
	child[0] = RB_LEFT(node, rb);
	child[1] = RB_RIGHT(node, rb);
	BUG_ON(node->first < min || node->last < node->first || node->subtree_last != subtree_last(node));
	BUG_ON(child[0] && child[0]->first > node->first);
	for (unsigned int i = 0; i < 2; i++) {
		BUG_ON(child[i] && RB_PARENT(child[i], rb) != node);
		black[i] = check_below(child[i], i ? node->first : min, nr);
	}
	BUG_ON(black[0] != black[1]);
	(*nr)++;
	return black[0] + (RB_COLOR(node, rb) == RB_BLACK);
}

unsigned long interval_tree_check(const struct interval_tree *tree)
{
	unsigned long nr = 0;

	check_below(RB_ROOT(tree), 0, &nr);
	return nr;
}
