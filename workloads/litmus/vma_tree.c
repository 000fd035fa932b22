/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree.c - a VMA is complete before a slot of the VMA tree points to it, and read through the slot (vma_tree.c). */
#include "workloads/lib/litmus.h"

#define START		0x1000u

enum { TREE_A = 1, TREE_B = 2, FILL_FIRST = 4 };

struct vma_tree_words {
	shared_u32 slot;
	shared_u32 vm_start;
};

static void begin(struct vma_tree_words *s)
{
	store_relaxed(&s->slot, 0u);
	store_relaxed(&s->vm_start, 0u);
}

static force_inline bool insert(struct vma_tree_words *s, unsigned int removed)
{
	if (removed & FILL_FIRST)
		store_relaxed(&s->slot, 1u);
	store_relaxed(&s->vm_start, START);
	if (removed & TREE_A)
		store_relaxed(&s->slot, 1u);
	else
		store_release(&s->slot, 1u);
	return true;
}

static force_inline bool find(struct vma_tree_words *s, unsigned int removed)
{
	uint32_t slot = removed & TREE_B ? load_relaxed(&s->slot) : load_acquire(&s->slot);

	return slot && load_relaxed(&s->vm_start) != START;
}

LITMUS(vma_tree, begin, insert, find,
	.name = "vma-tree",
	.forbidden = "a lookup of an incomplete VMA",
	.went_on = { "inserted", "found it incomplete" },
	.gave_up = { "", "found it complete, or not at all" },
	.parts = {
		{ "vma-tree:A", "stores become visible in order" },
		{ "vma-tree:B", "loads are done in order" },
		{ "fill-first", NULL },
	})
