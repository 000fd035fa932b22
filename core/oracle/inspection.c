/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspection.c - what all parts of an inspection share. */
#include "core/oracle/inspection.h"

#include "core/mm/hugetlb_share.h"

struct vm_area_struct *inspected_vma(struct inspection *in, unsigned long addr)
{
	while (in->vma && in->vma->vm_end <= addr)
		in->vma = vma_tree_find(&in->mm->tree, addr);
	return in->vma && in->vma->vm_start <= addr ? in->vma : NULL;
}

void count_mapping(struct inspection *in, struct folio *folio)
{
	struct found *found = &in->found[folio_pfn(folio)];
	mm_id_t mm_id = in->mm->mm_id;

	found->folio_mapped++;
	if (found->last_mm != mm_id)
		found->mms++;
	found->last_mm = mm_id;
	if ((in->vma->vm_flags & VM_LOCKED) && found->last_locked != in->vma && !folio_is_device_private(folio)) {
		found->last_locked = in->vma;
		found->locked++;
	}
	for (unsigned int i = 0; folio_test_large(folio) && i < 2; i++)
		found->slot[i] += folio_large(folio)->mm_id[i] == mm_id;
}

/* True if all of the PMD table's range from @addr on is of one VMA that shares such tables. */
static bool can_be_shared(struct inspection *in, unsigned long addr)
{
	const struct vm_area_struct *vma = inspected_vma(in, addr);

	return vma && vma_shares_pmds(vma) && vma->vm_end >= addr + PUD_SIZE;
}

uint64_t *check_table(struct inspection *in, uint64_t val, enum pgtable_level level, unsigned long addr)
{
	unsigned long pfn = entry_pfn(val);
	struct page *table;

	if (!entry_is_table(val) || !pfn_valid(pfn)) {
		fail(in, "bad upper entry %016lx at %lx", (unsigned long)val, addr);
		return NULL;
	}
	table = pfn_to_page(pfn);
	if (page_type(table) != PAGE_TABLE || table->level != level || (table->pt_mm && table->pt_mm != &in->mm->pt))
		fail(in, "upper entry at %lx points to pfn %lu, which is no level %d table of this mm", addr, pfn,
		     (int)level);
	else if (spin_is_locked(&table->ptl))
		fail(in, "the lock of the table at %lx is held", addr);
	else if (level == LEVEL_PMD && load_relaxed(&table->pt_share_count) && !can_be_shared(in, addr))
		fail(in, "the table at %lx is shared, and its range is not of one shared mapping", addr);
	else if (in->found[pfn].mapped++ && !load_relaxed(&table->pt_share_count))
		fail(in, "the table at %lx is linked twice", addr);
	in->tables[level]++;
	inspected_step();
	/* The entries of a shared table are counted once. */
	return in->complaint.made || in->found[pfn].mapped > 1 ? NULL : entry_table(val);
}

void check_table_counts(struct inspection *in)
{
	struct mm_pgtable *pt = &in->mm->pt;
	long upper = 0;

	for (unsigned int level = 0; level < LEVEL_PTE; level++)
		upper += in->tables[level];
	if (in->tables[LEVEL_PTE] != mm_counter_sum(pt, MM_PTE_TABLES))
		fail(in, "%ld PTE tables linked, counted %ld", in->tables[LEVEL_PTE],
		     mm_counter_sum(pt, MM_PTE_TABLES));
	if (upper != mm_counter_sum(pt, MM_UPPER_TABLES))
		fail(in, "%ld upper tables linked, counted %ld", upper, mm_counter_sum(pt, MM_UPPER_TABLES));
	if (spin_is_locked(&pt->page_table_lock))
		fail(in, "page_table_lock is held");
}
