/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_scene.h - VMAs with anon_vmas, and folios that count as mapped in them without any page table. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_ANON_VMA_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_ANON_VMA_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/mm/anon_vma.h"
#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"

#define AREA	(16 * PMD_SIZE)
#define PAGE(n)	(AREA + (unsigned long)(n) * PAGE_SIZE)

/* The policies' texts that differ in how an anon_vma outlives its readers. */
static const char *const anon_vma_kinds[] = { "linux-6.15", "linux-6.15,anon_vma=call_rcu" };

/* @policy: the text of each. */
#define for_each_kind(policy) \
	for (const char *const *policy##_at = anon_vma_kinds, *policy; \
	     policy##_at < anon_vma_kinds + ARRAY_SIZE(anon_vma_kinds) && (policy = *policy##_at); policy##_at++)

/* The VMA that holds @addr. Locking: no thread changes the tree. */
static inline struct vm_area_struct *vma_at(struct mm_struct *mm, unsigned long addr)
{
	return vma_tree_find(&mm->tree, addr);
}

static inline struct anon_vma *anon_vma_at(struct mm_struct *mm, unsigned long addr)
{
	return vma_anon_vma(vma_at(mm, addr));
}

static inline int prepare_at(struct mm_struct *mm, unsigned long addr)
{
	int err;

	mmap_read_lock(mm);
	err = anon_vma_prepare(vma_lookup(mm, addr));
	mmap_read_unlock(mm);
	return err;
}

/* An mm with one VMA over @pages pages of the area, prepared. */
static inline struct mm_struct *mm_prepared(const char *policy, unsigned int pages)
{
	struct mm_struct *mm = world_mm(policy);

	map_at(mm, AREA, pages * PAGE_SIZE, READ_WRITE);
	BUG_ON(prepare_at(mm, AREA));
	return mm;
}

static inline struct mm_struct *fork_of(struct mm_struct *mm)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(mm, &child));
	return child;
}

static inline unsigned int nr_chains(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	unsigned int nr = 0;

	TAILQ_FOREACH(avc, &vma->anon_vma_chain, same_vma)
		nr++;
	return nr;
}

/* VMAs in the tree, whose order and ranges are right. */
static inline unsigned long nr_linked(struct anon_vma *anon_vma)
{
	unsigned long nr;

	anon_vma_lock_read(anon_vma);
	nr = anon_vma_interval_tree_check(&anon_vma->tree);
	anon_vma_unlock_read(anon_vma);
	return nr;
}

/* A page of @mm at @addr, and the caller's reference to it. */
static inline struct folio *map_folio(struct mm_struct *mm, unsigned long addr)
{
	struct folio *folio = folio_alloc(0, PAGE_ANON);

	BUG_ON(!folio);
	folio_add_new_anon_rmap(folio, vma_at(mm, addr), addr, RMAP_EXCLUSIVE);
	return folio;
}

static inline void unmap_folio(struct mm_struct *mm, struct folio *folio)
{
	folio_remove_rmap_ptes(folio, &folio->page, 1, vma_at(mm, AREA));
}

static inline void assert_counts(struct anon_vma *anon_vma, unsigned int refs, unsigned int children,
				 unsigned int active, unsigned long linked)
{
	assert_int_equal(load_relaxed(&anon_vma->refcount), refs);
	assert_int_equal(anon_vma->num_children, children);
	assert_int_equal(anon_vma->num_active_vmas, active);
	assert_int_equal(nr_linked(anon_vma), linked);
}

static inline void assert_nothing_left(void)
{
	rcu_barrier();
	assert_int_equal(nr_anon_vmas(), 0);
	assert_int_equal(nr_anon_vma_chains(), 0);
}

#endif
