/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma.c - allocates, finds, splits and merges VMAs. */
#include "core/mm/vma.h"

#include <errno.h>

#include "core/host/typesafe.h"
#include "core/mm/account.h"
#include "core/mm/anon_vma.h"
#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/i_mmap.h"
#include "core/mm/mm.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(VMA_SPLIT, "VMA splits");
DEFINE_EVENT(VMA_MERGE, "VMA merges");
DEFINE_OBJECT_KIND(vma, "VMAs");

/*
 * Three caches: a reader with a stale pointer writes to vm_refcnt, so memory that was ever a reference-counted VMA must
 * stay one, of its kind. The others are freed after a grace period, or never read without mmap_lock.
 */
static struct typesafe_cache *vma_cache(const struct mm_struct *mm)
{
	switch (mm->pt.policy.vma_lock) {
	case VMA_LOCK_REFCNT: return vma_cache_refcnt;
	case VMA_LOCK_REFCNT_MM: return vma_cache_refcnt_mm;
	default: return vma_cache_plain;
	}
}

void vma_set_flags(struct vm_area_struct *vma, unsigned long flags)
{
	store_relaxed(&vma->vm_flags, flags);	/* rmap walks read it without the locks */
	store_relaxed(&vma->vm_page_prot, (flags & VM_ACCESS_FLAGS ? ENTRY_PRESENT : ENTRY_PROTNONE) | ENTRY_ACCESSED);
}

/* The page number of a VMA of @kind that begins at @start. */
static unsigned long kind_pgoff(struct vma_kind kind, unsigned long start)
{
	return kind.file ? kind.pgoff : start >> PAGE_SHIFT;
}

struct vm_area_struct *vma_alloc(struct mm_struct *mm, unsigned long start, unsigned long end, struct vma_kind kind)
{
	struct vm_area_struct *vma = typesafe_alloc(vma_cache(mm));

	if (!vma)
		return NULL;
	object_reused(&kind_vma, &vma->vm_probe, vma);
	object_linked(&kind_vma, &vma->vm_probe, vma);
	store_relaxed(&vma->vm_mm, mm);
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = kind_pgoff(kind, start);
	vma->vm_file = kind.file;
	if (kind.file)
		file_get(kind.file);
	store_relaxed(&vma->vm_huge_lost, kind.huge_lost);
	store_relaxed(&vma->vm_maybe_guard, kind.maybe_guard);
	vma->vm_soft_clean = kind.soft_clean;
	vma->vm_uffd = kind.uffd;
	vma->vm_resv = kind.resv;
	if (kind.resv)
		resv_map_get(kind.resv);
	store_relaxed(&vma->anon_vma, NULL);
	TAILQ_INIT(&vma->anon_vma_chain);
	vma->vm_name = kind.name;
	vma_set_flags(vma, kind.flags);
	vma_lock_init(mm, vma);
	vma_start_write(vma);
	return vma;
}

/* Readers may access it for at most @least more grace periods. */
static void vma_give_back(struct typesafe_cache *cache, struct vm_area_struct *vma, unsigned long least)
{
	object_freed(&kind_vma, &vma->vm_probe, vma, least);
	typesafe_free(cache, vma);
}

static void vma_free_rcu(struct rcu_head *head)
{
	vma_give_back(vma_cache_plain, rcu_cb_entry(head, struct vm_area_struct, vm_rcu), 1);
}

void vma_free(struct mm_struct *mm, struct vm_area_struct *vma)
{
	BUG_ON(load_relaxed(&vma->anon_vma) || !TAILQ_EMPTY(&vma->anon_vma_chain));
	if (vma->vm_file)
		file_put(vma->vm_file);
	if (vma->vm_resv)
		resv_map_put(vma->vm_resv);
	if (mm->pt.policy.vma_lock == VMA_LOCK_RWSEM)
		call_rcu(&vma->vm_rcu, vma_free_rcu);
	else
		vma_give_back(vma_cache(mm), vma, 0);
}

static void vma_attach(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma_mark_attached(vma);
	vma_tree_insert(&mm->tree, vma, vma->vm_end);
	mm->map_count++;
	vm_stat_account(mm, vma, vma_pages(vma));
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma_attach(mm, vma);
	vma_link_file(vma);
}

void vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma_tree_erase(&mm->tree, vma, vma->vm_end);
	vma_mark_detached(vma);
	mm->map_count--;
	vm_stat_account(mm, vma, -vma_pages(vma));
}

