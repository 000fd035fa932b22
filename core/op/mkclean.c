/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkclean.c - makes entries of shared mappings clean and read-only, and writes folios back.
 *
 * A folio is written back under its lock in three steps: mkclean clears write permission in each entry, the folio
 * becomes clean, its contents are copied. A write through an entry that still had the permission came before the step
 * of that entry, under the PTL, and so before the copy. A later write needs a fault, which waits for the folio lock,
 * and dirties the folio.
 */
#include "core/op/mkclean.h"

#include <errno.h>

#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap_walk.h"
#include "core/pgtable/mmu_gather.h"
#include "core/phys/hugetlb_pool.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(FILE_WRITE, "folios of files written back");
DEFINE_EVENT(FILE_CLEANED, "entries made clean and read-only for writeback");

/* Returns true if it changed. An exchange, as a processor sets the dirty bit by itself. Locking: the PTL. */
static bool clean_pte(pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);

	if (!pte_dirty(pte) && !pte_write(pte))
		return false;
	pte = ptep_get_and_clear(ptep);
	set_pte(ptep, pte_wrprotect(pte_mkclean(pte)));
	return true;
}

/* The same for a leaf. */
static bool clean_pmd(pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (!pmd_dirty(pmd) && !pmd_write(pmd))
		return false;
	set_pmd_at(pmdp, pmd_wrprotect(pmd_mkclean(pmdp_invalidate(pmdp))));
	return true;
}

/* [@start, @end): the range that a leaf may map, for notifiers. Source: mm/rmap.c, page_vma_mkclean_one(). */
static int page_vma_mkclean_one(struct page_vma_mapped_walk *pvmw, unsigned long start, unsigned long end)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(pvmw->vma->vm_mm, MMU_NOTIFY_PROTECTION_PAGE, start,
								end);
	int cleaned = 0;

	mmu_notifier_invalidate_range_start(&range);
	while (page_vma_mapped_walk(pvmw))
		cleaned += pvmw->pte ? clean_pte(pvmw->pte) : clean_pmd(pvmw->pmd);
	if (cleaned)
		flush_tlb_range(&pvmw->vma->vm_mm->pt, start, end);
	count_events(EV_FILE_CLEANED, (uint64_t)cleaned);
	mmu_notifier_invalidate_range_end(&range);
	return cleaned;
}

static bool page_mkclean_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, PVMW_SYNC);
	int *cleaned = arg;

	*cleaned += page_vma_mkclean_one(&pvmw, addr, addr + (folio_nr_pages(folio) << PAGE_SHIFT));
	return true;
}

static bool invalid_mkclean_vma(struct vm_area_struct *vma, void *arg)
{
	(void)arg;
	return !(load_relaxed(&vma->vm_flags) & VM_SHARED);
}

int folio_mkclean(struct folio *folio)
{
	int cleaned = 0;
	struct rmap_walk_control rwc = {
		.arg = &cleaned, .rmap_one = page_mkclean_one, .invalid_vma = invalid_mkclean_vma,
	};

	assert_folio_locked(folio);
	if (folio_mapped(folio) && folio_mapping(folio))
		rmap_walk(folio, &rwc);
	return cleaned;
}

DEFINE_KNOCKOUT(MKCLEAN_RAW,
	.name = "mkclean:raw",
	.removes = "write-protecting raw frames, where a driver wants to know of the next write",
	.breaks = "a write that the driver does not know of",
	.detected_by = "the count of writes that a driver keeps",
	.hunt = "test knockout.device");

/* Locking: as pfn_mkclean_range(). */
static int clean_in_vma(struct vm_area_struct *vma, unsigned long pgoff, unsigned long pfn, unsigned long nr)
{
	struct page_vma_mapped_walk pvmw = {
		.pfn = pfn, .nr_pages = nr, .pgoff = pgoff, .vma = vma, .address = vma_address(vma, pgoff, nr),
			.flags = PVMW_SYNC | (KNOCKED_OUT(MKCLEAN_RAW) ? 0 : PVMW_RAW),
	};

	if (!nr || invalid_mkclean_vma(vma, NULL) || pvmw.address == (unsigned long)-EFAULT)
		return 0;
	/* The leaf of a huge page changes as a whole, though the range may be a part of it. */
	return page_vma_mkclean_one(&pvmw, ALIGN_DOWN(pvmw.address, PMD_SIZE),
				    ALIGN_UP(pvmw.address + (nr << PAGE_SHIFT), PMD_SIZE));
}

int mapping_wrprotect_range(struct address_space *mapping, unsigned long pgoff, unsigned long pfn, unsigned long nr)
{
	struct vm_area_struct *vma;
	int cleaned = 0;

	nr = min(nr, ~pgoff);	/* no file has the last page number: the range does not wrap around */
	if (!mapping || !nr)
		return 0;
	i_mmap_lock_read(mapping);
	vma_interval_tree_foreach(vma, mapping, pgoff, pgoff + nr - 1)
		cleaned += clean_in_vma(vma, pgoff, pfn, nr);
	i_mmap_unlock_read(mapping);
	return cleaned;
}

int pfn_mkclean_range(unsigned long pfn, unsigned long nr, unsigned long pgoff, struct vm_area_struct *vma)
{
	return clean_in_vma(vma, pgoff, pfn, nr);
}

/* ---- writeback ---- */

DEFINE_KNOCKOUT(WRITEBACK_MKCLEAN,
	.name = "writeback:mkclean",
	.removes = "write-protecting the entries of a folio under writeback",
	.breaks = "a write that never reaches the file",
	.detected_by = "the device's contents",
	.hunt = "explore write_back_vs_write",
	.mirrors = "VM: Fix nasty and subtle race in shared mmap'ed page writeback");

bool folio_write_one(struct folio *folio)
{
	assert_folio_locked(folio);
	if (!folio_test_dirty(folio) || folio_test_hugetlb(folio) || shmem_mapping(folio_mapping(folio)))
		return false;
	if (!KNOCKED_OUT(WRITEBACK_MKCLEAN))
		folio_mkclean(folio);
	folio_test_clear_dirty(folio);
	SYNCPOINT("writeback.clean");
	filemap_write_folio(folio);
	count_event(EV_FILE_WRITE);
	return true;
}

unsigned long filemap_writeback_range(struct file *file, unsigned long first, unsigned long end)
{
	OPERATION("writeback", file, 0);
	struct address_space *mapping = &file->mapping;
	unsigned long written = 0, step = 1ul << mapping->order;

	for (unsigned long index = ALIGN_DOWN(first, step); index < min(end, i_size_read(mapping)); index += step) {
		struct folio *folio = filemap_lock_folio(mapping, index);

		if (!folio)
			continue;
		written += folio_write_one(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
	return written;
}

unsigned long filemap_writeback(struct file *file)
{
	return filemap_writeback_range(file, 0, -1ul);
}
