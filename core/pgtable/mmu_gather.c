/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_gather.c - gathers pages and page tables to free. */
#include "core/pgtable/mmu_gather.h"

#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(PAGE_FREE, "pages freed by gathers");

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_pgtable *pt)
{
	tlb->pt = pt;
	tlb->nr_pages = 0;
	tlb->tables = NULL;
	tlb->start = ULONG_MAX;
	tlb->end = 0;
}

static void free_table_chain(struct page *table)
{
	while (table) {
		struct page *next = table->pt_next;

		table_free(table);
		table = next;
	}
}

static void free_table_chain_rcu(struct rcu_head *head)
{
	free_table_chain(rcu_cb_entry(head, struct page, rcu));
}

DEFINE_KNOCKOUT(TABLE_FREE_A,
	.name = "table-free:A",
	.removes = "the wait between unlinking and freeing a page table",
	.breaks = "a walker in freed memory",
	.detected_by = "the type check in pte_offset_map()",
	.hunt = HUNT_JUMBLE);

/*
 * ORDER[table-free:A] the tables' entries were cleared, then a grace period passes (or every cpu has answered), then
 * they are freed. Pairs with ORDER[table-free:B] in ptl.h. Weaker: a walker reads a table that was freed and reused.
 * One callback frees a whole chain: the first table carries it.
 */
static void free_tables(struct mmu_gather *tlb)
{
	struct page *tables = tlb->tables;

	tlb->tables = NULL;
	if (KNOCKED_OUT(TABLE_FREE_A)) {
		free_table_chain(tables);
	} else if (tlb->pt->policy.table_free == TABLE_FREE_RCU) {
		call_rcu(&tables->rcu, free_table_chain_rcu);
	} else {
		shootdown_wait();
		free_table_chain(tables);
	}
}

DEFINE_KNOCKOUT(GATHER_PUT,
	.name = "gather:put",
	.removes = "dropping the reference to one of the pages a gather frees",
	.breaks = "a leaked page",
	.detected_by = "page accounting at rest",
	.hunt = HUNT_JUMBLE);

/* Pages of a large folio are adjacent: their references are dropped at once. */
static void put_folios(const struct mmu_gather *tlb)
{
	unsigned int i = KNOCKED_OUT(GATHER_PUT) ? 1 : 0;

	while (i < tlb->nr_pages) {
		struct folio *folio = tlb->pages[i];
		int nr = 0;

		do
			nr++;
		while (++i < tlb->nr_pages && tlb->pages[i] == folio);
		folio_put_refs(folio, nr);
	}
}

DEFINE_KNOCKOUT(GATHER_FLUSH,
	.name = "gather:flush",
	.removes = "the TLB flush before gathered pages are freed; it comes after",
	.breaks = "an access to a freed page",
	.detected_by = "the detector translations: knockout.tlb",
	.hunt = "stress tlb_vs_all");

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	bool early = !KNOCKED_OUT(GATHER_FLUSH);

	if (early)
		flush_tlb_range(tlb->pt, tlb->start, tlb->end);
	count_events(EV_PAGE_FREE, tlb->nr_pages);
	put_folios(tlb);
	SYNCPOINT("gather.freed");
	if (!early)
		flush_tlb_range(tlb->pt, tlb->start, tlb->end);
	tlb->nr_pages = 0;
	if (tlb->tables)
		free_tables(tlb);
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	if (tlb->nr_pages || tlb->tables || tlb->end)
		tlb_flush_mmu(tlb);
}

void tlb_remove_table(struct mmu_gather *tlb, struct page *table)
{
	mm_count(tlb->pt, table->level == LEVEL_PTE ? MM_PTE_TABLES : MM_UPPER_TABLES, -1);
	count_event(EV_TABLE_FREE);
	BUG_ON(table->pt_next);		/* a deposit without its leaf */
	BUG_ON(load_relaxed(&table->pt_share_count));
	if (tlb->pt->policy.table_free == TABLE_FREE_RCU)
		object_unlinked(&kind_page_table, &table->probe, table);
	table->pt_next = tlb->tables;
	tlb->tables = table;
}

/* Bounds of freed tables: only tables within [floor, ceiling) are freed. A ceiling of 0 is the top. */
struct table_bounds {
	unsigned long floor, ceiling;
};

static bool table_within(enum pgtable_level parent, unsigned long addr, const struct table_bounds *bounds)
{
	unsigned long size = 1UL << level_shift(parent);
	unsigned long first = ALIGN_DOWN(addr, size);

	return first >= bounds->floor && first + size - 1 <= bounds->ceiling - 1;
}

/*
 * Frees the tables below the entries of one table of @level that map [@addr, @end). A folded level is entered without
 * a table of its own. Entries within the bounds are cleared by a plain atomic store: changing them needs a VMA over
 * them. Others, in a table shared with neighbours, are read while faults populate it.
 */
static void free_table_range(struct mmu_gather *tlb, uint64_t *table, enum pgtable_level level, unsigned long addr,
			     unsigned long end, const struct table_bounds *bounds)
{
	unsigned long next;

	for (; addr < end; addr = next) {
		uint64_t *entry = table + level_index(level, addr);
		enum pgtable_level child = level_below(level);
		uint64_t val;

		next = level_addr_end(level, addr, end);
		val = load_acquire(entry);	/* ORDER[table-publish:B] a neighbour's fault may just have linked it */
		if (!entry_is_table(val)) {
			if (unlikely(val))
				clear_bad_entry(entry, val, real_depth(level));
			continue;
		}
		if (child < LEVEL_PTE)
			free_table_range(tlb, entry_table(val), child, addr, next, bounds);
		if (!table_within(level, addr, bounds))
			continue;
		entry_changes(entry, "unlinked");
		store_relaxed(entry, 0);
		tlb_remove_table(tlb, pfn_to_page(entry_pfn(val)));
	}
}

void free_pgtables(struct mmu_gather *tlb, unsigned long addr, unsigned long end, unsigned long floor,
		   unsigned long ceiling)
{
	struct table_bounds bounds = { floor, ceiling };

	free_table_range(tlb, (uint64_t *)tlb->pt->pgd, LEVEL_PGD, addr, end, &bounds);
}
