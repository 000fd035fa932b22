/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_scene.h - one mm with a mapping of huge pages from the pool, which has some. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_HUGETLB_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_HUGETLB_SCENE_H

#include <linux/mman.h>		/* MAP_HUGE_*: Linux's own numbers */

#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/hugetlb_file.h"
#include "tests/lib/scene/family.h"

#define HUGE	((long)HPAGE_PMD_NR)

static inline void pool_of(unsigned long nr)
{
	BUG_ON(hugetlb_pool_resize(HPAGE_PMD_ORDER, nr) != nr);
}

static inline long map_huge(struct mm_struct *mm, unsigned long addr, unsigned long nr, int flags)
{
	return sys_mmap(mm, addr, nr * PMD_SIZE, READ_WRITE, ANON | MAP_HUGETLB | flags, 0);
}

/* ---- the other size: leaves of PUD tables ---- */

/* Frames of a machine with @nr free rows of 1 GiB: pfn 0 is in the first, and what is in use comes last. */
#define GIGANTIC_FRAMES(nr)	((1 + (nr)) * HPAGE_PUD_NR + 4096)

/* It stays until the machine stops: its pages take a while to set up. */
static inline void gigantic_pool_of(unsigned long nr)
{
	BUG_ON(hugetlb_pool_resize(HPAGE_PUD_ORDER, nr) != nr);
}

static inline long map_gigantic(struct mm_struct *mm, unsigned long addr, unsigned long nr, int flags)
{
	return sys_mmap(mm, addr, nr * PUD_SIZE, READ_WRITE, ANON | MAP_HUGETLB | MAP_HUGE_1GB | flags, 0);
}

/* The entry of a huge page of that size. */
static inline pmd_t gigantic_at(struct mm_struct *mm, unsigned long addr)
{
	return __pmd(tree_value(mm->pt.pgd, LEVEL_PUD, addr));
}

static inline struct folio *gigantic_folio_at(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pmd_page(gigantic_at(mm, addr)));
}

/* ---- of the default size ---- */

/* An mm with @nr huge pages reserved at AREA, from a pool of @pool. */
static inline struct mm_struct *hugetlb_mm(const char *policy, unsigned long pool, unsigned long nr)
{
	struct mm_struct *mm = world_mm(policy);

	pool_of(pool);
	BUG_ON(map_huge(mm, AREA, nr, MAP_FIXED) != (long)AREA);
	return mm;
}

static inline pmd_t huge_at(struct mm_struct *mm, unsigned long addr)
{
	return __pmd(tree_value(mm->pt.pgd, LEVEL_PMD, addr));
}

static inline struct folio *huge_folio_at(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pmd_page(huge_at(mm, addr)));
}

/* The byte at @addr, in the huge page that a leaf maps there. Locking: no other thread uses @mm. */
static inline unsigned char *huge_byte(struct mm_struct *mm, unsigned long addr)
{
	return page_payload(vm_normal_page_pmd(huge_at(mm, addr), addr));
}

static inline vm_fault_t huge_write(struct mm_struct *mm, unsigned long addr)
{
	return do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE);
}

static inline vm_fault_t huge_read(struct mm_struct *mm, unsigned long addr)
{
	return do_user_addr_fault(mm, addr, 0);
}

/* A file of @pages huge pages that can grow to @max_pages. Dies when it fails. */
static inline struct file *huge_file(unsigned long pages, unsigned long max_pages)
{
	struct file *file = file_create_hugetlb(pages * HPAGE_PMD_NR, max_pages * HPAGE_PMD_NR, HPAGE_PMD_ORDER);

	BUG_ON(!file);
	return file;
}

static inline long map_huge_file(struct mm_struct *mm, unsigned long addr, unsigned long nr, int flags,
				 struct file *file, unsigned long first)
{
	return sys_mmap_file(mm, addr, nr * PMD_SIZE, READ_WRITE, flags | MAP_FIXED, file, first * HPAGE_PMD_NR);
}

/* An mm with @nr huge pages of @file, shared, at AREA. */
static inline struct mm_struct *shared_huge_mm(const char *policy, struct file *file, unsigned long nr)
{
	struct mm_struct *mm = world_mm(policy);

	BUG_ON(map_huge_file(mm, AREA, nr, MAP_SHARED, file, 0) != (long)AREA);
	return mm;
}

/* True when the pool has @free free pages, @reserved of them reserved; else prints the pool's counts on stderr. */
bool pool_of_order_is(unsigned int order, unsigned long free, unsigned long reserved);

static inline bool pool_is(unsigned long free, unsigned long reserved)
{
	return pool_of_order_is(HPAGE_PMD_ORDER, free, reserved);
}

static inline bool gigantic_pool_is(unsigned long free, unsigned long reserved)
{
	return pool_of_order_is(HPAGE_PUD_ORDER, free, reserved);
}

/*
 * Takes the pool back too: what was leaked of it is then a leak of frames. Includes cmocka.h first, as every test does.
 */
#define end_of(...) do { \
	struct mm_struct *mms_[] = { __VA_ARGS__ }; \
	assert_true(rests(mms_, ARRAY_SIZE(mms_))); \
	for (unsigned int i_ = 0; i_ < ARRAY_SIZE(mms_); i_++) \
		mm_exit(mms_[i_]); \
	BUG_ON(hugetlb_pool_resize(HPAGE_PMD_ORDER, 0)); \
} while (0)

/* As end_of(), and @file, which no other thread has. */
#define end_of_file(file, ...) do { \
	struct mm_struct *mms2_[] = { __VA_ARGS__ }; \
	assert_true(rests(mms2_, ARRAY_SIZE(mms2_))); \
	for (unsigned int j_ = 0; j_ < ARRAY_SIZE(mms2_); j_++) \
		mm_exit(mms2_[j_]); \
	file_put(file); \
	assert_int_equal(hugetlb_pool_counts(HPAGE_PMD_ORDER).reserved, 0); \
	BUG_ON(hugetlb_pool_resize(HPAGE_PMD_ORDER, 0)); \
} while (0)

/* For tests of huge pages, in a geometry that has none. Include cmocka.h first. */
#define needs_huge_pages() do { \
	if (!THP_POSSIBLE) \
		skip(); \
} while (0)

#endif
