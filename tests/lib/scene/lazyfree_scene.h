/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lazyfree_scene.h - lazily freed folios of sixteen pages, mapped by entries. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_LAZYFREE_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_LAZYFREE_SCENE_H

#include "core/op/mremap.h"
#include "core/op/reclaim.h"
#include "tests/lib/scene/swap_scene.h"

#define LARGE	16ul	/* pages */

static inline struct mm_struct *large_mm(void)
{
	return mm_with_words("linux-6.15,anon=64k", LARGE);
}

static inline void free_lazily(struct mm_struct *mm)
{
	BUG_ON(sys_madvise(mm, AREA, LARGE * PAGE_SIZE, MADV_FREE));
	BUG_ON(!folio_test_large(folio_at(mm, 0)) || !folio_test_lazyfree(folio_at(mm, 0)));
}

/* Only page 0 was written to since a fork: it is exclusive and writable, the others are neither. */
static inline struct mm_struct *mixed_mm(void)
{
	struct mm_struct *mm = large_mm(), *child;

	BUG_ON(sys_fork(mm, &child));
	mm_exit(child);
	write_word(mm, 0, 1);
	BUG_ON(pte_write(pte_at(mm, 1)));
	free_lazily(mm);
	return mm;
}

/* Where half of the folio is in one table, and half in the next. */
static inline unsigned long across_tables(void)
{
	return AREA + 4 * PMD_SIZE - LARGE / 2 * PAGE_SIZE;
}

static inline void move_across_tables(struct mm_struct *mm)
{
	unsigned long len = LARGE * PAGE_SIZE, to = across_tables();

	BUG_ON(sys_mremap(mm, AREA, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) != (long)to);
}

#endif
