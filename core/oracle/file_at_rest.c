/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_at_rest.c - invariants of quiescent files. */
#include "core/oracle/file_at_rest.h"

#include "core/mm/filemap.h"
#include "core/mm/i_mmap.h"
#include "core/oracle/each_frame.h"

/* ---- VMAs ---- */

static void check_linked(struct vm_area_struct *vma, struct complaint *complaint)
{
	unsigned long first = vma->vm_pgoff, last = vma->vm_pgoff + vma_pages(vma) - 1;
	struct vm_area_struct *other;

	vma_interval_tree_foreach(other, &vma->vm_file->mapping, first, last)
		if (other == vma && vma->i_mmap_node.first == first && vma->i_mmap_node.last == last)
			return;
	disagree(complaint, "VMA %lx-%lx is not among those that map pages %lx-%lx of its file", vma->vm_start,
		 vma->vm_end, first, last);
}

static bool is_known(const struct vm_area_struct *vma, struct mm_struct *const *mms, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (mms[i] == load_relaxed(&vma->vm_mm))
			return vma_tree_find(&mms[i]->tree, vma->vm_start) == vma;
	return false;
}

/* ---- files ---- */

static void check_slots(const struct address_space *mapping, struct complaint *complaint)
{
	unsigned long step = 1ul << mapping->order, pages = 0;

	for (unsigned long index = 0; index < mapping->max_pages; index += step) {
		const struct folio *folio = load_relaxed(&mapping->slots[index >> mapping->order]);

		if (!folio)
			continue;
		if (folio_mapping(folio) != mapping || folio->page.index != index)
			disagree(complaint, "slot %lx of a file has pfn %lu, which does not belong there", index,
				 folio_pfn(folio));
		pages += step;
	}
	if (pages != load_relaxed(&mapping->nrpages))
		disagree(complaint, "a file has %lu pages in memory, nrpages is %lu", pages,
			 load_relaxed(&mapping->nrpages));
}

static void check_file(struct file *file, struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint)
{
	struct address_space *mapping = &file->mapping;
	struct vm_area_struct *vma;

	interval_tree_check(&mapping->i_mmap);
	vma_interval_tree_foreach(vma, mapping, 0, ~0ul) {
		if (!is_known(vma, mms, nr) || vma->vm_file != file)
			disagree(complaint, "a file's tree has a VMA at %lx that is in no mm", vma->vm_start);
		if (complaint->made)
			return;
	}
	if (rwsem_is_locked(&mapping->i_mmap_rwsem) || rwsem_is_locked(&mapping->invalidate_lock))
		disagree(complaint, "a lock of a file is held");
	check_slots(mapping, complaint);
}

/* ---- folios ---- */

static void check_folio(struct folio *folio, struct complaint *complaint)
{
	const struct address_space *mapping = folio_mapping(folio);
	unsigned long pfn = folio_pfn(folio), index = folio->page.index;

	if (!mapping)
		disagree(complaint, "pfn %lu was truncated, and is still in use", pfn);
	else if (index >= i_size_read(mapping))
		disagree(complaint, "pfn %lu is page %lx of a file that has %lu", pfn, index, i_size_read(mapping));
	else if (load_relaxed(&mapping->slots[index >> mapping->order]) != folio)
		disagree(complaint, "pfn %lu is not in the slot of page %lx of its file", pfn, index);
}

/* A file is checked at the first VMA of its tree. */
void file_at_rest(struct mm_struct *const *mms, unsigned int nr, struct complaint *complaint)
{
	struct vm_area_struct *vma;

	for (unsigned int i = 0; i < nr; i++)
		for (unsigned long at = 0; !complaint->made && (vma = vma_tree_find(&mms[i]->tree, at));
		     at = vma->vm_end) {
			if (vma_is_anonymous(vma))
				continue;
			check_linked(vma, complaint);
			if (interval_tree_iter_first(&vma->vm_file->mapping.i_mmap, 0, ~0ul) == &vma->i_mmap_node)
				check_file(vma->vm_file, mms, nr, complaint);
		}
	for_each_inspected_block(pfn, complaint) {
		struct page *page = pfn_to_page(pfn);

		if (page_type(page) == PAGE_FILE && !load_relaxed(&page->tail))
			check_folio(page_folio(page), complaint);
	}
}
