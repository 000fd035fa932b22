/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma_tree.c - interval trees of chains.
 *
 * The red-black tree is libbsd's. It brings subtree_last up to date at the nodes it turns (RB_AUGMENT), from what is below
 * them; above the place where a node came or went that is done here, afterwards: every node whose subtree gained or lost
 * one is on the way from there to the root by then.
 */
#include "core/mm/anon_vma_tree.h"

#include "core/base/assert.h"
#include "core/mm/rmap.h"

static unsigned long subtree_last(const struct anon_vma_chain *avc)
{
	const struct anon_vma_chain *left = RB_LEFT(avc, rb), *right = RB_RIGHT(avc, rb);
	unsigned long last = avc->last;

	if (left)
		last = max(last, left->subtree_last);
	if (right)
		last = max(last, right->subtree_last);
	return last;
}

#undef RB_AUGMENT
#define RB_AUGMENT(avc)	((avc)->subtree_last = subtree_last(avc))

/*
 * No two are equal: of relatives, whose VMAs begin with the same page, the one that is linked later comes later. So fork's copy
 * comes after what it is copied from, for as long as fork takes; migrate.h relies on it.
 */
static int compare(const struct anon_vma_chain *a, const struct anon_vma_chain *b)
{
	return a->first < b->first ? -1 : 1;
}

RB_GENERATE_INTERNAL(anon_vma_tree, anon_vma_chain, rb, compare, static __attribute__((unused)))

static void augment_up(struct anon_vma_chain *avc)
{
	for (; avc; avc = RB_PARENT(avc, rb))
		avc->subtree_last = subtree_last(avc);
}

static unsigned long vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

void anon_vma_interval_tree_insert(struct anon_vma_chain *avc, struct anon_vma_tree *tree)
{
	struct anon_vma_chain *same;

	avc->first = avc->vma->vm_pgoff;
	avc->last = vma_last_pgoff(avc->vma);
	avc->subtree_last = avc->last;
	same = RB_INSERT(anon_vma_tree, tree, avc);
	BUG_ON(same);
	augment_up(avc);
}

void anon_vma_interval_tree_remove(struct anon_vma_chain *avc, struct anon_vma_tree *tree)
{
	struct anon_vma_chain *parent = RB_PARENT(avc, rb);

	ASSERT(avc->first == avc->vma->vm_pgoff && avc->last == vma_last_pgoff(avc->vma));
	RB_REMOVE(anon_vma_tree, tree, avc);
	augment_up(parent);
}

/* Below @node, whose subtree_last is at least @first: the leftmost that ends there, if it begins in time. */
static struct anon_vma_chain *search_below(struct anon_vma_chain *node, unsigned long first, unsigned long last)
{
	while (node) {
		struct anon_vma_chain *left = RB_LEFT(node, rb);

		if (left && left->subtree_last >= first) {
			node = left;	/* all further right begin later than what is found there */
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

struct anon_vma_chain *anon_vma_interval_tree_iter_first(const struct anon_vma_tree *tree, unsigned long first,
							 unsigned long last)
{
	struct anon_vma_chain *top = RB_ROOT(tree);

	return top && top->subtree_last >= first ? search_below(top, first, last) : NULL;
}

/* The node before which all below @node come, NULL when there is none: the first ancestor reached from its left. */
static struct anon_vma_chain *above(struct anon_vma_chain *node)
{
	struct anon_vma_chain *parent = RB_PARENT(node, rb);

	while (parent && RB_RIGHT(parent, rb) == node) {
		node = parent;
		parent = RB_PARENT(node, rb);
	}
	return parent;
}

struct anon_vma_chain *anon_vma_interval_tree_iter_next(struct anon_vma_chain *avc, unsigned long first, unsigned long last)
{
	do {
		struct anon_vma_chain *right = RB_RIGHT(avc, rb);

		if (right && right->subtree_last >= first)
			return search_below(right, first, last);
		avc = above(avc);
		if (!avc || avc->first > last)
			return NULL;
	} while (avc->last < first);
	return avc;
}

/* Dies unless all below @node is right, each first at least @min. Counts nodes in *nr; returns the number of black ones on any way down. */
static unsigned int check_below(const struct anon_vma_chain *node, unsigned long min, unsigned long *nr)
{
	unsigned int left, right;

	if (!node)
		return 1;
	BUG_ON(node->first != node->vma->vm_pgoff || node->last != vma_last_pgoff(node->vma));
	BUG_ON(node->first < min || node->subtree_last != subtree_last(node));
	for (const struct anon_vma_chain *child = RB_LEFT(node, rb); child; child = NULL)
		BUG_ON(RB_PARENT(child, rb) != node || child->first > node->first);
	for (const struct anon_vma_chain *child = RB_RIGHT(node, rb); child; child = NULL)
		BUG_ON(RB_PARENT(child, rb) != node);
	left = check_below(RB_LEFT(node, rb), min, nr);
	right = check_below(RB_RIGHT(node, rb), node->first, nr);
	BUG_ON(left != right);
	(*nr)++;
	return left + (RB_COLOR(node, rb) == RB_BLACK);
}

unsigned long anon_vma_interval_tree_check(const struct anon_vma_tree *tree)
{
	unsigned long nr = 0;

	check_below(RB_ROOT(tree), 0, &nr);
	return nr;
}
