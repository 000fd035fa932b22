/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_array.h - a VMA tree, and beside it a sorted array that must agree with it. Whatever differs dies. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_VMA_ARRAY_H
#define FAULTLINE_TESTS_LIB_SCENE_VMA_ARRAY_H

#include "core/base/rng.h"
#include "core/mm/mm_types.h"

#define MAX_VMAS	8192
#define TALLEST		8	/* 8 to the power of 8 is far above MAX_VMAS; a tree that high has gone wrong */

/* VMAs in order of their ends, and spare ones. */
struct vma_array {
	struct vma_tree tree;
	unsigned int nr, nr_spare;
	struct vm_area_struct *vma[MAX_VMAS], *spare[MAX_VMAS];
	struct vm_area_struct memory[MAX_VMAS];
};

/* Empty, whatever it was. */
void vma_array_init(struct vma_array *array);
/* Inserts a VMA with that end, reserve and all; false when one ends there already, or all are in use. */
bool vma_array_insert(struct vma_array *array, unsigned long end);
/* The same without the reserve: there is enough. */
bool vma_array_insert_reserved(struct vma_array *array, unsigned long end);
void vma_array_erase(struct vma_array *array, unsigned int rank);
/* Erases all and frees the tree. */
void vma_array_destroy(struct vma_array *array);
/* Dies unless both find the same for @addr, and before it. */
void vma_array_check_find(struct vma_array *array, unsigned long addr);
/* Dies unless the tree is right, holds what the array does, and is no taller than it may be. */
void vma_array_check(struct vma_array *array);
/* Ends all over the address space, or in a few places close together. */
unsigned long random_end(struct rng *rng, bool clustered);

static inline unsigned long vma_end_of(const struct vm_area_struct *vma)
{
	return vma->vm_end;
}

#endif
