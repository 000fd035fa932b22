/* SPDX-License-Identifier: GPL-2.0-or-later */
/* i_mmap.c - the VMAs that map a file. */
#include "core/mm/i_mmap.h"

/* Locking: i_mmap_rwsem for write. */
static void insert_vma(struct vm_area_struct *vma)
{
	assert_rwsem_held_write(&vma->vm_file->mapping.i_mmap_rwsem);
	interval_tree_insert(&vma->vm_file->mapping.i_mmap, &vma->i_mmap_node, vma->vm_pgoff,
			     vma->vm_pgoff + vma_pages(vma) - 1);
}

/* Locking: i_mmap_rwsem for write. */
static void remove_vma(struct vm_area_struct *vma)
{
	assert_rwsem_held_write(&vma->vm_file->mapping.i_mmap_rwsem);
	ASSERT(vma->i_mmap_node.first == vma->vm_pgoff && vma->i_mmap_node.last == vma->vm_pgoff + vma_pages(vma) - 1);
	interval_tree_remove(&vma->vm_file->mapping.i_mmap, &vma->i_mmap_node);
}

void vma_link_file(struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	i_mmap_lock_write(&vma->vm_file->mapping);
	insert_vma(vma);
	i_mmap_unlock_write(&vma->vm_file->mapping);
}

void vma_unlink_file(struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	i_mmap_lock_write(&vma->vm_file->mapping);
	remove_vma(vma);
	i_mmap_unlock_write(&vma->vm_file->mapping);
}

void vma_file_pre_update(struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	i_mmap_lock_write(&vma->vm_file->mapping);
	remove_vma(vma);
}

void vma_file_post_update(struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	insert_vma(vma);
	i_mmap_unlock_write(&vma->vm_file->mapping);
}

void vma_file_post_split(struct vm_area_struct *new, struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	insert_vma(new);
	vma_file_post_update(vma);
}

void vma_file_pre_merge(struct vm_area_struct *heir, struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	vma_file_pre_update(heir);
	remove_vma(vma);
}
