/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_tree.c - interval trees of chains: a chain is in its tree with the range of its VMA. */
#include "core/mm/anon_vma_tree.h"

#include "core/base/assert.h"
#include "core/mm/rmap.h"

static unsigned long vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

static bool has_its_vmas_range(const struct anon_vma_chain *avc)
{
	return avc->node.first == avc->vma->vm_pgoff && avc->node.last == vma_last_pgoff(avc->vma);
}

void anon_vma_interval_tree_insert(struct anon_vma_chain *avc, struct interval_tree *tree)
{
	interval_tree_insert(tree, &avc->node, avc->vma->vm_pgoff, vma_last_pgoff(avc->vma));
}

void anon_vma_interval_tree_remove(struct anon_vma_chain *avc, struct interval_tree *tree)
{
	ASSERT(has_its_vmas_range(avc));
	interval_tree_remove(tree, &avc->node);
}

unsigned long anon_vma_interval_tree_check(const struct interval_tree *tree)
{
	struct anon_vma_chain *avc;
	unsigned long nr = interval_tree_check(tree);

	anon_vma_interval_tree_foreach(avc, tree, 0, ~0ul)
		BUG_ON(!has_its_vmas_range(avc));
	return nr;
}
