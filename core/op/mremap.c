/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap.c - extends, shrinks and moves mappings.
 *
 * A move allocates all memory that it needs, except for page tables, before it changes anything: the range to move
 * becomes a VMA of its own, a copy of that VMA is inserted at the new range, with the same anon_vmas, and the entries
 * are moved to it. Without memory for tables, they are moved back, and the copy is removed. Else the old VMA is
 * unmapped, which needs no memory, and last the copy is merged with its neighbours. (Linux merges first, and then has
 * more to undo.)
 *
 * Pages keep their index (page->index), so the copy of a VMA that has pages keeps vm_pgoff: an rmap walk computes the
 * correct new address from it. A VMA that never had any gets the number of its new address, and so can merge there.
 */
#include "core/op/mremap.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/hugetlb.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/mlock.h"
#include "core/op/mmap.h"
#include "core/op/move_page_tables.h"
#include "core/op/munmap.h"
#include "core/op/populate.h"
#include "core/op/uffd_event.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MREMAP_BACK, "moves of mappings undone: out of memory");
DEFINE_EVENT(MREMAP, "mremap");

#define KNOWN_FLAGS	(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)

/* VMAs that a move may add temporarily: two splits and a copy. Source: mm/mremap.c, prep_move_vma(). */
#define MOVE_VMAS	3

/* (T) what is reported at the end of a call */
struct remap_events {
	struct uffd_unmaps unmap_early, unmap;	/* what was mapped there, and the rest */
	struct uffd_remap remap;
};

/* (T) all of it: one call, or the part of it that is in one VMA */
struct vma_remap {
	struct mm_struct *mm;
	struct vm_area_struct *vma;		/* contains addr; NULL if none does */
	unsigned long addr, old_len, new_len;	/* page aligned */
	unsigned long new_addr;
	int flags;				/* MREMAP_* */
	bool unlocked;				/* mmap_lock was dropped already */
	struct remap_events *events;
	bool mlocked;				/* it is locked memory, and what is added is faulted in */
};

static bool implies_new_addr(const struct vma_remap *r)
{
	return r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

static bool overlaps(const struct vma_remap *r)
{
	return r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr;
}

/* The checks without VMAs, except for their number. Source: mm/mremap.c, check_mremap_params(). */
static int check_params(const struct vma_remap *r)
{
	if ((r->flags & ~KNOWN_FLAGS) || !IS_ALIGNED(r->addr, PAGE_SIZE))
		return -EINVAL;
	if (!r->new_len || r->new_len > TASK_SIZE)
		return -EINVAL;
	if (!implies_new_addr(r))
		return 0;
	if (r->new_addr > TASK_SIZE - r->new_len || !IS_ALIGNED(r->new_addr, PAGE_SIZE))
		return -EINVAL;
	if (!(r->flags & MREMAP_MAYMOVE) || overlaps(r))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && r->old_len != r->new_len)
		return -EINVAL;
	return 0;
}

/*
 * Whole huge pages, and not more than are mapped, as no more are reserved; none stay at the old range. Source:
 * mm/mremap.c, check_prep_vma().
 */
static bool align_hugetlb(struct vma_remap *r)
{
	unsigned long size = huge_page_size(hstate_vma(r->vma));

	r->old_len = ALIGN_UP(r->old_len, size);
	r->new_len = ALIGN_UP(r->new_len, size);
	return IS_ALIGNED(r->addr | r->new_addr, size) && r->new_len <= r->old_len &&
	       !(r->flags & MREMAP_DONTUNMAP);
}

