/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pgalloc.c - allocates, publishes and frees page tables. */
#include "core/pgtable/pgalloc.h"

#include <errno.h>
#include <string.h>

#include "core/host/arena.h"
#include "core/pgtable/tlb.h"
#include "core/phys/folio.h"
#include "core/probe/knockout.h"

DEFINE_KNOCKOUT(TABLE_FREE_B,
	.name = "table-free:B",
	.removes = "the RCU read section around reading a PMD entry and using its table",
	.breaks = "a walker in freed memory",
	.detected_by = "the type check in pte_offset_map()",
	.hunt = "test knockout.table_free");

DEFINE_KNOCKOUT(PTE_MAP_RECHECK,
	.name = "pte-map:recheck",
	.removes = "the re-read of the PMD entry under the PTL",
	.breaks = "an entry set in a table that is unlinked",
	.detected_by = "page and counter accounting at rest",
	.hunt = HUNT_JUMBLE);

DEFINE_KNOCKOUT(PTE_LOCK,
	.name = "pte-lock",
	.removes = "the lock of a PTE table",
	.breaks = "two threads change one entry, and a page leaks",
	.detected_by = "page and counter accounting at rest",
	.hunt = HUNT_JUMBLE);

DEFINE_KNOCKOUT(PTL_ORDER,
	.name = "ptl:order",
	.removes = "the order in which two PTLs of one rank are taken",
	.breaks = "two threads that wait for each other",
	.detected_by = "the deadlock of a schedule",
	.hunt = "explore uffd_move_vs_mremap",
	.mirrors = "mm: fix deadlock of mremap() against UFFDIO_MOVE");

DEFINE_KNOCKOUT(THP_LOCK_RECHECK,
	.name = "thp:lock-recheck",
	.removes = "the re-check, under its lock, that an entry is still a leaf",
	.breaks = "a table taken for a huge page",
	.detected_by = "the deposited tables, and the checks of rmap counts",
	.hunt = HUNT_HUGE);

DEFINE_EVENT(PTE_MAP_RETRY, "PTE table changed between reading its PMD and locking it");
DEFINE_EVENT(PTE_TABLE_RACE, "page tables allocated, but another thread linked one first");
DEFINE_EVENT(TABLE_ALLOC, "page tables allocated");
DEFINE_EVENT(TABLE_FREE, "page tables freed");
DEFINE_EVENT(ALLOC_RECLAIM, "allocations that waited for pending frees");
DEFINE_OBJECT_KIND(page_table, "page tables");

/*
 * Before an allocation fails, it waits once for pending callbacks, which free tables. The caller holds no read section
 * and no spinlock, so the wait ends.
 */
static struct page *table_frames(void)
{
	struct page *page = alloc_pages(TABLE_ORDER, PAGE_TABLE);

	if (likely(page))
		return page;
	count_event(EV_ALLOC_RECLAIM);
	lockrank_assert_may_sleep();
	rcu_barrier();
	return alloc_pages(TABLE_ORDER, PAGE_TABLE);
}

struct page *table_alloc(struct mm_pgtable *pt, enum pgtable_level level)
{
	struct page *table = table_frames();

	if (!table)
		return NULL;
	memset(page_address(table), 0, TABLE_SIZE);
	table->level = (uint16_t)level;
	store_relaxed(&table->pt_mm, pt);
	table->pt_next = NULL;
	spin_lock_init(&table->ptl, pt->policy.spin, level == LEVEL_PTE ? RANK_PTE_PTL : RANK_PMD_PTL);
	count_event(EV_TABLE_ALLOC);
	object_linked(&kind_page_table, &table->probe, table);
	return table;
}

void table_free(struct page *table)
{
	ASSERT(page_type(table) == PAGE_TABLE && !spin_is_locked(&table->ptl));
	/* A shootdown waits for no grace period, and its tables have no age. */
	object_freed(&kind_page_table, &table->probe, table, 1);
	free_pages(table, TABLE_ORDER);
}

/* The lock under which an entry at @entry of a table at @level is populated. */
static spinlock_t *populate_lock(struct mm_pgtable *pt, uint64_t *entry, enum pgtable_level level)
{
	return level == LEVEL_PMD ? pmd_lockptr(pt, (pmd_t *)entry) : &pt->page_table_lock;
}

DEFINE_KNOCKOUT(TABLE_PUBLISH_A,
	.name = "table-publish:A",
	.removes = "clearing a page table before an entry points to it",
	.breaks = "a walker in an uninitialised table",
	.detected_by = "the type checks of upper entries, and the checks of entries read without a lock",
	.hunt = "serial fault_vs_fault" HUNT_C11,
	.mirrors = "fix SMP data race in pagetable setup vs walking");

