/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma.c - VMAs made, found, split, merged. */
#include "core/mm/vma.h"

#include "core/base/typesafe.h"
#include "core/mm/mm.h"

/*
 * Two caches: a reader with a stale pointer writes to vm_refcnt, so memory that was ever a reference-counted VMA must
 * stay one. The others are freed after a grace period, or never looked at without mmap_lock.
 */
static struct typesafe_cache *vma_cache(const struct mm_struct *mm)
{
	return mm->pt.policy.vma_lock == VMA_LOCK_REFCNT ? vma_cache_refcnt : vma_cache_plain;
}

void vma_set_flags(struct vm_area_struct *vma, unsigned long flags)
{
	store_relaxed(&vma->vm_flags, flags);	/* rmap walks look without the locks */
	vma->vm_page_prot = flags & VM_ACCESS_FLAGS ? ENTRY_PRESENT | ENTRY_ACCESSED : ENTRY_PROTNONE | ENTRY_ACCESSED;
}

struct vm_area_struct *vma_alloc(struct mm_struct *mm, unsigned long start, unsigned long end, struct vma_kind kind)
{
	struct vm_area_struct *vma = typesafe_alloc(vma_cache(mm));

	if (!vma)
		return NULL;
	store_relaxed(&vma->vm_mm, mm);
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = start >> PAGE_SHIFT;
	store_relaxed(&vma->anon_vma, NULL);
	TAILQ_INIT(&vma->anon_vma_chain);
	vma->vm_name = kind.name;
	vma_set_flags(vma, kind.flags);
	vma_lock_init(mm, vma);
	vma_start_write(vma);
	return vma;
}

static void vma_free_rcu(struct rcu_head *head)
{
	typesafe_free(vma_cache_plain, rcu_cb_entry(head, struct vm_area_struct, vm_rcu));
}

void vma_free(struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (mm->pt.policy.vma_lock == VMA_LOCK_RWSEM)
		call_rcu(&vma->vm_rcu, vma_free_rcu);
	else
		typesafe_free(vma_cache(mm), vma);
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma_mark_attached(vma);
	vma_tree_insert(&mm->tree, vma, vma->vm_end);
	mm->map_count++;
	mm->total_vm += vma_pages(vma);
}

void vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma_tree_erase(&mm->tree, vma, vma->vm_end);
	vma_mark_detached(vma);
	mm->map_count--;
	mm->total_vm -= vma_pages(vma);
}

/* Locking: @vma write-locked. Reserve: 1 insertion. */
static void vma_move_end(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long end)
{
	vma_tree_erase(&mm->tree, vma, vma->vm_end);
	mm->total_vm += (end >> PAGE_SHIFT) - (vma->vm_end >> PAGE_SHIFT);
	vma->vm_end = end;
	vma_tree_insert(&mm->tree, vma, end);
}

/* The end is the key, so the start moves freely. Locking: @vma write-locked. */
static void vma_move_start(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start)
{
	mm->total_vm += (vma->vm_start >> PAGE_SHIFT) - (start >> PAGE_SHIFT);
	vma->vm_pgoff += (start >> PAGE_SHIFT) - (vma->vm_start >> PAGE_SHIFT);
	vma->vm_start = start;
}

struct vm_area_struct *split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *below;

	BUG_ON(addr <= vma->vm_start || addr >= vma->vm_end);
	below = vma_alloc(mm, vma->vm_start, addr, vma_kind(vma));
	if (!below)
		return NULL;
	vma_start_write(vma);
	SYNCPOINT("vma.split");
	vma_move_start(mm, vma, addr);
	vma_link(mm, below);
	count_event(EV_VMA_SPLIT);
	return below;
}

static bool vma_alike(const struct vm_area_struct *vma, struct vma_kind kind)
{
	return vma->vm_flags == kind.flags && vma->vm_name == kind.name;
}

/* @left ends where @right begins: @right takes it in, since that changes no key. */
static void vma_absorb(struct mm_struct *mm, struct vm_area_struct *left, struct vm_area_struct *right)
{
	unsigned long start = left->vm_start;

	vma_start_write(left);
	vma_start_write(right);
	SYNCPOINT("vma.merge");
	vma_unlink(mm, left);
	vma_move_start(mm, right, start);
	vma_free(mm, left);
}

struct vm_area_struct *vma_expand(struct mm_struct *mm, unsigned long start, unsigned long end, struct vma_kind kind)
{
	struct vm_area_struct *prev = find_vma_before(mm, start), *next = find_vma(mm, start);

	if (prev && (prev->vm_end != start || !vma_alike(prev, kind)))
		prev = NULL;
	if (next && (next->vm_start != end || !vma_alike(next, kind)))
		next = NULL;
	if (next) {
		vma_start_write(next);
		vma_move_start(mm, next, start);
		count_event(EV_VMA_MERGE);
		if (prev)
			vma_absorb(mm, prev, next);
		return next;
	}
	if (prev) {
		vma_start_write(prev);
		vma_move_end(mm, prev, end);
		count_event(EV_VMA_MERGE);
	}
	return prev;
}

struct vm_area_struct *vma_merge_neighbours(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = find_vma_before(mm, vma->vm_start), *next = find_vma(mm, vma->vm_end);
	bool merge_prev = prev && prev->vm_end == vma->vm_start && vma_alike(prev, vma_kind(vma));
	bool merge_next = next && next->vm_start == vma->vm_end && vma_alike(next, vma_kind(vma));

	if (merge_prev)
		vma_absorb(mm, prev, vma);
	if (merge_next)
		vma_absorb(mm, vma, next);
	if (merge_prev || merge_next)
		count_event(EV_VMA_MERGE);
	return merge_next ? next : vma;
}

struct vm_area_struct *vma_merge_extend(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long delta)
{
	vma_start_write(vma);
	vma_move_end(mm, vma, vma->vm_end + delta);
	return vma_merge_neighbours(mm, vma);
}
