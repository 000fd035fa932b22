/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limit_itree.c - what a reverse-map walk of one page cannot beat: the walk of an interval tree alone, with no lock, no
 * folio and no page table.
 */
#include "workloads/lib/workload.h"

#include <errno.h>

#define OP_WALKS	1000
#define MAX_PAGES	64ul	/* of a VMA */
#define RELATIVES	4	/* chains of equal range: a process and those it forked */

/* The chains and the VMAs they stand for, which are nothing but ranges. (T) */
struct itree {
	struct interval_tree tree;
	unsigned int nr;
	size_t size;
	struct vm_area_struct *vmas;
	struct anon_vma_chain chains[];
};

static void drop_tree(struct worker *worker)
{
	struct itree *itree = worker->data;

	if (!itree)
		return;
	node_free(itree->vmas, local_node(), itree->nr * sizeof(*itree->vmas));
	node_free(itree, local_node(), itree->size);
	worker->data = NULL;
}

static int make_tree(struct worker *worker)
{
	unsigned int nr = (unsigned int)worker->run->choice[0];
	size_t size = sizeof(struct itree) + nr * sizeof(struct anon_vma_chain);
	struct itree *itree = local_zalloc(size, CACHE_LINE);

	if (!itree)
		return -ENOMEM;
	worker->data = itree;
	itree->nr = nr;
	itree->size = size;
	itree->vmas = local_zalloc(nr * sizeof(*itree->vmas), CACHE_LINE);
	if (!itree->vmas) {
		drop_tree(worker);
		return -ENOMEM;
	}
	RB_INIT(&itree->tree);
	for (unsigned int i = 0; i < nr; i++) {
		struct vm_area_struct *vma = &itree->vmas[i];

		vma->vm_pgoff = i / RELATIVES * MAX_PAGES;
		vma->vm_end = MAX_PAGES << PAGE_SHIFT;
		itree->chains[i].vma = vma;
		anon_vma_interval_tree_insert(&itree->chains[i], &itree->tree);
	}
	return 0;
}

static int64_t walk(struct worker *worker)
{
	struct itree *itree = worker->data;
	unsigned long pages = (itree->nr + RELATIVES - 1) / RELATIVES * MAX_PAGES;
	int64_t found = 0;

	for (unsigned int i = 0; i < OP_WALKS; i++) {
		unsigned long index = rng_below(&worker->rng, pages);
		struct anon_vma_chain *avc;

		anon_vma_interval_tree_foreach(avc, &itree->tree, index, index)
			found++;
	}
	return found;
}

WORKLOAD(limit_itree,
	.what = "find the four VMAs of a page in an interval tree of one's own: bounds rmap_vs_fork",
	.item = "VMA",
	.flags = WORKLOAD_LIMIT,
	.nr_roles = 1,
	.roles = { { "walk", walk, NULL } },
	.nr_axes = 1,
	.axes = { { "vmas", 2, { 64, 16384 } } },
	.worker_setup = make_tree,
	.worker_teardown = drop_tree)