DEFINE_KNOCKOUT(TABLE_POPULATE_RECHECK,
	.name = "table-populate:recheck",
	.removes = "the check for another thread's table before a new one is linked",
	.breaks = "a table and its pages leaked",
	.detected_by = "page and counter accounting at rest",
	.hunt = HUNT_JUMBLE);

int table_populate(struct mm_pgtable *pt, uint64_t *entry, enum pgtable_level level)
{
	enum pgtable_level child = level_below(level);
	struct page *table;
	spinlock_t *ptl;
	bool lost;

	table = table_alloc(pt, child);
	if (!table)
		return -ENOMEM;
	SYNCPOINT("pgalloc.populate");
	ptl = populate_lock(pt, entry, level);
	spin_lock(ptl);
	lost = load_relaxed(entry) != 0 && !KNOCKED_OUT(TABLE_POPULATE_RECHECK);
	if (!lost) {
		entry_assert_locked(entry, level);
		mm_count(pt, child == LEVEL_PTE ? MM_PTE_TABLES : MM_UPPER_TABLES, 1);
		/*
		 * ORDER[table-publish:A] the table is cleared and its lock initialised before an entry points to it.
		 * Pairs with ORDER[table-publish:B] in pgtable.h.
		 */
		if (KNOCKED_OUT(TABLE_PUBLISH_A))
			memset(page_address(table), 0xff, TABLE_SIZE);
		store_release(entry, (page_to_pfn(table) << PAGE_SHIFT) | ENTRY_TABLE);
		if (KNOCKED_OUT(TABLE_PUBLISH_A)) {
			SYNCPOINT("pgalloc.published_early");
			memset(page_address(table), 0, TABLE_SIZE);
		}
	}
	spin_unlock(ptl);
	if (lost) {
		count_event(EV_PTE_TABLE_RACE);
		count_event(EV_TABLE_FREE);
		table_free(table);
	}
	return 0;
}

void pgtable_trans_huge_deposit(struct mm_pgtable *pt, pmd_t *pmdp, struct page *table)
{
	struct page *holder = table_page(pmdp);

	ASSERT(table->level == LEVEL_PTE && spin_is_locked(pmd_lockptr(pt, pmdp)));
	mm_count(pt, MM_PTE_TABLES, 1);
	table->pt_next = holder->pt_deposit;
	holder->pt_deposit = table;
}

struct page *pgtable_trans_huge_withdraw(pmd_t *pmdp)
{
	struct page *holder = table_page(pmdp), *table = holder->pt_deposit;

	BUG_ON(!table);
	holder->pt_deposit = table->pt_next;
	table->pt_next = NULL;
	return table;
}

pmd_t *pmd_find_next(struct mm_pgtable *pt, unsigned long *addr, unsigned long end)
{
	while (*addr < end) {
		pgd_t *pgdp = pgd_offset(pt->pgd, *addr);
		enum pgtable_level hole = LEVEL_PGD;
		p4d_t *p4dp;
		pud_t *pudp;

		if (!pgd_none_or_clear_bad(pgdp) && (hole = LEVEL_P4D, p4dp = p4d_offset(pgdp, *addr),
						     !p4d_none_or_clear_bad(p4dp))) {
			pudp = pud_offset(p4dp, *addr);
			hole = LEVEL_PUD;
			if (!pud_none_or_clear_bad(pudp))
				return pmd_offset(pudp, *addr);
		}
		*addr = level_addr_end(hole, *addr, end);
	}
	return NULL;
}

int mm_pgtable_init(struct mm_pgtable *pt, const struct mm_policy *policy)
{
	struct page *root;

	memset(pt, 0, sizeof(*pt));
	pt->policy = *policy;
	spin_lock_init(&pt->page_table_lock, policy->spin, RANK_PAGE_TABLE_LOCK);
	pt->home = local_node();
	pt->counters = node_zalloc(pt->home, nr_cpu_ids * sizeof(*pt->counters), CACHE_LINE);
	if (!pt->counters)
		return -ENOMEM;
	root = tlb_init(pt) ? NULL : table_alloc(pt, LEVEL_PGD);
	if (!root) {
		tlb_destroy(pt);
		node_free(pt->counters, pt->home, nr_cpu_ids * sizeof(*pt->counters));
		return -ENOMEM;
	}
	pt->pgd = page_address(root);
	return 0;
}

void mm_pgtable_destroy(struct mm_pgtable *pt)
{
	table_free(table_page(pt->pgd));
	count_event(EV_TABLE_FREE);
	tlb_destroy(pt);
	node_free(pt->counters, pt->home, nr_cpu_ids * sizeof(*pt->counters));
}
