/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb.h - memory of huge pages from the pool: reservations, and the locks of faults, zaps and walks.
 *
 * A mapping (MAP_HUGETLB) consists of whole huge pages, each mapped by a leaf that is never split, and its VMAs begin
 * and end between them. The pool may have no more huge pages than are reserved, so a fault must not find the pool
 * empty because a huge page is about to return to it, or was taken by a second fault for the same place. Two locks
 * prevent that, outermost first:
 *
 *   fault mutex        one fault at a time for a place: the second one finds the first one's entry
 *   hugetlb VMA lock   read by faults and page walks; write from clearing entries until their pages are reserved again
 *
 * Of private mappings only the one with the reservations has the second: a forked child has none, nor has a mapping
 * with MAP_NORESERVE. Both get free huge pages that are not reserved. And without a free one to copy to, a child even
 * loses the huge pages that it shares with the mapping that reserved them: from then on its faults fail, since a new
 * page would not have the old contents.
 *
 * Each shared mapping of a file has a hugetlb VMA lock, and no reservations: those are the file's (hugetlb_file.h). It
 * keeps PMD tables, too, which such mappings share: hugetlb_share.h.
 *
 * A huge page has one of two sizes, that of leaves of PMD tables (2 MiB with 4 levels), or of PUD tables (1 GiB); all
 * of a VMA or a file have the same. Its entry is always a pmd_t here, since leaves have the same bits in both tables.
 * Where a leaf of a PUD table may be, there is no PMD table: such VMAs have whole ranges of PUD entries.
 *
 * Source: mm/hugetlb.c, include/linux/hugetlb.h.
 */
#ifndef FAULTLINE_CORE_MM_HUGETLB_H
#define FAULTLINE_CORE_MM_HUGETLB_H

#include "core/base/event.h"
#include "core/mm/address_space.h"
#include "core/mm/mm_types.h"
#include "core/pgtable/ptl.h"
#include "core/phys/hugetlb_pool.h"
#include "core/probe/knockout.h"

DECLARE_EVENT(HUGETLB_TAKE);
DECLARE_KNOCKOUT(HUGETLB_READ_LOCK);

/*
 * The hugetlb VMA lock of one mapping, and its reservations, if it is private. VMAs that were split off it share them.
 *
 * Conservation: the pool's reserved = the bits that are clear, of the huge pages in VMAs that have the map.
 *
 * Lock key: (C) const after creation (A) atomic: changed under the fault mutex of the huge page and the lock for read,
 * or under the lock for write
 */
struct resv_map {
	struct rwsem lock;		/* the hugetlb VMA lock */
	uint32_t refs;			/* (A) VMAs, and the creator of the first */
	unsigned int node;		/* (C) of its memory */
	const struct hstate *h;		/* (C) the size */
	unsigned long first, nr;	/* (C) huge pages, by vm_pgoff; nr is 0 for a shared mapping */
	uint64_t taken[];		/* (A) a bit for each: the reserved huge page was taken */
};

/* A size of huge pages. No lock key: const. Source: include/linux/hugetlb.h. */
struct hstate {
	unsigned int order;		/* of a huge page, in pages; of its pool: hugetlb_pool.h */
	unsigned long mask;		/* of the address of one */
};

#define HUGE_MAX_HSTATE	2

/* The default size first. Source: mm/hugetlb.c. */
extern const struct hstate hstates[HUGE_MAX_HSTATE];
#define default_hstate	(hstates[0])

#define for_each_hstate(h) \
	for ((h) = hstates; (h) < hstates + HUGE_MAX_HSTATE; (h)++)

/*
 * size_to_hstate - the one of @size bytes; NULL: there is none. hstate_sizelog() - by the log2 of its bytes, below 64,
 * as it is in the flags of mmap(2) from bit MAP_HUGE_SHIFT on; 0 is the default. Source: mm/hugetlb.c,
 * include/linux/hugetlb.h.
 */
const struct hstate *size_to_hstate(unsigned long size);
const struct hstate *hstate_sizelog(unsigned int size_log);

