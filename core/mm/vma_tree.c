/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree.c - the VMAs of an mm in order of address. */
#include "core/mm/vma_node.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/host/arena.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_OBJECT_KIND(vma_node, "VMA tree nodes");

/* A child's search found nothing: its VMAs all end at or below @addr, so the next child's first one is the result. */
static struct vm_area_struct *find_in(struct vma_node *node, unsigned long addr)
{
	object_seen(&kind_vma_node, &node->probe, node);
	ASSERT(node->nr && node->nr <= NODE_SLOTS);	/* a freed node is poisoned */
	for (unsigned int i = 0; i < node->nr; i++) {
		void *slot;

		if (node->key[i] <= addr)
			continue;
		/* ORDER[vma-tree:B] reads the slot with acquire, then its node or VMA. Pairs with ORDER[vma-tree:A]. */
		slot = load_acquire(&node->slot[i]);
		if (slot && !node->leaf)
			slot = find_in(slot, addr);
		if (slot)
			return slot;
	}
	return NULL;
}

struct vm_area_struct *vma_tree_find(struct vma_tree *tree, unsigned long addr)
{
	/* ORDER[vma-tree:B] before the root node is read; pairs with ORDER[vma-tree:A] in vma_tree_pack.c. */
	struct vma_node *root = load_acquire(&tree->root);

	return root ? find_in(root, addr) : NULL;
}

static struct vm_area_struct *find_prev_in(struct vma_node *node, unsigned long addr)
{
	for (unsigned int i = node->nr; i-- > 0;) {
		void *slot;

		/*
		 * A leaf's keys are exact; an inner key only bounds: candidates lie below it and above the one before.
		 */
		if (node->leaf ? node->key[i] > addr : i && node->key[i - 1] >= addr)
			continue;
		/* ORDER[vma-tree:B] as in find_in(); pairs with ORDER[vma-tree:A]. */
		slot = load_acquire(&node->slot[i]);
		if (slot && !node->leaf)
			slot = find_prev_in(slot, addr);
		if (slot)
			return slot;
	}
	return NULL;
}

struct vm_area_struct *vma_tree_find_prev(struct vma_tree *tree, unsigned long addr)
{
	/* ORDER[vma-tree:B] before the root node is read; pairs with ORDER[vma-tree:A] in vma_tree_pack.c. */
	struct vma_node *root = load_acquire(&tree->root);

	return root ? find_prev_in(root, addr) : NULL;
}

/* ---- nodes ---- */

struct vma_node *reserve_pop(struct vma_tree *tree, bool leaf)
{
	struct vma_node *node = tree->reserve[leaf];

	BUG_ON(!node);
	tree->reserve[leaf] = node->slot[0];
	tree->nr_reserve[leaf]--;
	node->nr = 0;
	return node;
}

/* Of nodes that were never in the tree no age is known. */
static void node_give_back(struct vma_node *node)
{
	object_freed(&kind_vma_node, &node->probe, node, 1);
	node_free(node, node->home, vma_node_size(node->leaf));
}

static void node_free_rcu(struct rcu_head *head)
{
	node_give_back(rcu_cb_entry(head, struct vma_node, rcu));
}

DEFINE_KNOCKOUT(VMA_TREE_GRACE,
	.name = "vma-tree:grace",
	.removes = "the grace period before a replaced node of the VMA tree is freed",
	.breaks = "a VMA lookup in freed memory",
	.detected_by = "ages; poisoned nodes, AddressSanitizer, ThreadSanitizer",
	.hunt = "explore anon_vma_vs_reuse",
	.mirrors = "mm: enable maple tree RCU mode by default");

void node_retire(struct vma_node *node)
{
	object_unlinked(&kind_vma_node, &node->probe, node);
	if (KNOCKED_OUT(VMA_TREE_GRACE))
		node_free_rcu(&node->rcu.head);
	else
		call_rcu(&node->rcu, node_free_rcu);
}

static int reserve_kind(struct vma_tree *tree, bool leaf, unsigned int wanted)
{
	while (tree->nr_reserve[leaf] < wanted) {
		struct vma_node *node = local_zalloc(vma_node_size(leaf), CACHE_LINE);

		if (!node)
			return -ENOMEM;
		object_linked(&kind_vma_node, &node->probe, node);
		node->home = local_node();
		node->leaf = leaf;
		node->slot[0] = tree->reserve[leaf];
		tree->reserve[leaf] = node;
		tree->nr_reserve[leaf]++;
	}
	return 0;
}

int reserve_nodes(struct vma_tree *tree, unsigned int leaves, unsigned int inner)
{
	int err = reserve_kind(tree, true, leaves);

	return err ? err : reserve_kind(tree, false, inner);
}