/* Checks that the operation is possible on the VMA. Source: mm/mremap.c, check_prep_vma(). */
static int check_vma(struct vma_remap *r)
{
	if (!r->vma)
		return -EFAULT;
	if (vma_is_sealed(r->vma))
		return -EPERM;
	if (is_vm_hugetlb_page(r->vma) && !align_hugetlb(r))
		return -EINVAL;
	if (r->old_len > r->new_len && r->old_len > TASK_SIZE - r->addr)
		return -EINVAL;
	if (!implies_new_addr(r) && r->old_len >= r->new_len)
		return 0;
	/* Then it is mapped a second time, so that writes are visible to both. */
	if (!r->old_len && !(r->vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && (r->vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return -EINVAL;
	/* A shrunk part may end anywhere. */
	if (min(r->old_len, r->new_len) > r->vma->vm_end - r->addr)
		return -EFAULT;
	if (r->new_len > r->old_len && (r->vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return -EFAULT;
	if ((r->flags & MREMAP_FIXED) && r->new_addr < MMAP_MIN_ADDR)
		return -EPERM;
	return 0;
}

/* ---- moving ---- */

/*
 * The VMA to move to, in the tree and empty there; NULL without memory. It is merged with its neighbours while all of
 * the source is still mapped: so the rest of the source keeps what it shares with a neighbour, even the VMA. Without
 * pages the page numbers are those of the new address, which allows more merges. Reserve: 1 insertion. Source:
 * mm/vma.c.
 */
static struct vm_area_struct *copy_vma(struct vma_remap *r)
{
	bool placed = vma_anon_vma(r->vma) || r->vma->vm_file || (r->vma->vm_flags & (VM_PFNMAP | VM_HUGETLB));
	unsigned long pgoff = placed ? linear_page_index(r->vma, r->addr) : r->new_addr >> PAGE_SHIFT;
	struct vma_kind kind = vma_kind(r->vma);
	struct vm_area_struct *copy;

	copy = vma_merge_copied_range(r->mm, r->vma, r->new_addr, r->new_addr + r->new_len, pgoff);
	if (copy) {
		r->vma = vma_lookup(r->mm, r->addr);
		return copy;
	}
	copy = vma_alloc(r->mm, r->new_addr, r->new_addr + r->new_len, kind);
	if (!copy)
		return NULL;
	copy->vm_pgoff = pgoff;
	if (anon_vma_clone(copy, r->vma)) {
		vma_free(r->mm, copy);
		return NULL;
	}
	SYNCPOINT("mremap.copied");
	vma_link(r->mm, copy);
	return copy;
}

/* False without memory for tables; then every entry is where it was. Source: mm/mremap.c, copy_vma_and_data(). */
static bool move_entries(const struct vma_remap *r, struct vm_area_struct *copy)
{
	struct pagetable_move_control pmc = {
		.old = r->vma, .new = copy, .old_addr = r->addr, .new_addr = r->new_addr, .len = r->old_len,
	};
	struct pagetable_move_control back = {
		.old = copy, .new = r->vma, .old_addr = r->new_addr, .new_addr = r->addr,
	};

	back.len = move_page_tables(&pmc);
	if (back.len == r->old_len)
		return true;
	count_event(EV_MREMAP_BACK);
	BUG_ON(move_page_tables(&back) != back.len);
	return false;
}

/* True if no entry was set in the range that was moved away. */
static __maybe_unused bool range_empty(struct mm_pgtable *pt, unsigned long addr, unsigned long end)
{
	unsigned long next;
	pmd_t *pmdp, pmd;
	pte_t *ptep;

	for (; (pmdp = pmd_find_next(pt, &addr, end)); addr = next) {
		next = pmd_addr_end(addr, end);
		ptep = pte_offset_map(pt, pmdp, addr, &pmd);
		if (!ptep)
			continue;
		for (; addr < next && pte_none(ptep_get(ptep)); ptep++)
			addr += PAGE_SIZE;
		pte_unmap(pt);
		if (addr < next)
			return false;
	}
	return true;
}

/* Without memory to split a VMA it stays mapped, empty. Source: mm/mremap.c, unmap_source_vma(). */
static void unmap_emptied(const struct vma_remap *r, unsigned long addr, unsigned long len)
{
	int err = do_munmap_locked(r->mm, addr, addr + len, &r->events->unmap);

	BUG_ON(err && err != -ENOMEM);
}

/*
 * A source VMA that was moved as a whole has no pages, and needs no anon_vma. None stays locked, also where a part was
 * moved. Source: mm/mremap.c.
 */
static void dontunmap_complete(const struct vma_remap *r, const struct vm_area_struct *copy)
{
	munlock_vma(r->vma);
	if (r->vma != copy && r->vma->vm_start == r->addr && r->vma->vm_end == r->addr + r->old_len)
		unlink_anon_vmas(r->vma);
}

DEFINE_KNOCKOUT(MREMAP_VMA_LOCK,
	.name = "mremap:vma-lock",
	.removes = "the write lock of a VMA whose pages are moved",
	.breaks = "a fault maps a page in a range already moved, and it leaks",
	.detected_by = "the check that a moved range is empty",
	.hunt = "test knockout.mremap");

/* Source: mm/mremap.c, move_vma(). */
static long move_vma(struct vma_remap *r)
{
	struct mm_struct *mm = r->mm;
	struct vm_area_struct *copy;
	int err;

	if (mm->map_count >= max_map_count(&mm->pt.policy) - MOVE_VMAS ||
	    vma_tree_reserve(&mm->tree, 2 * VMA_SPLIT_INSERTS + 1))
		return -ENOMEM;
	/* The reservations of the moved part move with it, and only those. */
	if (is_vm_hugetlb_page(r->vma)) {
		err = vma_isolate(mm, &r->vma, r->addr, r->addr + r->old_len, r->vma->vm_flags);
		if (err)
			return err;
	}
	if (!KNOCKED_OUT(MREMAP_VMA_LOCK))
		vma_start_write(r->vma);
	copy = copy_vma(r);
	if (!copy)
		return -ENOMEM;
	if (r->old_len && !move_entries(r, copy)) {
		hugetlb_vma_forget(copy);
		unmap_emptied(r, r->new_addr, r->new_len);
		return -ENOMEM;
	}
	SYNCPOINT("mremap.moved");
	if (unlikely(copy->vm_uffd))	/* whatever else it was merged with */
		mremap_userfaultfd_prep(copy, &r->events->remap, r->addr, r->new_addr, r->old_len);
	hugetlb_vma_forget(r->vma);
	ASSERT(!r->old_len || range_empty(&mm->pt, r->addr, r->addr + r->old_len));
	if (r->flags & MREMAP_DONTUNMAP)
		dontunmap_complete(r, copy);
	else if (r->old_len)
		unmap_emptied(r, r->addr, r->old_len);
	return (long)r->new_addr;
}

/* Finds a free range and moves there. Source: mm/mremap.c, vrm_set_new_addr(). */
static long place_and_move(struct vma_remap *r)
{
	long ret = get_unmapped_area(r->mm, implies_new_addr(r) ? r->new_addr : 0, r->new_len,
				     r->flags & MREMAP_FIXED ? MAP_FIXED : 0);

	if (ret < 0)
		return ret;
	r->new_addr = (unsigned long)ret;
	return move_vma(r);
}

/* To the caller's address, or near it. Source: mm/mremap.c, mremap_to(). */
static long mremap_to(struct vma_remap *r)
{
	long err;

	if ((r->flags & MREMAP_FIXED) && find_vma_intersection(r->mm, r->new_addr, r->new_addr + r->new_len)) {
		err = do_munmap_locked(r->mm, r->new_addr, r->new_addr + r->new_len, &r->events->unmap_early);
		if (err)
			return err;
	}
	if (r->old_len > r->new_len) {
		err = do_munmap_locked(r->mm, r->addr + r->new_len, r->addr + r->old_len, &r->events->unmap);
		if (err)
			return err;
		r->old_len = r->new_len;
	}
	r->vma = vma_lookup(r->mm, r->addr);	/* may be split, or, with @old_len 0, unmapped */
	return r->vma ? place_and_move(r) : -EFAULT;
}

/* A userfaultfd may ask for an event of each move, for which mmap_lock is dropped. Source: vma_multi_allowed(). */
static bool vma_moves_with_others(const struct vm_area_struct *vma)
{
	return !vma->vm_uffd;
}

/* Each VMA of the range in turn, with the same gaps. Source: mm/mremap.c, remap_move(). */
static long remap_move(struct vma_remap *whole)
{
	unsigned long addr = whole->addr, end = whole->addr + whole->old_len;
	struct vm_area_struct *vma = vma_lookup(whole->mm, addr);
	long ret;

	if (!vma)
		return -EFAULT;
	do {
		struct vma_remap part = *whole;

		if (unlikely(!vma_moves_with_others(vma)) && (addr != whole->addr || vma->vm_end < end))
			return -EFAULT;
		part.vma = vma;
		part.addr = max(addr, vma->vm_start);
		part.old_len = part.new_len = min(end, vma->vm_end) - part.addr;
		part.new_addr = whole->new_addr + (part.addr - whole->addr);
		addr = part.addr + part.old_len;
		ret = check_vma(&part);
		if (!ret)
			ret = mremap_to(&part);
		if (ret < 0)
			return ret;
	} while (addr < end && (vma = find_vma_intersection(whole->mm, addr, end)));
	return (long)whole->new_addr;
}

/* ---- in place ---- */

/* Source: mm/mremap.c, vrm_can_expand_in_place(). */
static bool can_expand_in_place(const struct vma_remap *r)
{
	unsigned long end = r->addr + r->new_len;

	return r->addr + r->old_len == r->vma->vm_end && end > r->vma->vm_end && end <= TASK_SIZE &&
	       !find_vma_intersection(r->mm, r->vma->vm_end, end);
}

/* Source: mm/mremap.c, mremap_at(). */
static long mremap_at(struct vma_remap *r)
{
	unsigned long tail = r->addr + r->new_len;
	int err;

	if (r->old_len == r->new_len)
		return (long)r->addr;
	if (r->old_len > r->new_len) {
		r->unlocked = true;
		err = do_munmap_unlock(r->mm, tail, r->addr + r->old_len, &r->events->unmap);
		return err ? err : (long)r->addr;
	}
	if (can_expand_in_place(r)) {
		if (vma_tree_reserve(&r->mm->tree, 1))
			return -ENOMEM;
		vma_merge_extend(r->mm, r->vma, r->new_len - r->old_len);
		return (long)r->addr;
	}
	return r->flags & MREMAP_MAYMOVE ? place_and_move(r) : -ENOMEM;
}

/* Locking: mmap_lock for write. */
static long do_mremap(struct vma_remap *r)
{
	int err;

	/* The maximum of splits before the move fails. Source: mm/mremap.c, check_mremap_params(). */
	if (implies_new_addr(r) && r->mm->map_count + 2 >= max_map_count(&r->mm->pt.policy) - MOVE_VMAS)
		return -ENOMEM;
	if ((r->flags & MREMAP_FIXED) && r->old_len == r->new_len)
		return remap_move(r);
	r->vma = vma_lookup(r->mm, r->addr);
	err = check_vma(r);
	if (err)
		return err;
	r->mlocked = r->vma->vm_flags & VM_LOCKED;
	return implies_new_addr(r) ? mremap_to(r) : mremap_at(r);
}

/* Source: mm/mremap.c, notify_uffd(). */
static void notify_uffd(struct remap_events *events)
{
	userfaultfd_unmap_complete(&events->unmap_early);
	mremap_userfaultfd_complete(&events->remap);
	userfaultfd_unmap_complete(&events->unmap);
}

long sys_mremap(struct mm_struct *mm, unsigned long addr, unsigned long old_len, unsigned long new_len, int flags,
		unsigned long new_addr)
{
	OPERATION("mremap", mm, addr);
	struct remap_events events = {
		STAILQ_HEAD_INITIALIZER(events.unmap_early), STAILQ_HEAD_INITIALIZER(events.unmap), { 0 },
	};
	struct vma_remap r = {
		.mm = mm, .events = &events, .addr = addr, .old_len = ALIGN_UP(old_len, PAGE_SIZE),
		.new_len = ALIGN_UP(new_len, PAGE_SIZE),
		.flags = flags, .new_addr = new_addr,
	};
	long ret = check_params(&r);

	if (ret)
		return ret;
	count_event(EV_MREMAP);
	mmap_write_lock(mm);
	ret = do_mremap(&r);
	if (!r.unlocked)
		mmap_write_unlock(mm);
	if (ret > 0 && unlikely(r.mlocked) && r.new_len > r.old_len)
		mm_populate(mm, (unsigned long)ret + r.old_len, r.new_len - r.old_len);
	notify_uffd(&events);
	return ret;
}
