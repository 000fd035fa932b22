/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa_scene.h - pages on node 0, which are made NUMA hints, and accesses by processors of both nodes. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_NUMA_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_NUMA_SCENE_H

#include "core/op/numa_fault.h"
#include "core/op/numa_scan.h"
#include "core/op/prot_numa.h"
#include "tests/lib/scene/swap_scene.h"
#include "tests/lib/scene/thp_scene.h"

#define NUMA		"linux-6.15,numa_balancing=on"
#define NUMA_THP	NUMA ",thp=always"
#define ALL		(1ul << 20)	/* pages of a scan to the end of all address spaces here */

static inline unsigned int node_of(const struct page *page)
{
	return page_to_nid(page);
}

/* Its first @pages pages, with words, are hints. */
static inline struct mm_struct *mm_with_hints(const char *policy, unsigned long pages)
{
	struct mm_struct *mm = mm_with_words(policy, pages);

	BUG_ON(numa_scan(mm, ALL) != pages);
	return mm;
}

static inline bool is_hint(struct mm_struct *mm, unsigned long i)
{
	return pte_protnone(pte_at(mm, i)) && !pte_accessible(pte_at(mm, i));
}

/* An access to page @i by a processor of @node. */
static inline vm_fault_t access_by(struct mm_struct *mm, unsigned long i, unsigned int node, unsigned int flags)
{
	vm_fault_t ret;

	cpu_stand_for(node);
	ret = do_user_addr_fault(mm, page_addr(i), flags);
	cpu_stand_for(0);
	return ret;
}

/* A huge page at AREA, with a word in each of its first pages, whose leaf is a hint. */
static inline struct mm_struct *mm_with_huge_hint(const char *policy)
{
	struct mm_struct *mm = mm_with_area(policy);

	write_at(mm, AREA);
	BUG_ON(!is_huge(mm, AREA));
	*(uint64_t *)page_payload(&huge_folio(mm, AREA)->page) = 100;
	BUG_ON(numa_scan(mm, ALL) != HPAGE_PMD_NR || !pmd_protnone(leaf_at(mm, AREA)));
	return mm;
}

#endif
