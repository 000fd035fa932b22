/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise.c - advice about a range. */
#include "core/op/madvise.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/hugetlb.h"
#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/collapse.h"
#include "core/op/exit.h"
#include "core/op/fault.h"
#include "core/op/guard.h"
#include "core/op/madvise_flags.h"
#include "core/op/madvise_folios.h"
#include "core/op/mseal.h"
#include "core/op/populate.h"
#include "core/op/reclaim.h"
#include "core/op/truncate.h"
#include "core/op/uffd_event.h"
#include "core/op/zap.h"
#include "core/probe/operation.h"
#include "core/probe/retry.h"

/* Rounds *@end down to a huge page, of those. Source: mm/madvise.c, madvise_dontneed_free_valid_vma(). */
static bool dontneed_free_valid(const struct vm_area_struct *vma, unsigned long start, unsigned long *end, int advice)
{
	if (vma->vm_flags & (VM_PFNMAP | (advice == MADV_DONTNEED_LOCKED ? 0 : VM_LOCKED)))
		return false;
	if (!is_vm_hugetlb_page(vma))
		return true;
	if (advice == MADV_FREE || start & ~huge_page_mask(hstate_vma(vma)))
		return false;
	*end &= huge_page_mask(hstate_vma(vma));
	return true;
}

static int madvise_dontneed(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, &mm->pt);
	zap_range(&tlb, vma, start, end, ZAP_KEEP_GUARDS | ZAP_RECLAIM);
	tlb_finish_mmu(&tlb);
	return 0;
}

/*
 * The rest of the range is left to the caller's next round if another thread has split the VMA while a userfaultfd's
 * event was read: *@next moves. Locking: mmap_lock for read, or the VMA lock if no userfaultfd has @vma; the range lies
 * in it. Source: mm/madvise.c.
 */
static int madvise_dontneed_free(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
				 unsigned long *next, int advice)
{
	unsigned long end = *next;

	if (!dontneed_free_valid(vma, start, &end, advice))
		return -EINVAL;
	if (start == end)
		return 0;
	if (unlikely(vma->vm_uffd) && !userfaultfd_remove(vma, start, end)) {
		mmap_read_lock(mm);
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		*next = end = min(end, vma->vm_end);
		if (!dontneed_free_valid(vma, start, &end, advice))
			return -EINVAL;
		if (start == end)
			return 0;
	}
	return advice == MADV_FREE ? madvise_free(vma, start, end) : madvise_dontneed(mm, vma, start, end);
}

/* Folios that can't be swapped out stay. Locking: as above. Source: mm/madvise.c, madvise_pageout(). */
static int madvise_pageout(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma->vm_flags & (VM_PFNMAP | VM_LOCKED | VM_HUGETLB))
		return -EINVAL;
	pageout_range(vma, start, end);
	return 0;
}

/*
 * Without mmap_lock, for which others would wait meanwhile. Locking: mmap_lock for read, which is dropped and taken
 * again; the range lies in @vma. Source: mm/madvise.c.
 */
static int madvise_remove(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct file *file = vma->vm_file;
	unsigned long first = linear_page_index(vma, start);
	int err;

	if ((vma->vm_flags & VM_LOCKED) || (!file && !(vma->vm_flags & VM_HUGETLB)))
		return -EINVAL;
	if (!(vma->vm_flags & VM_SHARED))
		return -EACCES;
	file_get(file);
	if (likely(!vma->vm_uffd) || userfaultfd_remove(vma, start, end))
		mmap_read_unlock(mm);
	SYNCPOINT("madvise.unlocked");
	err = file_punch_hole(file, first, (end - start) >> PAGE_SHIFT);
	file_put(file);
	mmap_read_lock(mm);
	return err;
}

/*
 * Locking: mmap_lock, for write if advice_sets_flags(@advice), or the VMA lock if advice_locks_vma(); the range lies in
 * @vma. *@next is its end, or less if that is all that was done.
 */
static int madvise_vma_behavior(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
				unsigned long *next, int advice)
{
	unsigned long end = *next;

	if (!can_madvise_modify(vma, advice))
		return -EPERM;
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return madvise_dontneed_free(mm, vma, start, next, advice);
	case MADV_PAGEOUT:
		return madvise_pageout(vma, start, end);
	case MADV_REMOVE:
		return madvise_remove(mm, vma, start, end);
	case MADV_WILLNEED:	/* there is no read-ahead */
		return 0;
	case MADV_COLD:
		return madvise_cold(vma, start, end);
	case MADV_GUARD_INSTALL:
		return guard_install(mm, vma, start, end);
	case MADV_GUARD_REMOVE:
		return guard_remove(mm, vma, start, end);
	default:
		return madvise_update_vma(mm, vma, start, end, advice);
	}
}

/* Each mapped part in turn; -ENOMEM at the end if a part was not mapped. Locking: as above. */
static int madvise_walk_vmas(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	struct vm_area_struct *vma;
	bool unmapped = false;
	unsigned long next;
	int err = 0;

	for (; !err && start < end; start = next) {
		vma = find_vma(mm, start);
		if (!vma || vma->vm_start > start) {
			unmapped = true;
			next = vma ? min(vma->vm_start, end) : end;
			continue;
		}
		next = min(vma->vm_end, end);
		err = madvise_vma_behavior(mm, vma, start, &next, advice);
	}
	return err ? err : unmapped ? -ENOMEM : 0;
}

/* Locking: mmap_lock for read; the range lies in @vma. Source: mm/madvise.c, madvise_populate(). */
static int populate_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool write)
{
	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) || !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EINVAL;
	return faultin_page_range(vma, start, end, write ? FAULT_FLAG_WRITE : 0);
}

