/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp_scene.h - one mm whose first write to an area mapped a huge page, and what there is instead of it later. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_THP_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_THP_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/huge_memory.h"
#include "core/mm/rmap.h"
#include "core/op/exit.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/scene/fault_scene.h"

#define THP_POLICY	"linux-6.15,thp=always"
#define HUGE		((long)HPAGE_PMD_NR)

/* The entry of the PMD table. In a geometry without, none: there is no huge page. */
static inline pmd_t leaf_at(struct mm_struct *mm, unsigned long addr)
{
	return THP_POSSIBLE ? __pmd(tree_value(mm->pt.pgd, LEVEL_PMD, addr)) : __pmd(0);
}

static inline bool is_huge(struct mm_struct *mm, unsigned long addr)
{
	return pmd_trans_huge(leaf_at(mm, addr));
}

static inline struct folio *huge_folio(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pmd_page(leaf_at(mm, addr)));
}

/* Where there are none, what there is to say of them is said once, by thp_fault.c. */
#define needs_thp() do { \
	if (!THP_POSSIBLE) \
		skip(); \
} while (0)

/* A huge page at AREA, the next one empty; else nothing to test. */
static inline struct scene thp_scene(const char *policy)
{
	struct scene s;

	needs_thp();
	s = scene_of(policy, PROT_READ | PROT_WRITE);
	BUG_ON(do_write(&s, AREA + 5 * PAGE_SIZE + 7) || !is_huge(s.mm, AREA));
	return s;
}

/* It is right, and gone. */
#define end(s) do { \
	assert_at_rest((s)->mm); \
	mm_exit((s)->mm); \
} while (0)

#endif
