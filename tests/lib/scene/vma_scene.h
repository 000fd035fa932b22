/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_scene.h - one mm with one area under each design of the VMA lock, and what a reader of it gets. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_VMA_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_VMA_SCENE_H

#include "core/mm/vma.h"
#include "core/op/mmap.h"
#include "tests/lib/harness/chance.h"
#include "tests/lib/harness/world.h"

#define AREA	(16 * PMD_SIZE)
#define LEN	(8 * PAGE_SIZE)

static const char *const vma_designs[] = { "linux-6.4", "linux-6.15", "linux-6.15,vma_lock=refcnt_mm" };

/* @policy: the text of each policy that has a design of its own. */
#define for_each_design(policy) \
	for (const char *const *policy##_at = vma_designs, *policy; \
	     policy##_at < vma_designs + ARRAY_SIZE(vma_designs) && (policy = *policy##_at); policy##_at++)

static inline void map(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	BUG_ON(sys_mmap(mm, addr, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) !=
	       (long)addr);
}

static inline struct mm_struct *mm_with_vma(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	map(mm, AREA, LEN);
	return mm;
}

/* Locking: no thread changes the tree. */
static inline struct vm_area_struct *only_vma(struct mm_struct *mm)
{
	return vma_tree_find(&mm->tree, 0);
}

/* What another thread finds, and how far two threads are. */
struct meeting {
	struct mm_struct *mm;
	bool got;
	unsigned int step;
};

#endif