/*
 * Around a change of the range: excludes rmap walks, which find the VMA by its new range. Source: mm/vma.c,
 * vma_prepare().
 */
static void vma_pre_update(struct vm_area_struct *vma)
{
	vma_file_pre_update(vma);
	anon_vma_tree_pre_update(vma);
}

static void vma_post_update(struct vm_area_struct *vma)
{
	anon_vma_tree_post_update(vma);
	vma_file_post_update(vma);
}

/* Locking: @vma write-locked. Reserve: 1 insertion. */
static void vma_move_end(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long end)
{
	vma_tree_erase(&mm->tree, vma, vma->vm_end);
	vm_stat_account(mm, vma, (end >> PAGE_SHIFT) - (vma->vm_end >> PAGE_SHIFT));
	vma_pre_update(vma);
	vma->vm_end = end;
	vma_post_update(vma);
	vma_tree_insert(&mm->tree, vma, end);
}

/* The end is the key, so the start moves freely. Locking: @vma write-locked. */
static void vma_move_start(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start)
{
	vm_stat_account(mm, vma, (vma->vm_start >> PAGE_SHIFT) - (start >> PAGE_SHIFT));
	vma->vm_pgoff += (start >> PAGE_SHIFT) - (vma->vm_start >> PAGE_SHIFT);
	vma->vm_start = start;
	vma_tree_start_moved(&mm->tree, vma->vm_end);
}

void vma_expand_down(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start)
{
	vma_pre_update(vma);
	vma_move_start(mm, vma, start);
	vma_post_update(vma);
}

DEFINE_KNOCKOUT(VMA_SPLIT_LOCK,
	.name = "vma:split-lock",
	.removes = "the write lock of a VMA before it is split; it comes after",
	.breaks = "a fault in a VMA that is being changed",
	.detected_by = "the snapshot that a VMA reader compares at unlock",
	.hunt = "explore smaps_vs_mprotect",
	.mirrors = "mm/hugetlb: unshare page tables during VMA split, not before");

struct vm_area_struct *split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *below;

	BUG_ON(addr <= vma->vm_start || addr >= vma->vm_end);
	below = vma_alloc(mm, vma->vm_start, addr, vma_kind(vma));
	if (!below)
		return NULL;
	below->vm_pgoff = vma->vm_pgoff;
	if (!KNOCKED_OUT(VMA_SPLIT_LOCK))
		vma_start_write(vma);
	SYNCPOINT("vma.split");
	if (unlikely(vma_shares_pmds(vma)))
		hugetlb_vma_lock_write(vma);
	vma_file_pre_update(vma);
	if (anon_vma_pre_split(below, vma)) {
		vma_file_post_update(vma);
		vma_free(mm, below);
		return NULL;
	}
	vma_adjust_trans_huge(vma, addr);
	if (unlikely(vma_shares_pmds(vma)))
		hugetlb_split(vma, addr);
	vma_move_start(mm, vma, addr);
	if (KNOCKED_OUT(VMA_SPLIT_LOCK))
		vma_start_write(vma);
	anon_vma_post_split(below, vma);
	vma_file_post_split(below, vma);
	if (unlikely(vma_shares_pmds(vma)))
		hugetlb_vma_unlock_write(vma);
	vma_attach(mm, below);
	count_event(EV_VMA_SPLIT);
	return below;
}

static bool vma_alike(const struct vm_area_struct *vma, struct vma_kind kind)
{
	return vma->vm_flags == kind.flags && vma->vm_name == kind.name && vma->vm_file == kind.file &&
	       vma->vm_uffd == kind.uffd && !(kind.flags & VM_SPECIAL);
}

/*
 * VMAs with inherited chains do not merge with others: new pages must not get an anon_vma whose lock other mms take
 * too.
 */
static bool takes_new_pages(const struct vm_area_struct *vma)
{
	return !vma_anon_vma(vma) || vma_has_one_chain(vma);
}

/* True if two VMAs can share an anon_vma: they do, or one has none. Source: mm/vma.c, is_mergeable_anon_vma(). */
static bool is_mergeable_anon_vma(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	if (vma_anon_vma(a) && vma_anon_vma(b))
		return vma_anon_vma(a) == vma_anon_vma(b);
	return takes_new_pages(a) && takes_new_pages(b);
}

/*
 * @vma is merged with @from: keeps sticky properties. Locking: @vma write-locked. Source: mm/vma.c, vma_expand(),
 * VM_STICKY.
 */
