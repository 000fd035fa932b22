/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork.c - copies an address space, and shares its pages until one is written to.
 *
 * The child equals its parent at one moment, though copying takes long: no operation runs, since mmap_lock is held for
 * write; no fault runs, since every VMA is write-locked before its entries are copied; and a write without a fault
 * goes to a page that the child has too, until its entry is copied and made read-only. Then a write is a fault as
 * well, and waits. So of two writes the child never has the second without the first.
 *
 * Paths without these locks are synchronised elsewhere: reverse-map walks by the PTLs and the anon_vma's lock,
 * GUP-fast by write_protect_seq (rmap.h).
 */
#include "core/op/fork.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/hugetlb.h"
#include "core/mm/khugepaged.h"
#include "core/mm/mm.h"
#include "core/mm/vma.h"
#include "core/op/copy_page_range.h"
#include "core/op/exit.h"
#include "core/op/uffd_event.h"
#include "core/pgtable/mmu_gather.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(FORK, "fork");

/*
 * Entries that a fault would restore are not copied: zero pages and pages of files. All others need an anon_vma,
 * except raw frames, pages of drivers, guards, and what a userfaultfd protects in the child, too. A wiped VMA begins
 * without pages or guards. Source: mm/memory.c.
 */
static bool vma_needs_copy(const struct vm_area_struct *dst, const struct vm_area_struct *src)
{
	if (src->vm_flags & VM_WIPEONFORK)
		return false;
	return load_relaxed(&src->anon_vma) || (src->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) ||
	       load_relaxed(&src->vm_maybe_guard) || (dst->vm_flags & VM_UFFD_WP);
}

DEFINE_KNOCKOUT(FORK_ANON_VMA,
	.name = "fork:anon-vma",
	.removes = "linking a child's VMA to the anon_vmas of its pages",
	.breaks = "pages whose mappings in a child rmap misses",
	.detected_by = "the at-rest check of the reverse map",
	.hunt = HUNT_JUMBLE);

/*
 * Its anon_vmas come first: from then on reverse-map walks include the child. Once the VMA is in the tree, mm_exit()
 * undoes all of it.
 */
static int dup_vma(struct mm_struct *child, struct vm_area_struct *src, struct uffd_forks *forks)
{
	struct vma_kind kind = vma_kind(src);
	struct vm_area_struct *dst;
	int err = vma_tree_reserve(&child->tree, 1);

	if (err)
		return err;
	err = hugetlb_dup_vma_lock(src, &kind.resv);	/* huge pages are reserved for the parent only */
	if (err)
		return err;
	kind.flags &= ~VM_LOCKED_MASK;
	dst = vma_alloc(child, src->vm_start, src->vm_end, kind);
	if (kind.resv)
		resv_map_put(kind.resv);
	if (!dst)
		return -ENOMEM;
	dst->vm_pgoff = src->vm_pgoff;
	if (unlikely(dst->vm_uffd))
		err = dup_userfaultfd(dst, forks);
	if (!err && !(src->vm_flags & VM_WIPEONFORK) && !KNOCKED_OUT(FORK_ANON_VMA))
		err = anon_vma_fork(dst, src);
	if (err) {
		vma_free(child, dst);
		return err;
	}
	vma_link(child, dst);
	SYNCPOINT("fork.vma_linked");
	return vma_needs_copy(dst, src) ? copy_page_range(dst, src) : 0;
}

DEFINE_KNOCKOUT(FORK_VMA_LOCK,
	.name = "fork:vma-lock",
	.removes = "write-locking the parent's VMAs before they are copied",
	.breaks = "a child with a later write, but not an earlier one",
	.detected_by = "the snapshot check of knockout.fork",
	.hunt = "explore fork_vs_two_writes",
	.mirrors = "fork: lock VMAs of the parent process when forking");

/* Source: mm/mmap.c, dup_mmap(). Locking: mmap_lock of both for write. */
static int dup_mmap(struct mm_struct *child, struct mm_struct *parent, struct uffd_forks *forks)
{
	struct vm_area_struct *vma;
	int err = 0;

	child->has_sealed = parent->has_sealed;
	child->has_stack = parent->has_stack;
	for (unsigned long addr = 0; !err && (vma = find_vma(parent, addr)); addr = vma->vm_end) {
		if (!KNOCKED_OUT(FORK_VMA_LOCK))
			vma_start_write(vma);
		if (!(vma->vm_flags & VM_DONTCOPY))
			err = dup_vma(child, vma, forks);
	}
	if (!err)
		khugepaged_fork(child, parent);
	return err;
}

int sys_fork(struct mm_struct *parent, struct mm_struct **child)
{
	OPERATION("fork", parent, 0);
	struct mm_struct *mm = mm_create(&parent->pt.policy);
	struct uffd_forks forks = STAILQ_HEAD_INITIALIZER(forks);
	int err;

	if (!mm)
		return -ENOMEM;
	count_event(EV_FORK);
	mmap_write_lock(parent);
	mmap_write_lock_nested(mm);
	err = dup_mmap(mm, parent, &forks);
	mmap_write_unlock(mm);
	flush_tlb_mm(&parent->pt);	/* before a fault may run: the parent's stale translations still allow writes */
	mmap_write_unlock(parent);
	if (err) {
		mm_exit(mm);
		dup_userfaultfd_fail(&forks);
		return err;
	}
	dup_userfaultfd_complete(&forks);
	*child = mm;
	return 0;
}
