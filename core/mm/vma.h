/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma.h - allocates, finds, splits and merges VMAs.
 *
 * Changes of the tree are made under mmap_lock for write, with each changed VMA write-locked, and need no memory once
 * vma_tree_reserve() has succeeded: an operation that has begun changes finishes.
 */
#ifndef FAULTLINE_CORE_MM_VMA_H
#define FAULTLINE_CORE_MM_VMA_H

#include "core/base/event.h"
#include "core/mm/mmap_lock.h"

DECLARE_EVENT(VMA_SPLIT);
DECLARE_EVENT(VMA_MERGE);

/* The properties of a VMA beside its range; neighbours with equal ones are merged. */
struct vma_kind {
	unsigned long flags;		/* VM_* */
	uint32_t name;			/* 0, or a name: see vm_name */
	struct file *file;		/* NULL: anonymous memory */
	unsigned long pgoff;		/* of a file: its first page */
	struct resv_map *resv;		/* its reservations of huge pages; NULL: none */
	bool huge_lost;			/* see vm_huge_lost */
	bool maybe_guard;		/* see vm_maybe_guard; neighbours may differ in it */
	bool soft_clean;		/* see vm_soft_clean; likewise */
	struct userfaultfd_ctx *uffd;	/* see vm_uffd */
};

static inline struct vma_kind vma_kind(const struct vm_area_struct *vma)
{
	return (struct vma_kind){ vma->vm_flags, vma->vm_name, vma->vm_file, vma->vm_pgoff, vma->vm_resv,
				   load_relaxed(&vma->vm_huge_lost), load_relaxed(&vma->vm_maybe_guard),
				   vma->vm_soft_clean, vma->vm_uffd };
}


/* A VMA in no tree, write-locked, with a reference to its file; NULL without memory. Locking: mmap_lock for write. */
struct vm_area_struct *vma_alloc(struct mm_struct *mm, unsigned long start, unsigned long end, struct vma_kind kind);
/* Frees a VMA that was never attached, or is detached; drops its reference to its file, which may free it. */
void vma_free(struct mm_struct *mm, struct vm_area_struct *vma);

/* Sets vm_flags and the fields derived from them. Locking: the VMA write-locked, or in no tree. */
void vma_set_flags(struct vm_area_struct *vma, unsigned long flags);
/*
 * Gives it to a userfaultfd, for @modes, of __VM_UFFD_FLAGS; or NULL and 0: to none, as a copy is whose userfaultfd
 * asked for no events. Locking: as vma_set_flags(). Source: fs/userfaultfd.c, userfaultfd_set_ctx().
 */
static inline void vma_set_uffd(struct vm_area_struct *vma, struct userfaultfd_ctx *ctx, unsigned long modes)
{
	vma->vm_uffd = ctx;
	vma_set_flags(vma, (vma->vm_flags & ~__VM_UFFD_FLAGS) | modes);
}

/* True if @pte, present, in @vma, is write-protected by its userfaultfd. Source: include/linux/userfaultfd_k.h. */
static inline bool userfaultfd_pte_wp(const struct vm_area_struct *vma, pte_t pte)
{
	return pte_uffd_wp(pte) && (vma->vm_flags & VM_UFFD_WP);
}

/* The first VMA that ends above @addr, whether it contains @addr or not. Locking: mmap_lock. Source: mm/mmap.c. */
static inline struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	mmap_assert_locked(mm);
	return vma_tree_find(&mm->tree, addr);
}

/* The VMA that contains @addr, or NULL. Locking: mmap_lock. */
static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

/* The first VMA that overlaps [@start, @end), or NULL. Locking: mmap_lock. */
static inline struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

/* True if a mapping at @addr meets no VMA, and no guard gap. Locking: mmap_lock. Source: mm/mmap.c. */
static inline bool range_is_free(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return addr <= TASK_SIZE - len && (!vma || addr + len <= vm_start_gap(vma));
}

/* The last VMA that ends at or below @addr, or NULL. Locking: mmap_lock. */
static inline struct vm_area_struct *find_vma_before(struct mm_struct *mm, unsigned long addr)
{
	mmap_assert_locked(mm);
	return vma_tree_find_prev(&mm->tree, addr);
}

/* Inserts a complete VMA into the tree, and into those of its file. Reserve: 1 insertion. */
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
/* Removes a write-locked VMA from the tree; on return no reader is inside it, and it may be freed. */
void vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma);

/* The reserve of one split. */
#define VMA_SPLIT_INSERTS	1

/*
 * split_vma - splits @vma in two at @addr, strictly inside it; @vma becomes the upper part. Returns the lower one, or
 * NULL without memory, with nothing changed. Reserve: VMA_SPLIT_INSERTS. Source: mm/vma.c, split_vma().
 */
struct vm_area_struct *split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr);

/*
 * vma_isolate - splits *@vmap so that it lies in [@start, @end); *@vmap becomes that part, write-locked. The caller
 * gives it @flags, and merges it with its neighbours. Returns 0; -ENOMEM without memory, or with too many VMAs, unless
 * the part will merge, so that a boundary moves; -EINVAL where a split is not allowed (vma_may_split()). After an error
 * the VMA may have been split at @start. Source: mm/vma.c, vma_modify().
 */
int vma_isolate(struct mm_struct *mm, struct vm_area_struct **vmap, unsigned long start, unsigned long end,
		unsigned long flags);

/*
 * vma_expand_down - @vma, write-locked, begins at @start, below where it did: nothing is mapped there. Source:
 * mm/vma.c, expand_downwards().
 */
void vma_expand_down(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start);

/*
 * vma_expand - if a neighbour of the free range [@start, @end) is of @kind, extends it over the range, and merges both
 * neighbours if both are. Returns the VMA that then contains the range, or NULL. Reserve: 1 insertion. Source:
 * mm/vma.c, vma_merge_new_range().
 */
struct vm_area_struct *vma_expand(struct mm_struct *mm, unsigned long start, unsigned long end, struct vma_kind kind);

/*
 * vma_merge_copied_range - the same for the range to which mremap() copies pages of @vma, with page number @pgoff at
 * @start. The merged VMA gets @vma's anon_vma if it has none. NULL also without memory. @vma may be freed, merged with
 * another. Reserve: 1 insertion. Source: mm/vma.c.
 */
struct vm_area_struct *vma_merge_copied_range(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
					      unsigned long end, unsigned long pgoff);

/*
 * vma_merge_extend - extends @vma by @delta bytes, over a free range, and merges it with adjacent VMAs. Returns the
 * VMA that contains all of it. Reserve: 1 insertion. Source: mm/vma.c.
 */
struct vm_area_struct *vma_merge_extend(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long delta);

/* Merges @vma with adjacent, equal neighbours. Returns the VMA that contains all of it. */
struct vm_area_struct *vma_merge_neighbours(struct mm_struct *mm, struct vm_area_struct *vma);

#endif