int vma_tree_reserve(struct vma_tree *tree, unsigned int inserts)
{
	if (vma_tree_too_tall(tree) && vma_tree_pack(tree))
		return -ENOMEM;
	/*
	 * An insertion replaces a path, and splits each node on it and the root at worst; the tree may grow by one
	 * level.
	 */
	return reserve_nodes(tree, 2 * inserts, inserts * (2 * (tree->height + inserts) - 1));
}

/* One or two nodes that replace one; the bounds below which each lies. */
struct replacement {
	struct vma_node *node[2];
	unsigned long key[2];
	unsigned int nr;
};

/* @key and @slot replace the slots of a node: a copy under construction, longer than a node. */
struct draft {
	unsigned long key[NODE_SLOTS + 1];
	void *slot[NODE_SLOTS + 1];
	const struct vma_sum *sum[NODE_SLOTS + 1];	/* NULL: stale */
	unsigned int nr;
};

static void draft_append(struct draft *draft, unsigned long key, void *slot)
{
	draft->key[draft->nr] = key;
	draft->slot[draft->nr] = slot;
	draft->sum[draft->nr] = NULL;
	draft->nr++;
}

/* Adds slot @i of inner node @old as it is. */
static void draft_copy(struct draft *draft, const struct vma_node *old, unsigned int i)
{
	draft_append(draft, old->key[i], old->slot[i]);
	if (!(old->stale & 1u << i))
		draft->sum[draft->nr - 1] = &old->sum[i];
}

static void draft_emit(const struct draft *draft, unsigned int i, struct vma_node *node)
{
	node_append(node, draft->key[i], draft->slot[i]);
	if (draft->sum[i]) {
		node->sum[node->nr - 1] = *draft->sum[i];
		node->stale &= ~(1u << (node->nr - 1));
	}
}

/* Makes nodes of @draft, whose last key becomes @bound if it is an inner node's. */
static void draft_finish(struct vma_tree *tree, const struct draft *draft, bool leaf, unsigned long bound,
			 struct replacement *out)
{
	unsigned int half = draft->nr > NODE_SLOTS ? draft->nr / 2 : draft->nr, done = 0;

	for (out->nr = 0; done < draft->nr; out->nr++) {
		struct vma_node *node = reserve_pop(tree, leaf);
		unsigned int stop = out->nr ? draft->nr : half;

		for (; done < stop; done++)
			draft_emit(draft, done, node);
		out->node[out->nr] = node;
		out->key[out->nr] = done < draft->nr ? draft->key[done - 1] : bound;
	}
}

/* A copy of leaf @old without its empty slots, with (@end, @vma) in its place. @old may be NULL. */
static void leaf_with(struct vma_tree *tree, struct vma_node *old, struct vm_area_struct *vma, unsigned long end,
		      unsigned long bound, struct replacement *out)
{
	struct draft draft = { .nr = 0 };
	bool placed = false;

	for (unsigned int i = 0; old && i < old->nr; i++) {
		if (!old->slot[i])
			continue;
		if (!placed && end < old->key[i]) {
			draft_append(&draft, end, vma);
			placed = true;
		}
		draft_append(&draft, old->key[i], old->slot[i]);
	}
	if (!placed)
		draft_append(&draft, end, vma);
	draft_finish(tree, &draft, true, bound, out);
}

/*
 * A copy of inner node @old with @child's two nodes in slot @at. Empty slots are dropped, and the next slot covers
 * their range; but the last one stays, since a node before it has no key up to the bound.
 */
static void inner_with(struct vma_tree *tree, struct vma_node *old, unsigned int at, const struct replacement *child,
		       unsigned long bound, struct replacement *out)
{
	struct draft draft = { .nr = 0 };

	for (unsigned int i = 0; i < old->nr; i++) {
		if (i == at) {
			draft_append(&draft, child->key[0], child->node[0]);
			draft_append(&draft, child->key[1], child->node[1]);
		} else if (old->slot[i] || i + 1 == old->nr) {
			draft_copy(&draft, old, i);
		}
	}
	draft_finish(tree, &draft, false, bound, out);
}

/* Replaced nodes that are reachable until a copy further up is published. At most two per level. */
struct insertion {
	struct vma_tree *tree;
	struct vm_area_struct *vma;
	unsigned long end;
	unsigned int nr_old;
	struct vma_node *old[2 * MAX_HEIGHT];
};

/* Publishes @value, and retires nodes that become unreachable. */
static void insertion_publish(struct insertion *ins, void **slot, void *value)
{
	/* ORDER[vma-tree:A] the subtree is complete before the slot points to it. Pairs with ORDER[vma-tree:B]. */
	store_release(slot, value);
	while (ins->nr_old)
		node_retire(ins->old[--ins->nr_old]);
}

/*
 * Inserts the VMA below @node, whose ends lie at most at @bound. @out->nr: 0 done in place, else @out replaces @node.
 */
