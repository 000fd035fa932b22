/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb_check.c - the detector of stale translations: no access goes through a TLB entry whose page was freed, or whose
 * page, table or right was taken by an operation that has ended, since a flush was due before; and no write to a page
 * of a file that was cleaned.
 *
 * Each use compares the entry with a new walk. If they differ, something was taken since the fill: the last change of
 * each entry on the path (entry_log.h) names the operation. While that runs, its flush may be yet to come, and the use
 * is right. Once it has ended there was none: it would have waited for this cpu, and removed the entry.
 *
 *   use                                        operation
 *   (U1) lock the TLB: the entry is there      (O1) note the change; (O2) change
 *   (U2) a new walk differs                    (O3) flush: locks this TLB, removes the entry
 *   (U3) the operation has ended               (O4) end
 *
 * U2 comes after O2, U3 after O4. O3, between the two, is not between U1 and U3; and not before U1, since the entry was
 * made before O2, as it differs, and would be gone. So there was no O3.
 *
 * A change counts if it is later than the fill, and the table was part of the path then: it lives as long as it did at
 * the fill, and no entry above it changed before. A change that another drove out of the log counts for nothing.
 */
#include "core/pgtable/cpu_tlb.h"

#if FAULTLINE_CHECK
#include "core/phys/hugetlb_pool.h"
#include "core/phys/page_flags.h"
#include "core/probe/detector.h"

static struct detector translations = {
	.name = "translations",
	.what = "uses of TLB entries that should have been flushed",
};
DETECTOR(translations);

static struct page *page_of(uint64_t val, unsigned long size, unsigned long addr)
{
	unsigned long pfn = tlb_pfn(val, size, addr);

	return pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
}

static struct page *first_page(const struct tlb_entry *entry)
{
	return page_of(entry->val, entry->size, entry->start);
}

static unsigned long lives(const struct tlb_entry *entry)
{
	return entry->head ? page_life(entry->head) + page_life(first_page(entry)) : 0;
}

void tlb_check_fill(struct tlb_entry *entry, const struct tlb_path *path, uint64_t gen)
{
	struct page *page = first_page(entry);

	entry->path = *path;
	entry->head = page ? &page_folio(page)->page : NULL;
	entry->life = lives(entry);
	entry->gen = gen;
}

void tlb_check_table(uint64_t val, unsigned long addr)
{
	if (unlikely(!entry_points_to_table(val)) && detector_is_on(&translations))
		BUG_BY(translations.name, "cpu %u walks a table that was freed: pfn %lu, for 0x%lx", this_cpu->id,
		       entry_pfn(val), addr);
}

static void __cold report(const struct tlb_entry *entry, unsigned long addr, bool write, const char *what,
			  const struct entry_change *change)
{
	BUG_BY(translations.name, "cpu %u %s 0x%lx by a stale translation to pfn %lu, cached at flush generation %llu: "
	       "%s by %s of cpu %u, and not flushed", this_cpu->id, write ? "writes to" : "reads", addr,
	       tlb_pfn(entry->val, entry->size, addr), (unsigned long long)entry->gen, what,
	       change && change->operation ? change->operation : "an unknown operation", change ? change->cpu : 0);
}

void tlb_check_write(const struct tlb_entry *entry, unsigned long addr)
{
	struct page *page = page_of(entry->val, entry->size, addr);

	if (page && page_type(page) == PAGE_FILE && !folio_test_hugetlb(page_folio(page)) &&
	    unlikely(!(load_relaxed(&page_folio(page)->page.flags) & PG_DIRTY)) && detector_is_on(&translations))
		BUG_BY(translations.name, "cpu %u writes to 0x%lx, pfn %lu, cached at flush generation %llu: the page "
		       "was cleaned, and its entry was not, or not flushed", this_cpu->id, addr, page_to_pfn(page),
		       (unsigned long long)entry->gen);
}

static bool still_right(const struct tlb_entry *entry, const struct tlb_path *now, unsigned long addr, bool write)
{
	uint64_t wanted = ENTRY_PRESENT | (write ? ENTRY_WRITE | ENTRY_DIRTY : 0);

	return tlb_is_leaf(now->level, now->val) && (now->val & wanted) == wanted &&
	       tlb_pfn(now->val, 1ul << level_shift(now->level), addr) == tlb_pfn(entry->val, entry->size, addr);
}

/* The last change since the fill of the entry of @level on the path, if its table lives; else none. */
static struct entry_change later_change(const struct tlb_entry *entry, enum pgtable_level level)
{
	const uint64_t *at = entry->path.entry[level];
	struct entry_change change = { 0 };

	if (at && page_life(virt_to_page(at)) == entry->path.life[level])
		change = entry_last_change(at);
	return change.seq > entry->path.seq[level] ? change : (struct entry_change){ 0 };
}

void tlb_check_use(const struct mm_pgtable *pt, const struct tlb_entry *entry, unsigned long addr, bool write)
{
	uint64_t before = UINT64_MAX;
	struct entry_change change = { 0 };
	struct tlb_path now;

	if (!detector_is_on(&translations))
		return;
	tlb_walk(pt, addr, &now);
	if (unlikely(lives(entry) != entry->life)) {
		for (enum pgtable_level level = 0; level < NR_LEVELS && !change.seq; level++)
			change = later_change(entry, level);
		report(entry, addr, write, "its page was freed after a change", &change);
	}
	if (likely(still_right(entry, &now, addr, write)))
		return;
	for (enum pgtable_level level = LEVEL_PGD; level < NR_LEVELS; level++) {
		change = later_change(entry, level);
		if (!change.seq || change.seq > before)
			continue;
		if (change.ended)
			report(entry, addr, write, change.where, &change);
		before = change.seq;
	}
}
#endif
