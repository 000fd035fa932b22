/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.c - page tables read and filled in the plainest way. */
#include "tests/lib/scene/tree.h"

#include <stdio.h>

#include "core/mm/mm.h"
#include "core/op/zap.h"
#include "core/pgtable/pgalloc.h"
#include "core/phys/folio.h"

/* The first word of the table that the entry value @val names. */
static uint64_t *table_of(uint64_t val)
{
	return page_address(pfn_to_page((val >> PAGE_SHIFT) & ((1UL << 40) - 1)));
}

static enum pgtable_level next_real(enum pgtable_level level)
{
	do
		level++;
	while (!level_real(level));
	return level;
}

/* A leaf: there is no table below. */
static bool is_leaf(enum pgtable_level level, uint64_t val)
{
	return level == LEVEL_PMD && pmd_trans_huge(__pmd(val));
}

/* Where in a table of @level the entry of @addr stands. */
static unsigned long slot_of(enum pgtable_level level, unsigned long addr)
{
	return addr / level_span(level) % level_entries(level);
}

uint64_t *tree_entry(pgd_t *pgd, enum pgtable_level level, unsigned long addr)
{
	uint64_t *table = &pgd->val;

	for (enum pgtable_level at = LEVEL_PGD; at < level; at = next_real(at)) {
		uint64_t val = load_relaxed(&table[slot_of(at, addr)]);

		if (!val || is_leaf(at, val))
			return NULL;
		table = table_of(val);
	}
	return &table[slot_of(level, addr)];
}

uint64_t tree_value(pgd_t *pgd, enum pgtable_level level, unsigned long addr)
{
	uint64_t *entry = tree_entry(pgd, level, addr);

	return entry ? load_relaxed(entry) : 0;
}

static void tables_below(uint64_t *table, enum pgtable_level level, unsigned long addr,
			 void (*fn)(enum pgtable_level level, unsigned long addr, void *arg), void *arg)
{
	enum pgtable_level child = next_real(level);

	for (unsigned int i = 0; i < level_entries(level); i++) {
		unsigned long at = addr + i * level_span(level);
		uint64_t val = load_relaxed(&table[i]);

		if (!val || is_leaf(level, val))
			continue;
		fn(child, at, arg);
		if (child < LEVEL_PTE)
			tables_below(table_of(val), child, at, fn, arg);
	}
}

void tree_tables(struct mm_struct *mm, void (*fn)(enum pgtable_level level, unsigned long addr, void *arg), void *arg)
{
	tables_below(&mm->pt.pgd->val, LEVEL_PGD, 0, fn, arg);
}

struct counting {
	struct mm_struct *mm;
	struct tree_counts counts;
};

static void count_table(enum pgtable_level level, unsigned long addr, void *arg)
{
	struct counting *counting = arg;
	struct tree_counts *counts = &counting->counts;

	if (level != LEVEL_PTE) {
		counts->upper_tables++;
		return;
	}
	counts->pte_tables++;
	for (unsigned int i = 0; i < PTRS_PER_PTE; i++) {
		pte_t pte = tree_pte(counting->mm, addr + i * PAGE_SIZE);

		if (pte_none(pte))
			counts->none++;
		else if (pte_is_guard(pte))
			counts->guard++;
		else if (pte_is_swap(pte))
			counts->swap++;
		else if (is_zero_pfn(pte_pfn(pte)))
			counts->zero++;
		else if (!pte_special(pte))
			*(page_type(pte_page(pte)) == PAGE_FILE ? &counts->file : &counts->anon) += 1;
	}
}

struct tree_counts tree_count(struct mm_struct *mm)
{
	struct counting counting = { .mm = mm };

	tree_tables(mm, count_table, &counting);
	return counting.counts;
}

bool tree_counters_right(struct mm_struct *mm)
{
	struct tree_counts found = tree_count(mm);
	const unsigned long there[NR_MM_COUNTERS] = {
		[MM_ANONPAGES] = found.anon, [MM_FILEPAGES] = found.file, [MM_SWAPENTS] = found.swap,
		[MM_PTE_TABLES] = found.pte_tables, [MM_UPPER_TABLES] = found.upper_tables,
	};

	for (unsigned int i = 0; i < NR_MM_COUNTERS; i++) {
		long counted = mm_counter_sum(&mm->pt, (enum mm_counter)i);

		if (counted == (long)there[i])
			continue;
		fprintf(stderr, "counter %u is %ld, there are %lu\n", i, counted, there[i]);
		return false;
	}
	return true;
}

pte_t *tree_make(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmdp = pmd_alloc_path(&mm->pt, addr);

	BUG_ON(!pmdp || pte_alloc(&mm->pt, pmdp));
	return (pte_t *)(void *)tree_entry(mm->pt.pgd, LEVEL_PTE, addr);
}

static void put(struct mm_struct *mm, unsigned long addr, pte_t pte)
{
	pte_t *ptep = tree_make(mm, addr);

	BUG_ON(!pte_none(ptep_get(ptep)));
	pte_init(ptep, pte);
}

void tree_put_page(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct page *page = alloc_page(PAGE_ANON | ALLOC_ZERO);
	pte_t pte;

	BUG_ON(!page);
	page->index = addr >> PAGE_SHIFT;
	page_mapcount_inc(page);
	mm_count(&mm->pt, MM_ANONPAGES, 1);
	pte = mk_pte(page, ENTRY_PRESENT | ENTRY_ACCESSED);
	put(mm, addr, write ? pte_mkwrite(pte_mkdirty(pte)) : pte);
}

void tree_put_zero(struct mm_struct *mm, unsigned long addr)
{
	put(mm, addr, pte_mkspecial(mk_pte(zero_page, ENTRY_PRESENT | ENTRY_ACCESSED)));
}

void tree_put_guard(struct mm_struct *mm, unsigned long addr)
{
	put(mm, addr, make_swapent(SWAPENT_GUARD, 0));
}

static void clear_table(enum pgtable_level level, unsigned long addr, void *arg)
{
	struct mm_struct *mm = arg;

	for (unsigned int i = 0; level == LEVEL_PTE && i < PTRS_PER_PTE; i++) {
		pte_t *ptep = (pte_t *)(void *)tree_entry(mm->pt.pgd, LEVEL_PTE, addr + i * PAGE_SIZE);
		pte_t pte = ptep_get(ptep);

		pte_init(ptep, __pte(0));
		if (!pte_present(pte) || pte_special(pte))
			continue;
		mm_count(&mm->pt, MM_ANONPAGES, -1);
		page_mapcount_dec(pte_page(pte));
		put_page(pte_page(pte));
	}
}

void tree_clear(struct mm_struct *mm)
{
	unsigned long end = ALIGN_UP(TASK_SIZE, PGDIR_SIZE);
	struct mmu_gather tlb;

	tree_tables(mm, clear_table, mm);
	tlb_gather_mmu(&tlb, &mm->pt);
	free_pgtables(&tlb, 0, end, 0, 0);
	tlb_finish_mmu(&tlb);
}