static void insert_in(struct insertion *ins, struct vma_node *node, unsigned long bound, struct replacement *out)
{
	struct replacement child;
	struct vma_node *old;
	unsigned int i = 0;

	if (node->leaf) {
		leaf_with(ins->tree, node, ins->vma, ins->end, bound, out);
		return;
	}
	while (node->key[i] < ins->end)
		i++;
	node_mark_stale(node, i);
	old = node->slot[i];
	if (old)
		insert_in(ins, old, node->key[i], &child);
	else	/* an emptied subtree: a leaf replaces it, however high up */
		leaf_with(ins->tree, NULL, ins->vma, ins->end, node->key[i], &child);
	out->nr = 0;
	if (child.nr && old)
		ins->old[ins->nr_old++] = old;
	if (child.nr == 1)
		insertion_publish(ins, &node->slot[i], child.node[0]);
	else if (child.nr == 2)
		inner_with(ins->tree, node, i, &child, bound, out);
}

void vma_tree_insert(struct vma_tree *tree, struct vm_area_struct *vma, unsigned long end)
{
	struct insertion ins = { .tree = tree, .vma = vma, .end = end };
	struct vma_node *old = tree->root, *root;
	struct replacement out;

	SYNCPOINT("vma_tree.insert");
	tree->nr_vmas++;
	if (old)
		insert_in(&ins, old, ULONG_MAX, &out);
	else
		leaf_with(tree, NULL, vma, end, ULONG_MAX, &out);
	if (!out.nr)
		return;
	root = out.node[0];
	if (out.nr == 2) {
		root = reserve_pop(tree, false);
		node_append(root, out.key[0], out.node[0]);
		node_append(root, out.key[1], out.node[1]);
	}
	if (!old || out.nr == 2)
		tree->height++;
	BUG_ON(tree->height > MAX_HEIGHT);
	if (old)
		ins.old[ins.nr_old++] = old;
	insertion_publish(&ins, (void **)&tree->root, root);
}

static bool node_empty(const struct vma_node *node)
{
	for (unsigned int i = 0; i < node->nr; i++)
		if (node->slot[i])
			return false;
	return true;
}

/* Returns true if @node becomes empty. */
static bool erase_in(struct vma_node *node, struct vm_area_struct *vma, unsigned long end)
{
	unsigned int i = 0;
	void *slot;

	while (node->key[i] < end && i + 1 < node->nr)
		i++;
	node_mark_stale(node, i);
	slot = node->slot[i];
	BUG_ON(!slot || (node->leaf && (slot != vma || node->key[i] != end)));
	if (!node->leaf && !erase_in(slot, vma, end))
		return false;
	/*
	 * ORDER[maps-seq:A] after mm_lock_seq is odd. A reader that misses the VMA finds that; pairs with
	 * ORDER[maps-seq:B] in maps.c, after the acquire of the slot. Weaker: a gap where there is none.
	 */
	store_release(&node->slot[i], NULL);
	if (!node->leaf)
		node_retire(slot);
	return node_empty(node);
}

void vma_tree_erase(struct vma_tree *tree, struct vm_area_struct *vma, unsigned long end)
{
	struct vma_node *root = tree->root;

	SYNCPOINT("vma_tree.erase");
	BUG_ON(!root);
	tree->nr_vmas--;
	if (!erase_in(root, vma, end))
		return;
	/* ORDER[maps-seq:A] as in erase_in(). */
	store_release(&tree->root, NULL);
	tree->height = 0;
	node_retire(root);
}

void vma_tree_destroy(struct vma_tree *tree)
{
	BUG_ON(tree->root);
	for (unsigned int leaf = 0; leaf < 2; leaf++)
		while (tree->nr_reserve[leaf])
			node_give_back(reserve_pop(tree, leaf));
}

/* Returns the number of VMAs below @node, whose ends lie in (@above, @bound]. */
static unsigned int check_in(struct vma_node *node, unsigned long above, unsigned long bound,
			     unsigned long (*end_of)(const struct vm_area_struct *vma))
{
	unsigned int vmas = 0;

	BUG_ON(!node->nr || node->nr > NODE_SLOTS);
	for (unsigned int i = 0; i < node->nr; i++) {
		BUG_ON(node->key[i] <= above || node->key[i] > bound);
		if (node->slot[i] && node->leaf) {
			BUG_ON(end_of(node->slot[i]) != node->key[i]);
			vmas++;
		} else if (node->slot[i]) {
			vmas += check_in(node->slot[i], above, node->key[i], end_of);
		}
		above = node->key[i];
	}
	BUG_ON(!node->leaf && node->key[node->nr - 1] != bound);
	return vmas;
}

unsigned int vma_tree_check(struct vma_tree *tree, unsigned long (*end_of)(const struct vm_area_struct *vma))
{
	unsigned int vmas = tree->root ? check_in(tree->root, 0, ULONG_MAX, end_of) : 0;

	if (tree->root)
		node_check_sums(tree->root);
	return vmas;
}