/* The size of @vma's huge pages. hstate_file() - of a file's. Source: include/linux/hugetlb.h. */
static inline const struct hstate *hstate_vma(const struct vm_area_struct *vma)
{
	return &hstates[(load_relaxed(&vma->vm_flags) & VM_HUGETLB_PUD) != 0];
}

/* As said above. */
static inline const struct hstate *hstate_file(const struct file *file)
{
	return size_to_hstate(PAGE_SIZE << file->mapping.order);
}

/* Bytes of a huge page. huge_page_mask() - of its address. Source: include/linux/hugetlb.h. */
static inline unsigned long huge_page_size(const struct hstate *h)
{
	return PAGE_SIZE << h->order;
}

/* As said above. */
static inline unsigned long huge_page_mask(const struct hstate *h)
{
	return h->mask;
}

/* Pages of a huge page. Source: include/linux/hugetlb.h. */
static inline unsigned long pages_per_huge_page(const struct hstate *h)
{
	return 1ul << h->order;
}

/* The page of @addr in the huge page of size @h that @entry, a leaf, maps. */
static inline struct page *huge_pte_page(const struct hstate *h, pmd_t entry, unsigned long addr)
{
	return pmd_page(entry) + ((addr & ~huge_page_mask(h)) >> PAGE_SHIFT);
}

/*
 * The lock of the entry at @entryp of a huge page of size @h. huge_pte_lock() - takes it. huge_leaf_lock() - only if
 * the entry is a leaf, as pmd_trans_huge_lock(); else NULL. Locking: as pmd_lock(). Source: include/linux/hugetlb.h.
 */
static inline spinlock_t *huge_pte_lockptr(const struct hstate *h, struct mm_pgtable *pt, pmd_t *entryp)
{
	return likely(h->order == HPAGE_PMD_ORDER) ? pmd_lockptr(pt, entryp) : &pt->page_table_lock;
}

/* As said above. */
static inline spinlock_t *huge_pte_lock(const struct hstate *h, struct mm_pgtable *pt, pmd_t *entryp)
{
	spinlock_t *ptl = huge_pte_lockptr(h, pt, entryp);

	spin_lock(ptl);
	return ptl;
}

/* As said above. */
static inline spinlock_t *huge_leaf_lock(const struct hstate *h, struct mm_pgtable *pt, pmd_t *entryp)
{
	return pmd_trans_huge(pmdp_get(entryp)) ? leaf_lock(huge_pte_lockptr(h, pt, entryp), entryp) : NULL;
}

/* True if @vma consists of huge pages of the pool. Source: include/linux/hugetlb_inline.h. */
static inline bool is_vm_hugetlb_page(const struct vm_area_struct *vma)
{
	return THP_POSSIBLE && (load_relaxed(&vma->vm_flags) & VM_HUGETLB);
}

/* True if @vma has reservations of its own. Source: mm/hugetlb.c, is_vma_resv_set(). */
static inline bool is_vma_resv_owner(const struct vm_area_struct *vma)
{
	return vma->vm_resv && vma->vm_resv->nr;
}

/* A VMA may end, or begin, at @addr only between huge pages. Source: mm/hugetlb.c, hugetlb_vm_op_split(). */
static inline bool vma_may_split(const struct vm_area_struct *vma, unsigned long addr)
{
	return !is_vm_hugetlb_page(vma) || !(addr & ~huge_page_mask(hstate_vma(vma)));
}

/*
 * resv_map_alloc - reserves @nr huge pages of size @h from index @first on; NULL if the pool has too few, or without
 * memory. resv_map_cancel() undoes it, for a mapping that was not made. resv_map_get(), _put() - references of VMAs.
 */
struct resv_map *resv_map_alloc(const struct hstate *h, unsigned long first, unsigned long nr);
/*
 * hugetlb_dup_vma_lock - the lock of a child's VMA: a new one, in *@resv, if @src is a shared mapping; else NULL.
 * Returns 0 or -ENOMEM. Source: mm/hugetlb.c, hugetlb_vm_op_open().
 */
int hugetlb_dup_vma_lock(const struct vm_area_struct *src, struct resv_map **resv);
void resv_map_cancel(struct resv_map *map);
void resv_map_get(struct resv_map *map);
void resv_map_put(struct resv_map *map);

