/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate.c - truncates files. file_fault.c describes the synchronisation with faults. */
#include "core/op/truncate.h"

#include <errno.h>
#include <string.h>

#include "core/mm/hugetlb_file.h"
#include "core/mm/mm.h"
#include "core/mm/page_vma_mapped.h"
#include "core/op/hugetlb.h"
#include "core/op/zap.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

/* Source: mm/memory.c, zap_page_range_single(). Locking: i_mmap_rwsem. */
static void unmap_in_vma(struct vm_area_struct *vma, unsigned long first, unsigned long nr, unsigned int flags)
{
	unsigned long start = vma_address(vma, first, nr), last = min(first + nr - vma->vm_pgoff, vma_pages(vma));
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, &load_relaxed(&vma->vm_mm)->pt);
	zap_range(&tlb, vma, start, vma->vm_start + (last << PAGE_SHIFT), ZAP_KEEP_GUARDS | flags);
	tlb_finish_mmu(&tlb);
}

DEFINE_KNOCKOUT(UNMAP_MAPPING_LOCK,
	.name = "unmap-mapping:lock",
	.removes = "i_mmap_rwsem around unmapping by file",
	.breaks = "a walk in a freed VMA",
	.detected_by = "object age of page tables, counters at rest, and the checks of tables and VMAs",
	.hunt = "test knockout.file");

/* @flags: of the zaps. */
static void unmap_in_vmas(struct address_space *mapping, unsigned long first, unsigned long nr, unsigned int flags)
{
	struct vm_area_struct *vma;

	i_mmap_lock_read(mapping);
	if (KNOCKED_OUT(UNMAP_MAPPING_LOCK))
		i_mmap_unlock_read(mapping);
	vma_interval_tree_foreach(vma, mapping, first, first + nr - 1) {
		SYNCPOINT("unmap_mapping.vma");
		unmap_in_vma(vma, first, nr, flags);
	}
	if (!KNOCKED_OUT(UNMAP_MAPPING_LOCK))
		i_mmap_unlock_read(mapping);
}

void unmap_mapping_range(struct address_space *mapping, unsigned long first, unsigned long nr, bool even_cows)
{
	unmap_in_vmas(mapping, first, nr, even_cows ? 0 : ZAP_KEEP_COWS);
}

DEFINE_KNOCKOUT(TRUNCATE_UNMAP,
	.name = "truncate:unmap-locked",
	.removes = "unmapping a locked folio before it is removed",
	.breaks = "a mapped page without a file",
	.detected_by = "the check in filemap_remove_folio()",
	.hunt = HUNT_CUTS);

/*
 * For a folio about to be removed. No other can replace it in the file while it is locked, so any page of the file
 * mapped there is its own. Another thread may be zapping the same leaf: on return its mapcount is dropped, too.
 * Source: mm/memory.c. Locking: the folio lock.
 */
static void unmap_mapping_folio(struct folio *folio)
{
	if (!KNOCKED_OUT(TRUNCATE_UNMAP))
		unmap_in_vmas(folio_mapping(folio), folio->page.index, folio_nr_pages(folio),
			      ZAP_KEEP_COWS | ZAP_SYNC_LEAF);
}

DEFINE_KNOCKOUT(TRUNCATE_UNMAP_AGAIN,
	.name = "truncate:unmap-again",
	.removes = "the second unmapping, after all folios are removed",
	.breaks = "private copies of pages beyond i_size",
	.detected_by = "files at rest",
	.hunt = "test knockout.file");

/* From the end to the last possible page. Source: mm/truncate.c, truncate_pagecache(). */
static void truncate_pagecache(struct address_space *mapping, unsigned long end)
{
	unsigned long beyond = mapping->max_pages - end;

	if (!beyond)
		return;
	unmap_mapping_range(mapping, end, beyond, true);
	SYNCPOINT("truncate.unmapped");
	truncate_inode_pages_range(mapping, end, mapping->max_pages, unmap_mapping_folio);
	SYNCPOINT("truncate.removed");
	if (!KNOCKED_OUT(TRUNCATE_UNMAP_AGAIN))
		unmap_mapping_range(mapping, end, beyond, true);
}

/* Pages [@first, @end) read as zeroes; shared memory has no device, and does so without. Locking: invalidate_lock. */
static void clear_words(struct file *file, unsigned long first, unsigned long end)
{
	if (file->device)
		memset(file->device + first, 0, (end - first) * sizeof(*file->device));
}

int sys_ftruncate(struct file *file, unsigned long pages)
{
	OPERATION("ftruncate", file, 0);
	struct address_space *mapping = &file->mapping;
	unsigned long old;

	if (file->ops || !IS_ALIGNED(pages, 1ul << mapping->order))
		return -EINVAL;
	if (pages > mapping->max_pages)
		return -EFBIG;
	down_write(&mapping->invalidate_lock);
	old = i_size_read(mapping);
	/*
	 * ORDER[i-size:A] after an earlier truncation cleared the file's words from here on; pairs with
	 * ORDER[i-size:B].
	 */
	store_release(&mapping->i_size, pages);
	SYNCPOINT("truncate.size");
	if (pages < old && mapping_is_hugetlb(mapping)) {
		hugetlb_vmtruncate(mapping, pages);
	} else if (pages < old) {
		truncate_pagecache(mapping, pages);
		clear_words(file, pages, old);
	}
	up_write(&mapping->invalidate_lock);
	return 0;
}

/*
 * Pages [@first, @end) of one folio become zero; the others of it stay. Locking: invalidate_lock for write. Source:
 * mm/truncate.c, truncate_inode_partial_folio().
 */
static void zero_part(struct file *file, unsigned long first, unsigned long end)
{
	struct folio *folio = filemap_lock_folio(&file->mapping, first);

	if (!folio) {
		clear_words(file, first, end);
		return;
	}
	for (unsigned long index = first; index < end; index++)
		clear_payload(folio_page(folio, index - folio->page.index));
	folio_mark_dirty(folio);
	folio_unlock(folio);
	folio_put(folio);
}

/* Of whole folios. Source: mm/truncate.c, truncate_pagecache_range(). Locking: invalidate_lock for write. */
static void remove_range(struct file *file, unsigned long first, unsigned long end)
{
	unmap_mapping_range(&file->mapping, first, end - first, false);
	SYNCPOINT("punch_hole.unmapped");
	truncate_inode_pages_range(&file->mapping, first, end, unmap_mapping_folio);
	clear_words(file, first, end);
}

int file_punch_hole(struct file *file, unsigned long first, unsigned long nr)
{
	OPERATION("punch_hole", file, first);
	struct address_space *mapping = &file->mapping;
	unsigned long size = 1ul << mapping->order, end = min(first + nr, mapping->max_pages);
	unsigned long whole = ALIGN_UP(first, size), whole_end = ALIGN_DOWN(end, size);

	if (file->ops)
		return -ENODEV;
	if (mapping_is_hugetlb(mapping))
		return -EOPNOTSUPP;
	down_write(&mapping->invalidate_lock);
	if (first < min(whole, end))
		zero_part(file, first, min(whole, end));
	if (whole < whole_end)
		remove_range(file, whole, whole_end);
	if (max(whole, whole_end) < end)
		zero_part(file, max(whole, whole_end), end);
	up_write(&mapping->invalidate_lock);
	return 0;
}
