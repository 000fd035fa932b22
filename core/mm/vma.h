/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma.h - VMAs made, found, split, merged.
 *
 * All that changes the tree is done under mmap_lock for write, with each VMA touched write-locked, and needs no memory
 * once vma_tree_reserve() has succeeded: an operation that began changing things finishes.
 */
#ifndef FAULTLINE_CORE_MM_VMA_H
#define FAULTLINE_CORE_MM_VMA_H

#include "core/mm/mmap_lock.h"

/* What a VMA is apart from its range; neighbours merge when they agree in it. */
struct vma_kind {
	unsigned long flags;		/* VM_* */
	uint32_t name;			/* 0, or a name: see vm_name */
	struct file *file;		/* NULL: anonymous memory */
	unsigned long pgoff;		/* of a file: its page that comes first */
	struct resv_map *resv;		/* huge pages it was promised; NULL: none */
	bool huge_lost;			/* see vm_huge_lost */
	bool maybe_guard;		/* see vm_maybe_guard; neighbours may differ in it */
};

static inline struct vma_kind vma_kind(const struct vm_area_struct *vma)
{
	return (struct vma_kind){ vma->vm_flags, vma->vm_name, vma->vm_file, vma->vm_pgoff, vma->vm_resv,
				   load_relaxed(&vma->vm_huge_lost), load_relaxed(&vma->vm_maybe_guard) };
}

/* A VMA in no tree, write-locked, with a reference to its file; NULL when memory ran out. Locking: mmap_lock for write. */
struct vm_area_struct *vma_alloc(struct mm_struct *mm, unsigned long start, unsigned long end, struct vma_kind kind);
/* Frees a VMA that was never attached, or is detached; drops its reference to its file, which may go with it. */
void vma_free(struct mm_struct *mm, struct vm_area_struct *vma);

/* Changes vm_flags and what follows from them. Locking: the VMA write-locked, or in no tree. */
void vma_set_flags(struct vm_area_struct *vma, unsigned long flags);

/* The first VMA that ends above @addr, whether it holds @addr or not. Locking: mmap_lock. Source: mm/mmap.c. */
static inline struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	mmap_assert_locked(mm);
	return vma_tree_find(&mm->tree, addr);
}

/* The VMA that holds @addr, or NULL. Locking: mmap_lock. */
static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

/* The first VMA that shares an address with [@start, @end), or NULL. Locking: mmap_lock. */
static inline struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

/* The last VMA that ends at or below @addr, or NULL. Locking: mmap_lock. */
static inline struct vm_area_struct *find_vma_before(struct mm_struct *mm, unsigned long addr)
{
	mmap_assert_locked(mm);
	return vma_tree_find_prev(&mm->tree, addr);
}

/* Puts a complete VMA into the tree, and among those that map its file. Reserve: 1 insertion. */
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
/* Takes a write-locked VMA out of the tree; on return no reader is inside it, and it may be freed. */
void vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma);

/* What splits need of the tree's reserve. */
#define VMA_SPLIT_INSERTS	1

/*
 * split_vma - make two VMAs of @vma at @addr, strictly inside it; @vma becomes the upper part. Returns the lower one, or NULL
 * for want of memory, with nothing changed. Reserve: VMA_SPLIT_INSERTS. Source: mm/vma.c, split_vma().
 */
struct vm_area_struct *split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr);

/*
 * vma_isolate - split *@vmap so that it lies in [@start, @end); *@vmap becomes that part, write-locked. Returns 0;
 * -ENOMEM without memory or with too many VMAs; -EINVAL where a split is not allowed (vma_may_split()). After an
 * error the VMA may have been split at @start. Source: mm/vma.c, vma_modify().
 */
int vma_isolate(struct mm_struct *mm, struct vm_area_struct **vmap, unsigned long start, unsigned long end);

/*
 * vma_expand - if a neighbour of the free range [@start, @end) is of @kind, extend it over the range, and join both
 * neighbours if both are. Returns the VMA that holds the range now, or NULL. Reserve: 1 insertion.
 * Source: mm/vma.c, vma_merge_new_range().
 */
struct vm_area_struct *vma_expand(struct mm_struct *mm, unsigned long start, unsigned long end, struct vma_kind kind);

/*
 * vma_merge_copied_range - the same for the range that mremap() copies pages of @vma to, with page number @pgoff at
 * @start. The merged VMA gets @vma's anon_vma if it has none. NULL also for want of memory. @vma may be gone, merged
 * with another. Reserve: 1 insertion. Source: mm/vma.c.
 */
struct vm_area_struct *vma_merge_copied_range(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
					      unsigned long end, unsigned long pgoff);

/*
 * vma_merge_extend - make @vma longer by @delta bytes, over a range that is free, and join it with what it then touches. Returns the
 * VMA that holds all of it. Reserve: 1 insertion. Source: mm/vma.c.
 */
struct vm_area_struct *vma_merge_extend(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long delta);

/* Joins @vma with its neighbours where they are alike and touch. Returns the VMA that holds all of it. */
struct vm_area_struct *vma_merge_neighbours(struct mm_struct *mm, struct vm_area_struct *vma);

#endif
