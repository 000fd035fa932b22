/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_truncate.c - truncates files of huge pages. hugetlb.h describes the synchronisation with faults. */
#include "core/mm/hugetlb_file.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/i_mmap.h"
#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/page_vma_mapped.h"
#include "core/op/hugetlb.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

/* Locking: i_mmap_rwsem, the hugetlb VMA lock for write. */
static void unmap_in_vma(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);
	const struct hstate *h = hstate_vma(vma);
	struct mmu_notifier_range range =
		mmu_notifier_range_of(mm, MMU_NOTIFY_CLEAR, addr, addr + huge_page_size(h));
	pmd_t *entryp = hugetlb_walk(vma, addr, h);

	if (!entryp)
		return;
	adjust_range_if_pmd_sharing_possible(vma, &range.start, &range.end);
	mmu_notifier_invalidate_range_start(&range);
	if (!huge_pmd_unshare(vma, addr)) {
		zap_hugetlb_entry(vma, entryp, addr);
		/* Another thread may have cleared the leaf: once its lock was taken, it is uncounted, too. */
		spin_unlock(huge_pte_lock(h, &mm->pt, entryp));
	}
	mmu_notifier_invalidate_range_end(&range);
}

/*
 * Unmaps the place from all VMAs. The hugetlb VMA lock ranks above i_mmap_rwsem: it is only tried, and if others hold
 * it, waited for without i_mmap_rwsem, by a reference of its own, since the VMA may be freed meanwhile. Source:
 * fs/hugetlbfs/inode.c, hugetlb_unmap_file_folio(). Locking: the fault mutex of the place.
 */
static void unmap_place(struct address_space *mapping, unsigned long index)
{
	unsigned long pages = 1ul << mapping->order;
	struct vm_area_struct *vma;
	struct resv_map *busy;
	RETRY_LOOP_PROFILED(100000, "a hugetlb VMA lock that truncation waited for");

	do {
		busy = NULL;
		i_mmap_lock_write(mapping);
		vma_interval_tree_foreach(vma, mapping, index, index + pages - 1) {
			SYNCPOINT("hugetlb_truncate.vma");
			if (!hugetlb_vma_trylock_write(vma)) {
				busy = vma->vm_resv;
				resv_map_get(busy);
				break;
			}
			unmap_in_vma(vma, vma_address(vma, index, pages));
			hugetlb_vma_unlock_write(vma);
		}
		i_mmap_unlock_write(mapping);
		if (busy) {
			down_write(&busy->lock);
			up_write(&busy->lock);
			resv_map_put(busy);
		}
	} while (busy && RETRIED());
}

DEFINE_KNOCKOUT(HUGETLB_TRUNCATE_MUTEX,
	.name = "hugetlb:truncate-mutex",
	.removes = "the fault mutex of a place while it is truncated",
	.breaks = "a huge page beyond the end of its file, and a reservation dropped that was taken",
	.detected_by = "the count of reservations, and files at rest",
	.hunt = "explore hugetlb_fault_vs_truncate",
	.mirrors = "hugetlbfs: use i_mmap_rwsem to address page fault/truncate race");

/* False: a fault added a huge page before the place was locked. Source: fs/hugetlbfs/inode.c. */
static bool remove_inode_single_folio(struct address_space *mapping, unsigned long index)
{
	struct folio *folio = filemap_lock_folio(mapping, index);	/* the folio lock ranks above */
	bool locked = !KNOCKED_OUT(HUGETLB_TRUNCATE_MUTEX);
	struct rwsem *mutex;
	bool done;

	SYNCPOINT("hugetlb_truncate.before_mutex");
	mutex = locked ? hugetlb_fault_mutex_lock(mapping, index) : NULL;
	done = folio || !filemap_has_folio(mapping, index);
	if (done) {
		unmap_place(mapping, index);
		if (folio)
			filemap_remove_folio(folio);
		hugetlb_unreserve_page(mapping, index, folio);
	}
	if (locked)
		hugetlb_fault_mutex_unlock(mutex);
	if (folio) {
		folio_unlock(folio);
		folio_put(folio);
	}
	return done;
}

void hugetlb_vmtruncate(struct address_space *mapping, unsigned long end)
{
	RETRY_LOOP_PROFILED(100000, "a huge page added to a file under truncation");

	for (unsigned long index = end; index < mapping->max_pages; index += 1ul << mapping->order)
		while (!remove_inode_single_folio(mapping, index))
			RETRY();
}
