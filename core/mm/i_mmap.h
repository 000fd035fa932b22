/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i_mmap.h - the VMAs that map a file: its interval tree, and its updates by operations on VMAs.
 *
 * A VMA keeps vm_pgoff, and so its place here, wherever it moves to. It is in the tree from before it has entries
 * until all are cleared: a walk of all VMAs under i_mmap_rwsem misses none. While the lock is held a VMA stays linked,
 * with its range and its upper tables, and so does its mm.
 *
 * Source: mm/vma.c, mm/interval_tree.c.
 */
#ifndef FAULTLINE_CORE_MM_I_MMAP_H
#define FAULTLINE_CORE_MM_I_MMAP_H

#include "core/mm/address_space.h"
#include "core/mm/mm_types.h"

#define i_mmap_lock_write(mapping)	down_write(&(mapping)->i_mmap_rwsem)
#define i_mmap_unlock_write(mapping)	up_write(&(mapping)->i_mmap_rwsem)
#define i_mmap_lock_read(mapping)	down_read(&(mapping)->i_mmap_rwsem)
#define i_mmap_trylock_read(mapping)	down_read_trylock(&(mapping)->i_mmap_rwsem)
#define i_mmap_unlock_read(mapping)	up_read(&(mapping)->i_mmap_rwsem)
#define i_mmap_assert_locked(mapping)	assert_rwsem_held(&(mapping)->i_mmap_rwsem)

static inline struct vm_area_struct *i_mmap_vma(struct interval_node *node)
{
	return node ? container_of(node, struct vm_area_struct, i_mmap_node) : NULL;
}

/* Iterates over VMAs that map any of the pages @first … @last of the file, inclusive. Locking: i_mmap_rwsem. */
#define vma_interval_tree_foreach(vma, mapping, first, last) \
	for ((vma) = i_mmap_vma(interval_tree_iter_first(&(mapping)->i_mmap, (first), (last))); (vma); \
	     (vma) = i_mmap_vma(interval_tree_iter_next(&(vma)->i_mmap_node, (first), (last))))

/*
 * Adds @vma to the VMAs that map its file, or removes it; no effect without a file. On return from vma_unlink_file()
 * no walk is inside its page tables. Locking: mmap_lock for write, or @vma is detached. Source: mm/vma.c.
 */
void vma_link_file(struct vm_area_struct *vma);
void vma_unlink_file(struct vm_area_struct *vma);

/*
 * Around a change of @vma's vm_start, vm_end or vm_pgoff, with i_mmap_rwsem held for write between the two; no effect
 * without a file. Locking: mmap_lock for write, @vma write-locked. Source: mm/vma.c, vma_prepare(), vma_complete().
 */
void vma_file_pre_update(struct vm_area_struct *vma);
void vma_file_post_update(struct vm_area_struct *vma);
/* The second half if @new, not linked yet, was split off @vma: a walk finds each page in one of them at any time. */
void vma_file_post_split(struct vm_area_struct *new, struct vm_area_struct *vma);
/* The first half if @heir takes over @vma, which is unlinked: a walk finds both before, or one after. */
void vma_file_pre_merge(struct vm_area_struct *heir, struct vm_area_struct *vma);

#endif
