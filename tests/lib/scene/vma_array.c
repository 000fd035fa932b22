/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_array.c - a VMA tree, and beside it a sorted array that must agree with it. */
#include "tests/lib/scene/vma_array.h"

#include <limits.h>
#include <string.h>

void vma_array_init(struct vma_array *array)
{
	memset(array, 0, sizeof(*array));
	for (unsigned int i = 0; i < MAX_VMAS; i++)
		array->spare[array->nr_spare++] = &array->memory[i];
}

/* How many VMAs end at or below @addr. */
static unsigned int rank_of(const struct vma_array *array, unsigned long addr)
{
	unsigned int low = 0, high = array->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (array->vma[mid]->vm_end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool vma_array_insert_reserved(struct vma_array *array, unsigned long end)
{
	unsigned int rank = rank_of(array, end);
	struct vm_area_struct *vma;

	if (!array->nr_spare || (rank && array->vma[rank - 1]->vm_end == end))
		return false;
	vma = array->spare[--array->nr_spare];
	vma->vm_end = end;
	vma_tree_insert(&array->tree, vma, end);
	memmove(&array->vma[rank + 1], &array->vma[rank], (array->nr - rank) * sizeof(array->vma[0]));
	array->vma[rank] = vma;
	array->nr++;
	return true;
}

bool vma_array_insert(struct vma_array *array, unsigned long end)
{
	BUG_ON(vma_tree_reserve(&array->tree, 1));
	return vma_array_insert_reserved(array, end);
}

void vma_array_erase(struct vma_array *array, unsigned int rank)
{
	struct vm_area_struct *vma = array->vma[rank];

	vma_tree_erase(&array->tree, vma, vma->vm_end);
	array->spare[array->nr_spare++] = vma;
	array->nr--;
	memmove(&array->vma[rank], &array->vma[rank + 1], (array->nr - rank) * sizeof(array->vma[0]));
}

void vma_array_destroy(struct vma_array *array)
{
	while (array->nr)
		vma_array_erase(array, array->nr - 1);
	BUG_ON(array->tree.root || array->tree.height);
	BUG_ON(vma_tree_find(&array->tree, 0) || vma_tree_find_prev(&array->tree, ULONG_MAX));
	vma_tree_destroy(&array->tree);
}

void vma_array_check_find(struct vma_array *array, unsigned long addr)
{
	unsigned int rank = rank_of(array, addr);

	BUG_ON(vma_tree_find(&array->tree, addr) != (rank < array->nr ? array->vma[rank] : NULL));
	BUG_ON(vma_tree_find_prev(&array->tree, addr) != (rank ? array->vma[rank - 1] : NULL));
}

void vma_array_check(struct vma_array *array)
{
	BUG_ON(vma_tree_check(&array->tree, vma_end_of) != array->nr);
	BUG_ON(array->tree.height > TALLEST);
}

unsigned long random_end(struct rng *rng, bool clustered)
{
	if (clustered)
		return ((rng_below(rng, 5) << 40) + rng_below(rng, 3000) + 1) << PAGE_SHIFT;
	return (rng_below(rng, 1ul << 35) + 1) << PAGE_SHIFT;
}