static void keep_sticky(struct vm_area_struct *vma, struct vma_kind from)
{
	if (from.maybe_guard)
		store_relaxed(&vma->vm_maybe_guard, true);
	vma->vm_soft_clean &= from.soft_clean;
}

DEFINE_KNOCKOUT(VMA_MERGE_LOCK,
	.name = "vma:merge-lock",
	.removes = "the write lock of a VMA before it merges with its neighbour; it comes after",
	.breaks = "a fault in a VMA that is being changed",
	.detected_by = "the snapshot that a VMA reader compares at unlock",
	.hunt = "explore maps_vs_mprotect",
	.mirrors = "mm/mmap: write-lock VMAs in vma_prepare before modifying them");

/* @left ends where @right begins: @right takes over its range, since that changes no key. */
static void vma_absorb(struct mm_struct *mm, struct vm_area_struct *left, struct vm_area_struct *right)
{
	unsigned long start = left->vm_start;

	vma_start_write(left);
	if (!KNOCKED_OUT(VMA_MERGE_LOCK))
		vma_start_write(right);
	SYNCPOINT("vma.merge");
	vma_unlink(mm, left);
	vma_file_pre_merge(right, left);
	anon_vma_pre_merge(right, left);
	vma_move_start(mm, right, start);
	if (KNOCKED_OUT(VMA_MERGE_LOCK))
		vma_start_write(right);
	vma_post_update(right);
	keep_sticky(right, vma_kind(left));
	vma_free(mm, left);
}

/* ---- a new range ---- */

/* (T) all of it: a free range that is about to be mapped */
struct new_range {
	unsigned long start, end, pgoff;
	struct vma_kind kind;
	struct anon_vma *anon_vma;		/* of its future pages; NULL: none yet */
	struct vm_area_struct *copied_from;	/* the VMA whose pages mremap() copies; NULL: a new mapping */
};

/* Source: mm/vma.c, is_mergeable_anon_vma(). */
static bool can_share_anon_vma(const struct vm_area_struct *vma, const struct new_range *new)
{
	if (vma_anon_vma(vma) && new->anon_vma)
		return vma_anon_vma(vma) == new->anon_vma;
	if (new->anon_vma && new->copied_from)
		return takes_new_pages(new->copied_from);
	return takes_new_pages(vma);
}

/* Source: mm/vma.c, can_vma_merge_after(). */
static bool can_merge_left(const struct vm_area_struct *prev, const struct new_range *new)
{
	return prev && prev->vm_end == new->start && vma_alike(prev, new->kind) &&
	       prev->vm_pgoff + vma_pages(prev) == new->pgoff && can_share_anon_vma(prev, new);
}

/* Source: mm/vma.c, can_vma_merge_before(). */
static bool can_merge_right(const struct vm_area_struct *next, const struct new_range *new)
{
	return next && next->vm_start == new->end && vma_alike(next, new->kind) &&
	       next->vm_pgoff == new->pgoff + ((new->end - new->start) >> PAGE_SHIFT) && can_share_anon_vma(next, new);
}

/*
 * Gives the merged VMA the anon_vma of the copied pages, unless one of its parts has it. Source: mm/vma.c,
 * dup_anon_vma().
 */
static int dup_anon_vma(struct vm_area_struct *prev, struct vm_area_struct *next, const struct new_range *new)
{
	struct vm_area_struct *heir = next ? next : prev;

	if (!new->anon_vma || (prev && vma_anon_vma(prev)) || (next && vma_anon_vma(next)))
		return 0;
	vma_start_write(heir);
	return anon_vma_clone(heir, new->copied_from);
}

/* Extends @next downwards over the range, or @prev upwards, and merges the two. Returns the remaining VMA. */
static struct vm_area_struct *take_range(struct mm_struct *mm, struct vm_area_struct *prev, struct vm_area_struct *next,
					 const struct new_range *new)
{
	struct vm_area_struct *heir = next ? next : prev;

	vma_start_write(heir);
	if (next)
		vma_expand_down(mm, next, new->start);
	else
		vma_move_end(mm, prev, new->end);
	keep_sticky(heir, new->kind);
	if (prev && next)
		vma_absorb(mm, prev, next);
	count_event(EV_VMA_MERGE);
	return heir;
}

/* If both neighbours could be extended, but not merged, the one before is. Source: mm/vma.c. */
static struct vm_area_struct *vma_merge_new_range(struct mm_struct *mm, const struct new_range *new)
{
	struct vm_area_struct *prev = find_vma_before(mm, new->start), *next = find_vma(mm, new->start);

