/* SPDX-License-Identifier: GPL-2.0-or-later */
/* all_locks.c - takes every lock under which the entries of one mm change. */
#include "core/mm/all_locks.h"

#include "core/mm/anon_vma.h"
#include "core/mm/hugetlb.h"
#include "core/mm/i_mmap.h"
#include "core/mm/vma.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(ALL_LOCKS, "address spaces whose rmap locks were all taken at once");

/*
 * Two threads need the same locks, in the orders of their own VMAs: one waits here. So each may hold many locks of one
 * rank. Source: mm/vma.c, mm_all_locks_mutex.
 */
static struct rwsem mm_all_locks_mutex;

void mm_all_locks_init(void)
{
	init_rwsem(&mm_all_locks_mutex, RANK_MM_ALL_LOCKS);
}

DEFINE_KNOCKOUT(ALL_LOCKS_MARK,
	.name = "all-locks:mark",
	.removes = "the mark of a lock that mm_take_all_locks() holds already",
	.breaks = "a thread that waits for itself",
	.detected_by = "the lock order: knockout.all_locks",
	.hunt = "test knockout.all_locks");

DEFINE_KNOCKOUT(ALL_LOCKS_MUTEX,
	.name = "all-locks:mutex",
	.removes = "the mutex around mm_take_all_locks()",
	.breaks = "two threads that each hold a lock the other one waits for",
	.detected_by = "the lock order: knockout.all_locks",
	.hunt = "test knockout.all_locks");

/* ---- one lock; locking: mm_all_locks_mutex ---- */

/* Source: mm/vma.c, vm_lock_mapping(). */
static void vm_lock_mapping(struct address_space *mapping)
{
	if (mapping->flags & AS_MM_ALL_LOCKS)
		return;
	if (!KNOCKED_OUT(ALL_LOCKS_MARK))
		mapping->flags |= AS_MM_ALL_LOCKS;
	down_write_nest_lock(&mapping->i_mmap_rwsem, &mm_all_locks_mutex);
}

static void vm_unlock_mapping(struct address_space *mapping)
{
	if (!(mapping->flags & AS_MM_ALL_LOCKS))
		return;
	mapping->flags &= ~AS_MM_ALL_LOCKS;
	i_mmap_unlock_write(mapping);
}

/* A linked VMA keeps the root. Source: mm/vma.c, vm_lock_anon_vma(). */
static void vm_lock_anon_vma(const struct anon_vma *anon_vma)
{
	struct anon_vma *root = load_relaxed(&anon_vma->root);

	if (root->all_locked)
		return;
	if (!KNOCKED_OUT(ALL_LOCKS_MARK))
		root->all_locked = true;
	down_write_nest_lock(&root->rwsem, &mm_all_locks_mutex);
}

static void vm_unlock_anon_vma(const struct anon_vma *anon_vma)
{
	struct anon_vma *root = load_relaxed(&anon_vma->root);

	if (!root->all_locked)
		return;
	root->all_locked = false;
	anon_vma_unlock_write(root);
}

/* ---- all of them ---- */

#define for_each_vma(vma, mm) \
	for (unsigned long addr_ = 0; ((vma) = find_vma((mm), addr_)); addr_ = (vma)->vm_end)

/* The mappings of hugetlb files come before those of others, as in Linux. */
static void lock_mappings(struct mm_struct *mm, bool huge)
{
	struct vm_area_struct *vma;

	for_each_vma(vma, mm)
		if (vma->vm_file && is_vm_hugetlb_page(vma) == huge)
			vm_lock_mapping(&vma->vm_file->mapping);
}

void mm_take_all_locks(struct mm_struct *mm)
{
	const struct anon_vma_chain *avc;
	struct vm_area_struct *vma;

	mmap_assert_write_locked(mm);
	if (!KNOCKED_OUT(ALL_LOCKS_MUTEX))
		down_write(&mm_all_locks_mutex);
	SYNCPOINT("all_locks.begin");
	for_each_vma(vma, mm)
		vma_start_write(vma);
	lock_mappings(mm, true);
	lock_mappings(mm, false);
	for_each_vma(vma, mm)
		TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma)
			vm_lock_anon_vma(avc->anon_vma);
	count_event(EV_ALL_LOCKS);
	SYNCPOINT("all_locks.taken");
}

void mm_drop_all_locks(struct mm_struct *mm)
{
	const struct anon_vma_chain *avc;
	struct vm_area_struct *vma;

	mmap_assert_write_locked(mm);
	for_each_vma(vma, mm) {
		TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma)
			vm_unlock_anon_vma(avc->anon_vma);
		if (vma->vm_file)
			vm_unlock_mapping(&vma->vm_file->mapping);
	}
	if (!KNOCKED_OUT(ALL_LOCKS_MUTEX))
		up_write(&mm_all_locks_mutex);
}
