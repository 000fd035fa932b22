/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_register.c - which ranges of an address space are a userfaultfd's, and which of their pages it protects. */

#include <errno.h>

#include "core/mm/mm.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/protect.h"
#include "core/op/uffd_queue.h"
#include "core/probe/operation.h"

DEFINE_KNOCKOUT(UFFD_UNREGISTER_LOCK,
	.name = "uffd:unregister-lock",
	.removes = "write-locking a VMA before its faults are woken for the last time; it comes after",
	.breaks = "a fault that queues itself in between, and is never woken",
	.detected_by = "the deadlock of a schedule",
	.hunt = "explore fault_vs_uffd_unregister",
	.mirrors = "mm/userfaultfd: write-lock the VMA before waking waiters when unregistering");

/* Returns 0, -EINVAL, or @busy if a VMA is another one's. Locking: mmap_lock. */
static int check_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end, unsigned long modes,
		       int busy)
{
	struct mm_struct *mm = uffd_mm(ctx);
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);

	if (!vma)
		return -EINVAL;
	for (; vma; vma = find_vma_intersection(mm, vma->vm_end, end)) {
		if (!vma_can_userfault(vma, modes))
			return -EINVAL;
		if (vma->vm_uffd && vma->vm_uffd != ctx)
			return busy;
		if (vma->vm_end >= end)
			break;
	}
	return 0;
}

/* No page of @vma is write-protected any more, if any is. Locking: mmap_lock for write, @vma write-locked. */
static void resolve_all(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_UFFD_WP)
		change_protection(vma, vma->vm_start, vma->vm_end, MM_CP_UFFD_WP_RESOLVE);
}

/* Gives @vma, write-locked, to @ctx for @modes, or to none. Locking: mmap_lock for write. */
static void set_ctx(struct mm_struct *mm, struct vm_area_struct *vma, struct userfaultfd_ctx *ctx, unsigned long modes)
{
	if (!(modes & VM_UFFD_WP))
		resolve_all(vma);
	vma_set_uffd(vma, ctx, modes);
	vma_merge_neighbours(mm, vma);
}

/* The part of @vma in [@start, @end). Locking: mmap_lock for write. Return 0 or an error of vma_isolate(). */
static int register_part(struct userfaultfd_ctx *ctx, struct vm_area_struct *vma, unsigned long start,
			 unsigned long end, unsigned long modes)
{
	struct mm_struct *mm = uffd_mm(ctx);
	int err;

	if (vma->vm_uffd == ctx && (vma->vm_flags & modes) == modes)
		return 0;
	err = vma_isolate(mm, &vma, start, end, (vma->vm_flags & ~__VM_UFFD_FLAGS) | modes);
	mm->has_uffd = true;
	if (!err)
		set_ctx(mm, vma, ctx, modes);
	return err;
}

static int unregister_part(struct userfaultfd_ctx *ctx, struct vm_area_struct *vma, unsigned long start,
			   unsigned long end, unsigned long modes)
{
	struct mm_struct *mm = uffd_mm(ctx);
	int err;

	if (!vma->vm_uffd)
		return 0;
	if (KNOCKED_OUT(UFFD_UNREGISTER_LOCK)) {
		uffd_wake_range(ctx, start, end);
		SYNCPOINT("uffd.woken_early");
	}
	err = vma_isolate(mm, &vma, start, end, vma->vm_flags & ~__VM_UFFD_FLAGS);
	if (err)
		return err;
	if (!KNOCKED_OUT(UFFD_UNREGISTER_LOCK))
		uffd_wake_range(ctx, start, end);
	set_ctx(mm, vma, NULL, modes);
	return 0;
}

typedef int part_fn(struct userfaultfd_ctx *ctx, struct vm_area_struct *vma, unsigned long start, unsigned long end,
		    unsigned long modes);

/* Does @part for that of each VMA in the range. Returns 0 or the first error. */
static int for_each_part(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len, part_fn *part,
			 unsigned long modes)
{
	struct mm_struct *mm = uffd_mm(ctx);
	unsigned long end = start + len, to;
	struct vm_area_struct *vma;
	int err = uffd_validate_range(start, len);

	if (err)
		return err;
	if (!mmget_not_zero(mm))
		return -ESRCH;
	mmap_write_lock(mm);
	err = check_range(ctx, start, end, modes, part == register_part ? -EBUSY : -EINVAL);
	for (; !err && start < end && (vma = find_vma_intersection(mm, start, end)); start = to) {
		to = min(end, vma->vm_end);
		err = part(ctx, vma, max(start, vma->vm_start), to, modes);
	}
	mmap_write_unlock(mm);
	mmput(mm);
	return err;
}

