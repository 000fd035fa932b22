/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged_scene.h - an mm that khugepaged scans, with words in its first pages. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_KHUGEPAGED_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_KHUGEPAGED_SCENE_H

#include "core/op/khugepaged.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define NR	20ul	/* pages with words: the rest of the huge page is empty */
#define POLICY	"linux-6.17,thp=madvise"	/* MADV_DONTNEED needs no mmap_lock */

/* One that may have huge pages only once that is advised: until then it gets small ones. */
static inline struct mm_struct *small_mm(void)
{
	return mm_with_words(POLICY, NR);
}

static inline void advise_huge(struct mm_struct *mm)
{
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_HUGEPAGE));
}

static inline void enable_with(unsigned int pages_to_scan, struct khugepaged_limits limits)
{
	khugepaged_enable(&(struct khugepaged_settings){ pages_to_scan, limits });
}

static inline void enable(void)
{
	khugepaged_enable(&(struct khugepaged_settings)KHUGEPAGED_DEFAULTS);
}

/* small_mm() that khugepaged scans. */
static inline struct mm_struct *scanned_mm(void)
{
	struct mm_struct *mm = small_mm();

	enable();
	advise_huge(mm);
	return mm;
}

static inline bool has_leaf(struct mm_struct *mm, unsigned long addr)
{
	return pmd_trans_huge(pmd_at(mm, addr));
}

/* The first page of the second range is there, too. */
static inline void next_range(struct mm_struct *mm)
{
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_NOHUGEPAGE));
	write_word(mm, HPAGE_PMD_NR, 1);
	advise_huge(mm);
}

/* Ends @mm; no slot is left. */
#define end(mm) do { \
	mm_exit(mm); \
	khugepaged_disable(); \
	assert_int_equal(khugepaged_nr_slots(), 0); \
} while (0)

/* What one pass makes of @mm under @limits. */
static inline enum scan_result result_of(struct mm_struct *mm, struct khugepaged_limits limits)
{
	unsigned long before[NR_SCAN_RESULTS];

	for (unsigned int i = 0; i < NR_SCAN_RESULTS; i++)
		before[i] = khugepaged_results(i);
	khugepaged_disable();
	enable_with(HPAGE_PMD_NR, limits);
	BUG_ON(khugepaged_nr_slots() != 1 || !mm->khugepaged_slot);
	khugepaged_do_scan();
	for (unsigned int i = 0; i < NR_SCAN_RESULTS; i++)
		if (khugepaged_results(i) != before[i])
			return i;
	return NR_SCAN_RESULTS;
}

#define LIMITS(...)	((struct khugepaged_limits){ __VA_ARGS__ })

#endif