static int madvise_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool write)
{
	struct vm_area_struct *vma;
	unsigned long next;
	int err = 0;

	for (; !err && start < end; start = next) {
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		next = min(vma->vm_end, end);
		err = populate_vma(vma, start, next, write);
	}
	return err;
}

static bool advice_populates(int advice)
{
	return advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
}

static int do_madvise(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	if (advice_populates(advice))
		return madvise_populate(mm, start, end, advice == MADV_POPULATE_WRITE);
	return madvise_walk_vmas(mm, start, end, advice);
}

static bool advice_known(int advice)
{
	return advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED || advice == MADV_PAGEOUT ||
	       advice == MADV_COLD || advice == MADV_FREE || advice == MADV_WILLNEED || advice == MADV_REMOVE ||
	       advice == MADV_GUARD_INSTALL || advice == MADV_GUARD_REMOVE || advice == MADV_COLLAPSE ||
	       advice_populates(advice) || advice_sets_flags(advice);
}

/* Whether @advice is given under a VMA lock, by policy. Source: mm/madvise.c, get_lock_mode(). */
static bool advice_locks_vma(const struct mm_policy *policy, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return policy->madvise_lock != MADVISE_MMAP_LOCK;
	case MADV_GUARD_INSTALL:
	case MADV_GUARD_REMOVE:
		return policy->madvise_lock == MADVISE_VMA_LOCK_GUARDS;
	default:
		return false;
	}
}

/*
 * An anon_vma is prepared under mmap_lock, and only that is dropped for a userfaultfd. Locking: the VMA lock. Source:
 * mm/madvise.c.
 */
static bool is_vma_lock_sufficient(const struct vm_area_struct *vma, unsigned long end, int advice)
{
	return end <= vma->vm_end && !vma->vm_uffd &&
	       (advice != MADV_GUARD_INSTALL || !vma_is_anonymous(vma) || vma_anon_vma(vma));
}

DEFINE_EVENT(MADVISE_VMA_LOCK, "advice given under a VMA lock");

/* False: it takes mmap_lock. Locking: none held. Source: mm/madvise.c, try_vma_read_lock(). */
static bool madvise_under_vma_lock(struct mm_struct *mm, unsigned long start, unsigned long end, int advice, int *err)
{
	struct vm_area_struct *vma;
	bool sufficient;

	if (likely(!advice_locks_vma(&mm->pt.policy, advice)))
		return false;
	vma = lock_vma_under_rcu(mm, start);
	if (!vma)
		return false;
	sufficient = is_vma_lock_sufficient(vma, end, advice);
	if (sufficient) {
		count_event(EV_MADVISE_VMA_LOCK);
		*err = madvise_vma_behavior(mm, vma, start, &end, advice);
	}
	vma_end_read(mm, vma);
	return sufficient;
}

static int madvise_range(struct mm_struct *mm, unsigned long start, unsigned long len, int advice)
{
	RETRY_LOOP_PROFILED(100000, "madvise restarted after it dropped its lock");
	unsigned long end = start + ALIGN_UP(len, PAGE_SIZE);
	int err;

	if (!advice_known(advice) || !IS_ALIGNED(start, PAGE_SIZE) || (len && end == start) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (advice == MADV_COLLAPSE)
		return madvise_collapse(mm, start, end);
	if (advice_sets_flags(advice)) {
		mmap_write_lock(mm);
		err = do_madvise(mm, start, end, advice);
		mmap_write_unlock(mm);
		return err;
	}
	/*
	 * A guard install that lost too many races with faults drops the lock, and restarts. Source: -ERESTARTNOINTR
	 * in mm/madvise.c.
	 */
	do {
		if (madvise_under_vma_lock(mm, start, end, advice, &err))
			continue;
		mmap_read_lock(mm);
		err = do_madvise(mm, start, end, advice);
		mmap_read_unlock(mm);
	} while (err == -EAGAIN && RETRIED());
	return err;
}

int sys_madvise(struct mm_struct *mm, unsigned long start, unsigned long len, int advice)
{
	OPERATION("madvise", mm, start);
	return madvise_range(mm, start, len, advice);
}

/* Of an mm that is not the caller's. Source: mm/madvise.c, process_madvise_remote_valid(). */
static bool advice_valid_remotely(int advice)
{
	return advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_WILLNEED || advice == MADV_COLLAPSE;
}

/* Source: mm/madvise.c. */
static long vector_madvise(struct mm_struct *mm, const struct iovec *vec, unsigned long nr, int advice)
{
	unsigned long done = 0;
	long err = 0;

	/* Empty ranges at the end are not looked at. */
	while (nr && !vec[nr - 1].iov_len)
		nr--;
	for (unsigned long i = 0; i < nr && !err; i++) {
		err = madvise_range(mm, (unsigned long)vec[i].iov_base, vec[i].iov_len, advice);
		if (!err)
			done += vec[i].iov_len;
	}
	return done ? (long)done : err;
}

long sys_process_madvise(struct mm_struct *mm, const struct iovec *vec, unsigned long nr, int advice,
			 unsigned int flags, bool remote)
{
	OPERATION("process_madvise", mm, 0);
	long ret;

	if (flags || nr > UIO_MAXIOV)
		return -EINVAL;
	if (!remote)
		return vector_madvise(mm, vec, nr, advice);
	if (!mmget_not_zero(mm))
		return -ESRCH;
	ret = advice_valid_remotely(advice) ? vector_madvise(mm, vec, nr, advice) : -EINVAL;
	mmput(mm);
	return ret;
}
