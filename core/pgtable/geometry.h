/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * geometry.h - the shape of the page-table tree, fixed at compile time by FAULTLINE_LEVELS.
 *
 *   4   x86-64, four levels: 9 bits each of PGD, PUD, PMD, PTE; P4D folded into PGD
 *   5   x86-64, five levels
 *   2   32-bit x86 without PAE: 10 bits of PGD and PTE; P4D, PUD and PMD folded into PGD
 *
 * User addresses are below TASK_SIZE, kernel addresses of areas (vmalloc.h) from VMALLOC_START to VMALLOC_END.
 *
 * A folded level has one entry, which is the entry above it. Entries are 64 bits in all of them, so the tables of the
 * 2-level geometry are two frames long. Addresses are unsigned long, whatever the geometry.
 * Source: arch/x86/include/asm/pgtable_64_types.h, pgtable-2level_types.h.
 */
#ifndef FAULTLINE_CORE_PGTABLE_GEOMETRY_H
#define FAULTLINE_CORE_PGTABLE_GEOMETRY_H

#ifndef FAULTLINE_LEVELS
#define FAULTLINE_LEVELS 4
#endif

#define PAGE_SHIFT	12

#if FAULTLINE_LEVELS == 4 || FAULTLINE_LEVELS == 5
#define PTRS_PER_PTE	512
#define PMD_SHIFT	21
#define PTRS_PER_PMD	512
#define PUD_SHIFT	30
#define PTRS_PER_PUD	512
#define P4D_SHIFT	39
#define PTRS_PER_PGD	512
#define TABLE_ORDER	0
#if FAULTLINE_LEVELS == 5
#define PTRS_PER_P4D	512
#define PGDIR_SHIFT	48
#define TASK_SIZE	((1UL << 56) - PAGE_SIZE)
#define VMALLOC_START	0xffa0000000000000UL
#define VMALLOC_END	0xffd2000000000000UL
#define GEOMETRY_NAME	"x86-64 5-level"
#else
#define PTRS_PER_P4D	1
#define PGDIR_SHIFT	39
#define TASK_SIZE	((1UL << 47) - PAGE_SIZE)
#define VMALLOC_START	0xffffc90000000000UL
#define VMALLOC_END	0xffffe90000000000UL
#define GEOMETRY_NAME	"x86-64 4-level"
#endif
#elif FAULTLINE_LEVELS == 2
#define PTRS_PER_PTE	1024
#define PMD_SHIFT	22
#define PTRS_PER_PMD	1
#define PUD_SHIFT	22
#define PTRS_PER_PUD	1
#define P4D_SHIFT	22
#define PTRS_PER_P4D	1
#define PGDIR_SHIFT	22
#define PTRS_PER_PGD	1024
#define TABLE_ORDER	1
#define TASK_SIZE	0xc0000000UL
#define VMALLOC_START	0xf0000000UL
#define VMALLOC_END	0xff000000UL
#define GEOMETRY_NAME	"32-bit 2-level"
#else
#error "FAULTLINE_LEVELS is 4, 5 or 2"
#endif

#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PMD_SIZE	(1UL << PMD_SHIFT)
#define PUD_SIZE	(1UL << PUD_SHIFT)
#define P4D_SIZE	(1UL << P4D_SHIFT)
#define PGDIR_SIZE	(1UL << PGDIR_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PMD_MASK	(~(PMD_SIZE - 1))
#define TABLE_SIZE	(PAGE_SIZE << TABLE_ORDER)

/* Where there are PMD tables, a PMD or PUD entry may be a leaf and map a huge page. Source: include/linux/huge_mm.h. */
#define THP_POSSIBLE	(PTRS_PER_PMD > 1)
#define HPAGE_PMD_ORDER	(PMD_SHIFT - PAGE_SHIFT)
#define HPAGE_PMD_NR	(1UL << HPAGE_PMD_ORDER)
#define HPAGE_PUD_ORDER	(PUD_SHIFT - PAGE_SHIFT)
#define HPAGE_PUD_NR	(1UL << HPAGE_PUD_ORDER)

_Static_assert(PTRS_PER_PTE * 8 == TABLE_SIZE, "a table fills its frames");
_Static_assert(PTRS_PER_PGD * 8 == TABLE_SIZE, "all tables are of one size");

/* Levels by depth, as pte_hole() uses them. */
enum pgtable_level { LEVEL_PGD, LEVEL_P4D, LEVEL_PUD, LEVEL_PMD, LEVEL_PTE, NR_LEVELS };

/* log2 of the bytes that one entry of @level spans. */
static inline unsigned int level_shift(enum pgtable_level level)
{
	static const unsigned char shift[NR_LEVELS] = { PGDIR_SHIFT, P4D_SHIFT, PUD_SHIFT, PMD_SHIFT, PAGE_SHIFT };

	return shift[level];
}

/* Number of entries of a table for entries of @level; 1 for a folded level. */
static inline unsigned int level_entries(enum pgtable_level level)
{
	static const unsigned short entries[NR_LEVELS] = {
		PTRS_PER_PGD, PTRS_PER_P4D, PTRS_PER_PUD, PTRS_PER_PMD, PTRS_PER_PTE
	};

	return entries[level];
}

/* The level of the tables that entries of @level point to; a folded level's only entry is the one above. */
static inline enum pgtable_level level_below(enum pgtable_level level)
{
	do {
		level++;
	} while (level < LEVEL_PTE && level_entries(level) == 1);
	return level;
}

/* Index of @addr in its table of @level. */
static inline unsigned long level_index(enum pgtable_level level, unsigned long addr)
{
	return (addr >> level_shift(level)) & (level_entries(level) - 1);
}

/* The level of a hole found at @level: folded levels are skipped. Source: mm/pagewalk.c, real_depth(). */
static inline enum pgtable_level real_depth(enum pgtable_level level)
{
	if (level == LEVEL_PMD && PTRS_PER_PMD == 1)
		level = LEVEL_PUD;
	if (level == LEVEL_PUD && PTRS_PER_PUD == 1)
		level = LEVEL_P4D;
	if (level == LEVEL_P4D && PTRS_PER_P4D == 1)
		level = LEVEL_PGD;
	return level;
}

/* End of the entry of @addr, at most @end; correct for @end at the top of the address space too. */
static inline unsigned long level_addr_end(enum pgtable_level level, unsigned long addr, unsigned long end)
{
	unsigned long size = 1UL << level_shift(level);
	unsigned long boundary = (addr + size) & ~(size - 1);

	return boundary - 1 < end - 1 ? boundary : end;
}

#define pgd_addr_end(addr, end)	level_addr_end(LEVEL_PGD, (addr), (end))
#define p4d_addr_end(addr, end)	level_addr_end(LEVEL_P4D, (addr), (end))
#define pud_addr_end(addr, end)	level_addr_end(LEVEL_PUD, (addr), (end))
#define pmd_addr_end(addr, end)	level_addr_end(LEVEL_PMD, (addr), (end))

#endif
