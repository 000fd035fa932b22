/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mirror_scene.h - snapshots of a few pages, and mirrors compared with what they mirror. Includes cmocka.h first, as
 * every test does.
 */
#ifndef FAULTLINE_TESTS_LIB_SCENE_MIRROR_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_MIRROR_SCENE_H

#include "core/mm/mmap_lock.h"
#include "core/oracle/mirror.h"
#include "tests/lib/scene/swap_scene.h"

/* hmm_vma_get_pfns() for the VMA at @addr. */
static inline int get_pfns(struct mm_struct *mm, unsigned long addr, unsigned long pages, hmm_pfn_t *pfns)
{
	int err;

	mmap_read_lock(mm);
	err = hmm_vma_get_pfns(vma_lookup(mm, addr), addr, addr + pages * PAGE_SIZE, pfns);
	mmap_read_unlock(mm);
	return err;
}

/* The snapshot of page @i of the area. */
static inline hmm_pfn_t pfn_of_page(struct mm_struct *mm, unsigned long i)
{
	hmm_pfn_t pfn = ~0ul;

	BUG_ON(get_pfns(mm, page_addr(i), 1, &pfn));
	return pfn;
}

/* What a snapshot says of a page that is mapped, with these rights. */
static inline hmm_pfn_t mapped_as(struct mm_struct *mm, unsigned long i, hmm_pfn_t rights)
{
	return hmm_pfn_from_pfn(pte_pfn(pte_at(mm, i))) | rights;
}

/* How many entries of the area's first @pages the mirror has; dies when one is wrong. */
static inline long mirrored(struct hmm_mirror *mirror, unsigned long pages)
{
	char why[256] = "";
	long nr = oracle_mirror(mirror, AREA, page_addr(pages), why, sizeof(why));

	if (nr < 0)
		BUG("%s", why);
	return nr;
}

#endif