	if (!can_merge_left(prev, new))
		prev = NULL;
	if (!can_merge_right(next, new) || (prev && !is_mergeable_anon_vma(prev, next)))
		next = NULL;
	if ((!prev && !next) || dup_anon_vma(prev, next, new))
		return NULL;
	return take_range(mm, prev, next, new);
}

struct vm_area_struct *vma_expand(struct mm_struct *mm, unsigned long start, unsigned long end, struct vma_kind kind)
{
	const struct new_range new = { .start = start, .end = end, .pgoff = kind_pgoff(kind, start), .kind = kind };

	return vma_merge_new_range(mm, &new);
}

struct vm_area_struct *vma_merge_copied_range(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
					      unsigned long end, unsigned long pgoff)
{
	const struct new_range new = {
		.start = start, .end = end, .pgoff = pgoff, .kind = vma_kind(vma), .anon_vma = vma_anon_vma(vma),
		.copied_from = vma,
	};

	return vma_merge_new_range(mm, &new);
}

struct vm_area_struct *vma_merge_extend(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long delta)
{
	const struct new_range new = {
		.start = vma->vm_end, .end = vma->vm_end + delta, .pgoff = vma->vm_pgoff + vma_pages(vma),
		.kind = vma_kind(vma), .anon_vma = vma_anon_vma(vma),
	};
	struct vm_area_struct *next = find_vma(mm, vma->vm_end);

	return take_range(mm, vma, can_merge_right(next, &new) ? next : NULL, &new);
}

/* ---- a part of a VMA ---- */

/* The part of @vma in [@start, @end), as it is with @flags. */
static struct new_range part_of(struct vm_area_struct *vma, unsigned long start, unsigned long end, unsigned long flags)
{
	struct new_range part = {
		.start = max(start, vma->vm_start), .end = min(end, vma->vm_end), .kind = vma_kind(vma),
		.anon_vma = vma_anon_vma(vma), .copied_from = vma,
	};

	part.pgoff = vma->vm_pgoff + ((part.start - vma->vm_start) >> PAGE_SHIFT);
	part.kind.flags = flags;
	return part;
}

/* Then a boundary moves, and there are no more VMAs than before. Source: mm/vma.c, vma_merge_existing_range(). */
static bool part_merges(struct mm_struct *mm, const struct new_range *part)
{
	return can_merge_left(find_vma_before(mm, part->start), part) ||
	       can_merge_right(find_vma(mm, part->end), part);
}

/* split_vma() with its checks; the lower part in *@below. Source: mm/vma.c, split_vma(), __split_vma(). */
static int try_split(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, bool merges,
		     struct vm_area_struct **below)
{
	if (mm->map_count >= max_map_count(&mm->pt.policy) && !merges)
		return -ENOMEM;
	if (!vma_may_split(vma, addr))
		return -EINVAL;
	*below = split_vma(mm, vma, addr);
	return *below ? 0 : -ENOMEM;
}

int vma_isolate(struct mm_struct *mm, struct vm_area_struct **vmap, unsigned long start, unsigned long end,
		unsigned long flags)
{
	const struct new_range part = part_of(*vmap, start, end, flags);
	bool merges = unlikely(mm->map_count >= max_map_count(&mm->pt.policy)) && part_merges(mm, &part);
	struct vm_area_struct *vma = *vmap, *below;
	int err = vma_tree_reserve(&mm->tree, 2 * VMA_SPLIT_INSERTS);

	if (!err && vma->vm_start < start)
		err = try_split(mm, vma, start, merges, &below);
	if (!err && vma->vm_end > end)
		err = try_split(mm, vma, end, merges, vmap);
	if (!err)
		vma_start_write(*vmap);
	return err;
}

/* ---- existing VMAs ---- */

struct vm_area_struct *vma_merge_neighbours(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = find_vma_before(mm, vma->vm_start), *next = find_vma(mm, vma->vm_end);
	struct new_range all = part_of(vma, vma->vm_start, vma->vm_end, vma->vm_flags);
	bool merge_prev = can_merge_left(prev, &all), merge_next;

	if (merge_prev) {
		vma_absorb(mm, prev, vma);
		all = part_of(vma, vma->vm_start, vma->vm_end, vma->vm_flags);
	}
	merge_next = can_merge_right(next, &all);
	if (merge_next)
		vma_absorb(mm, vma, next);
	if (merge_prev || merge_next)
		count_event(EV_VMA_MERGE);
	return merge_next ? next : vma;
}
