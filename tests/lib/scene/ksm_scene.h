/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm_scene.h - mms whose pages KSM merges. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_KSM_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_KSM_SCENE_H

#include "core/mm/ksm.h"
#include "core/op/gup.h"
#include "core/op/ksm.h"
#include "core/op/migrate.h"
#include "tests/lib/scene/swap_scene.h"

/* An mm with VM_MERGEABLE, whose first @pages pages contain @word. */
static inline struct mm_struct *mergeable_mm(unsigned long pages, uint64_t word)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);

	BUG_ON(sys_madvise(s.mm, AREA, LEN, MADV_MERGEABLE));
	for (unsigned long i = 0; i < pages; i++)
		write_word(s.mm, i, word);
	return s.mm;
}

/* Visits each page of the mms often enough to merge those that do not change. Returns the number merged. */
static inline unsigned long scan_all(struct mm_struct *const *mms, unsigned int nr)
{
	unsigned long merged = 0;

	for (unsigned int pass = 0; pass < 3; pass++)
		for (unsigned int i = 0; i < nr; i++)
			merged += ksm_scan(mms[i], ~0ul);
	return merged;
}

static inline unsigned long scan(struct mm_struct *mm)
{
	return scan_all(&mm, 1);
}

static inline bool is_merged(struct mm_struct *mm, unsigned long i)
{
	return pte_present(pte_at(mm, i)) && folio_test_ksm(folio_at(mm, i));
}

/* Page 0 of two mms that are not related is one folio with @word. */
static inline void merge_two_mms(struct mm_struct *mms[2], uint64_t word)
{
	for (unsigned int i = 0; i < 2; i++)
		mms[i] = mergeable_mm(1, word);
	BUG_ON(scan_all(mms, 2) != 2 || folio_at(mms[0], 0) != folio_at(mms[1], 0) || !is_merged(mms[0], 0));
}

/* Moves page 0 of @mm to another frame of its node. Returns as migrate_folio(). */
static inline int move_first(struct mm_struct *mm)
{
	struct folio *folio = folio_at(mm, 0);

	folio_get(folio);
	return migrate_folio(folio, page_to_nid(&folio->page));
}

#endif
