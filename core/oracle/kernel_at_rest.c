/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_at_rest.c - invariants of the kernel's quiescent page tables. */
#include "core/mm/vmalloc.h"
#include "core/oracle/inspection.h"
#include "core/pgtable/pmd_leaf.h"

/* A present entry, or a leaf, maps @nr frames from @pfn on: they are in use, by the kernel or others. */
static void check_frames(struct inspection *in, unsigned long pfn, unsigned long nr, unsigned long addr)
{
	for (unsigned long i = 0; i < nr && !in->complaint.made; i++) {
		if (!pfn_valid(pfn + i) || page_type(pfn_to_page(pfn + i)) < PAGE_USED)
			fail(in, "the kernel maps pfn %lu at %lx, which is free, or none", pfn + i, addr);
		else
			in->found[pfn + i].kernel++;
	}
}

static void check_kernel_pte(struct inspection *in, pte_t pte, unsigned long addr)
{
	if (pte_malformed(pte) || !pte_present(pte))
		fail(in, "bad entry %016lx at kernel address %lx", (unsigned long)pte.val, addr);
	else
		check_frames(in, pte_pfn(pte), 1, addr);
}

static void check_kernel_table(struct inspection *in, uint64_t *table, enum pgtable_level level, unsigned long addr)
{
	enum pgtable_level child = level_below(level);

	for (unsigned int i = 0; i < level_entries(level) && !in->complaint.made;
	     i++, addr += 1UL << level_shift(level)) {
		uint64_t *below, val = load_relaxed(&table[i]);

		if (!val)
			continue;
		if (level == LEVEL_PTE) {
			check_kernel_pte(in, __pte(val), addr);
		} else if (level == LEVEL_PMD && pmd_trans_huge(__pmd(val))) {
			check_frames(in, entry_pfn(val), HPAGE_PMD_NR, addr);
		} else {
			below = check_table(in, val, child, addr);
			if (below)
				check_kernel_table(in, below, child, addr);
		}
	}
}

void kernel_at_rest(struct inspection *in)
{
	struct mm_pgtable *pt = &init_mm->pt;

	in->mm = init_mm;
	for (unsigned int level = 0; level < NR_LEVELS; level++)
		in->tables[level] = 0;
	in->found[page_to_pfn(table_page(pt->pgd))].mapped++;
	check_kernel_table(in, (uint64_t *)pt->pgd, LEVEL_PGD, ALIGN_DOWN(VMALLOC_START, PTRS_PER_PGD * PGDIR_SIZE));
	check_table_counts(in);
}