int userfaultfd_register(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len, unsigned long mode)
{
	OPERATION("uffd register", uffd_mm(ctx), start);
	unsigned long modes = (mode & UFFDIO_REGISTER_MODE_MISSING ? VM_UFFD_MISSING : 0) |
			      (mode & UFFDIO_REGISTER_MODE_WP ? VM_UFFD_WP : 0) |
			      (mode & UFFDIO_REGISTER_MODE_MINOR ? VM_UFFD_MINOR : 0);

	if (!mode || mode & ~(UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MINOR))
		return -EINVAL;
	return for_each_part(ctx, start, len, register_part, modes);
}

int userfaultfd_unregister(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len)
{
	OPERATION("uffd unregister", uffd_mm(ctx), start);
	return for_each_part(ctx, start, len, unregister_part, 0);
}

/* ---- write protection ---- */

/* Source: mm/userfaultfd.c, mwriteprotect_range(). Locking: mmap_lock. */
static int protect_range(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned int cp_flags)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
	int err = -ENOENT;

	for (; vma; vma = vma->vm_end < end ? find_vma_intersection(mm, vma->vm_end, end) : NULL) {
		if (!(vma->vm_flags & VM_UFFD_WP))
			return -ENOENT;
		change_protection(vma, max(start, vma->vm_start), min(end, vma->vm_end), cp_flags);
		err = 0;
	}
	return err;
}

int userfaultfd_writeprotect(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len, unsigned long mode)
{
	bool protect = mode & UFFDIO_WRITEPROTECT_MODE_WP, silent = mode & UFFDIO_WRITEPROTECT_MODE_DONTWAKE;
	struct mm_struct *mm = uffd_mm(ctx);
	OPERATION("uffd writeprotect", mm, start);
	int err = uffd_validate_range(start, len);

	if (uffd_mmap_changing(ctx))
		return -EAGAIN;
	if (err || mode & ~(UFFDIO_WRITEPROTECT_MODE_WP | UFFDIO_WRITEPROTECT_MODE_DONTWAKE) || (protect && silent))
		return -EINVAL;
	if (!mmget_not_zero(mm))
		return -ESRCH;
	mmap_read_lock(mm);
	err = -EAGAIN;
	if (uffd_fill_begin(ctx)) {
		err = protect_range(mm, start, start + len, protect ? MM_CP_UFFD_WP : MM_CP_UFFD_WP_RESOLVE);
		uffd_fill_end(ctx);
	}
	mmap_read_unlock(mm);
	mmput(mm);
	SYNCPOINT("uffd.filled");
	if (!err && !protect && !silent)
		uffd_wake_range(ctx, start, start + len);
	return err;
}

/* ---- the end ---- */

/* Source: fs/userfaultfd.c, userfaultfd_release_all(). Locking: mmap_lock for write. */
static void unregister_all(struct userfaultfd_ctx *ctx)
{
	struct mm_struct *mm = uffd_mm(ctx);
	struct vm_area_struct *vma;

	for (unsigned long addr = 0; (vma = find_vma(mm, addr)); addr = vma->vm_end) {
		if (vma->vm_uffd != ctx)
			continue;
		vma_start_write(vma);
		addr = vma->vm_end;
		set_ctx(mm, vma, NULL, 0);
		vma = find_vma(mm, addr - 1);
	}
}

void userfaultfd_release(struct userfaultfd_ctx *ctx)
{
	struct mm_struct *mm = uffd_mm(ctx);
	OPERATION("uffd release", mm, 0);

	if (mmget_not_zero(mm)) {
		mmap_write_lock(mm);
		unregister_all(ctx);
		mmap_write_unlock(mm);
		mmput(mm);
	}
	/* A fault that comes later finds no userfaultfd in its VMA, which it read under the locks. */
	uffd_wake_range(ctx, 0, ~0ul);
	uffd_flush_events(ctx);
	uffd_put(ctx);
}
