/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp_scene.h - one mm whose first write to an area mapped a huge page, and what there is instead of it later. */
#ifndef FAULTLINE_TESTS_LIB_THP_SCENE_H
#define FAULTLINE_TESTS_LIB_THP_SCENE_H

#include "core/mm/huge_memory.h"
#include "core/mm/rmap.h"
#include "core/op/exit.h"
#include "core/oracle/at_rest.h"
#include "tests/lib/fault_scene.h"

#define THP_POLICY	"linux-6.15,thp=always"

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

/* A huge page at AREA, the next one empty. */
static inline struct scene thp_scene(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);

	BUG_ON(do_write(&s, AREA + 5 * PAGE_SIZE + 7) || !is_huge(s.mm, AREA));
	return s;
}

/* All that can be said of these mms at rest holds; else a failed test says what does not. Include cmocka.h first. */
#define all_right(...) do { \
	struct mm_struct *mms_[] = { __VA_ARGS__ }; \
	char why_[256]; \
	rcu_barrier(); \
	if (!oracle_at_rest(mms_, ARRAY_SIZE(mms_), why_, sizeof(why_))) \
		fail_msg("%s", why_); \
} while (0)

#define end(s) do { \
	all_right((s)->mm); \
	mm_exit((s)->mm); \
} while (0)

/* Where there are none, what there is to say of them is said once, by thp_fault.c. */
#define needs_thp() do { \
	if (!THP_POSSIBLE) \
		skip(); \
} while (0)

#endif
