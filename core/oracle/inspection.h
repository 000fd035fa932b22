/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspection.h - one inspection of quiescent address spaces: the state of the page tables, and the checks against it.
 */
#ifndef FAULTLINE_CORE_ORACLE_INSPECTION_H
#define FAULTLINE_CORE_ORACLE_INSPECTION_H

#include "core/mm/hugetlb.h"
#include "core/oracle/complaint.h"
#include "core/oracle/each_frame.h"
#include "core/phys/folio.h"
#include "core/phys/lru.h"

/* (T) counts of a frame; those of the whole folio are in its head's */
struct found {
	uint32_t mapped;		/* entries that map the frame; a linked table counts one */
	uint32_t folio_mapped;		/* entries that map any page of the folio, or all of it */
	uint32_t entire;		/* huge leaves among them */
	uint32_t mms, last_mm;		/* mms that map it, and the number of the last one */
	uint32_t slot[2];		/* entries of the mms in its slots */
	uint32_t cached;		/* swap slots of the folio */
	uint32_t kernel;		/* entries of kernel tables that map the frame */
	uint32_t locked;		/* VM_LOCKED VMAs that map some of it, and the last one */
	const struct vm_area_struct *last_locked;
};

/* (T) counts of a swap slot */
struct found_slot {
	uint32_t entries;
	bool exclusive;			/* an entry is exclusive */
};

/* (T) all of it: one inspection */
struct inspection {
	struct found *found;		/* by pfn */
	struct found_slot *slots;	/* by swap slot */
	struct mm_struct *mm;		/* the current one */
	struct vm_area_struct *vma;	/* the first VMA that ends above the current address */
	long anon, file, swapped, hugetlb;	/* found in mm: pages */
	long tables[NR_LEVELS];		/* and tables */
	unsigned long accounted;	/* pages of VMAs with VM_ACCOUNT, and of shared memory, of all mms */
	unsigned long deferred[MAX_NODES];	/* large folios found in the queues of folios to split */
	unsigned long on_list[MAX_NODES][NR_LRU_LISTS];	/* folios found on the lists for reclaim */
	unsigned long huge[HUGE_MAX_HSTATE], huge_free[HUGE_MAX_HSTATE]; /* of each pool: huge pages found, free ones */
	struct complaint complaint;
};

#define fail(in, ...)	disagree(&(in)->complaint, __VA_ARGS__)

/* The VMA that contains @addr, as the inspection moves upwards; NULL if none does. */
struct vm_area_struct *inspected_vma(struct inspection *in, unsigned long addr);
/* Counts one more entry of the current mm that maps some of @folio. */
void count_mapping(struct inspection *in, struct folio *folio);

/* The table that @val points to, for entries of @level from @addr on, after all checks of it; NULL if one failed. */
uint64_t *check_table(struct inspection *in, uint64_t val, enum pgtable_level level, unsigned long addr);
/* Compares the tables found in the current mm with its counters. */
void check_table_counts(struct inspection *in);

/* A huge leaf at @addr, and one of a PUD table. The deposited PTE tables of the PMD table @table, from @addr on. */
void check_leaf(struct inspection *in, pmd_t pmd, unsigned long addr);
void check_pud_leaf(struct inspection *in, pud_t pud, unsigned long addr);
void check_deposits(struct inspection *in, const pmd_t *table, unsigned long addr);

/* The pool and the reservations of mappings, after all frames were checked. */
void hugetlb_at_rest(struct inspection *in, struct mm_struct *const *mms, unsigned int nr);

/* The kernel's page tables. Called if there is an init_mm. */
void kernel_at_rest(struct inspection *in);

/* Checks every frame, after all page tables and swap slots were read. */
void frames_at_rest(struct inspection *in);

#endif