/* Number of reserved huge pages that @vma has not taken. Locking: no concurrent faults in it. */
unsigned long hugetlb_vma_reserved(const struct vm_area_struct *vma);
/* Drops the unused reservations of @vma, detached and zapped. Source: mm/hugetlb.c, hugetlb_vm_op_close(). */
void hugetlb_vma_close(struct vm_area_struct *vma);
/*
 * hugetlb_vma_forget - clears the reservations of @vma, which maps nothing, after another VMA took them over; no
 * effect on a VMA without any. Locking: mmap_lock for write, @vma write-locked; takes i_mmap_rwsem, under which others
 * read vm_resv. Source: mm/hugetlb.c, fixup_hugetlb_reservations().
 */
void hugetlb_vma_forget(struct vm_area_struct *vma);

/*
 * The hugetlb VMA lock; no effect if @vma has none. hugetlb_vma_trylock_write() does not wait, and returns true if it
 * is held, or there is none. Locking: mmap_lock or the VMA lock; trylock: or i_mmap_rwsem. Source: mm/hugetlb.c.
 */
void hugetlb_vma_lock_read(struct vm_area_struct *vma);
void hugetlb_vma_unlock_read(struct vm_area_struct *vma);
void hugetlb_vma_lock_write(struct vm_area_struct *vma);
void hugetlb_vma_unlock_write(struct vm_area_struct *vma);
bool hugetlb_vma_trylock_write(struct vm_area_struct *vma);
/* Dies unless it is held for write, if there is one. Source: mm/hugetlb.c, hugetlb_vma_assert_locked(). */
void hugetlb_vma_assert_write_locked(const struct vm_area_struct *vma);

/*
 * vma_pgtable_walk_begin - before a descent to one entry of @vma, whatever memory it is: huge pages of the pool that
 * are mapped stay mapped, and their tables in place, until vma_pgtable_walk_end(). Locking: mmap_lock or the VMA lock,
 * and no lock below the hugetlb VMA lock. Source: mm/memory.c.
 */
static inline void vma_pgtable_walk_begin(struct vm_area_struct *vma)
{
	if (unlikely(is_vm_hugetlb_page(vma)))
		hugetlb_vma_lock_read(vma);
}

/* Locking: as vma_pgtable_walk_begin() returned. */
static inline void vma_pgtable_walk_end(struct vm_area_struct *vma)
{
	if (unlikely(is_vm_hugetlb_page(vma)))
		hugetlb_vma_unlock_read(vma);
}

/*
 * hugetlb_fault_mutex_lock - locks one place, page @index of @mapping, against a second fault, and against truncation.
 * hugetlb_vma_fault_mutex_lock() - the place at @addr in @vma; without a file it is a place of the mm. Return the lock.
 * Source: mm/hugetlb.c, hugetlb_fault_mutex_hash().
 */
struct rwsem *hugetlb_fault_mutex_lock(const struct address_space *mapping, unsigned long index);
struct rwsem *hugetlb_vma_fault_mutex_lock(const struct vm_area_struct *vma, unsigned long addr);
void hugetlb_fault_mutex_unlock(struct rwsem *mutex);
/* Called before the first mm. */
void hugetlb_init(void);

/*
 * alloc_hugetlb_folio - a huge page for @addr: the reserved one, or else a free one without a reservation; NULL if
 * there is none. Locking: the fault mutex and the hugetlb VMA lock for read; at fork the write lock of a VMA without
 * reservations.
 * hugetlb_put_folio() - drops the reference of a cleared leaf of @vma, or of an allocation that was not mapped. If it
 * was the last, and @vma has reservations, the huge page is reserved for @addr again; not while others have it, a
 * child or a pin, and not if it was a file's. Locking: as above, or the hugetlb VMA lock for write. Source:
 * mm/hugetlb.c.
 */
struct folio *alloc_hugetlb_folio(struct vm_area_struct *vma, unsigned long addr);
/* hugetlb_pool_take() with its events. */
struct folio *hugetlb_take_counted(unsigned int order, bool reserved);
void hugetlb_put_folio(struct vm_area_struct *vma, unsigned long addr, struct folio *folio);

#endif
