/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb.h - memory of huge pages from the pool: what a mapping was promised, and who may fault, zap and walk at once.
 *
 * A mapping (MAP_HUGETLB) is made of whole huge pages, each mapped by a leaf that is never split, and its VMAs begin and end between
 * them. The pool may have no more huge pages than mappings were promised, so a fault must not find one missing that is only on its
 * way back, or in the hands of a second fault for the same place. Two locks see to it, outermost first:
 *
 *   fault mutex        one fault at a time for a place: the second one finds what the first one mapped
 *   hugetlb VMA lock   read by faults, and by page walks; write from clearing entries until their pages are promised again
 *
 * Only the mapping that was promised its huge pages has the second: a forked child was promised none, nor was one with
 * MAP_NORESERVE. Both get what is free and not promised. And when there is nothing left to copy to, a child even loses what it
 * shares with the mapping that was promised it: from then on its faults are refused, since what it would find instead is not what
 * was there.
 *
 * Source: mm/hugetlb.c, include/linux/hugetlb.h.
 */
#ifndef FAULTLINE_CORE_MM_HUGETLB_H
#define FAULTLINE_CORE_MM_HUGETLB_H

#include "core/mm/mm_types.h"
#include "core/phys/hugetlb_pool.h"

/*
 * What one mapping was promised. VMAs that were split off it share it.
 *
 * Conservation: the pool's reserved = the bits that are clear, of the huge pages in VMAs that have the map.
 *
 * Lock key: (C) const after creation (A) atomic: changed under the fault mutex of the huge page and the lock for read, or under the
 * lock for write
 */
struct resv_map {
	struct rwsem lock;		/* the hugetlb VMA lock */
	uint32_t refs;			/* (A) VMAs, and who makes the first */
	unsigned int node;		/* (C) of its memory */
	unsigned long first, nr;	/* (C) huge pages, by vm_pgoff */
	uint64_t taken[];		/* (A) a bit for each: its promise was kept */
};

static inline bool is_vm_hugetlb_page(const struct vm_area_struct *vma)
{
	return THP_POSSIBLE && (load_relaxed(&vma->vm_flags) & VM_HUGETLB);
}

/* A VMA may end, or begin, at @addr: no huge page is cut. Source: mm/hugetlb.c, hugetlb_vm_op_split(). */
static inline bool vma_may_split(const struct vm_area_struct *vma, unsigned long addr)
{
	return !is_vm_hugetlb_page(vma) || IS_ALIGNED(addr, PMD_SIZE);
}

/*
 * resv_map_alloc - promises for @nr huge pages from number @first on, got from the pool; NULL when it has too few, or memory ran out.
 * resv_map_cancel() takes them back, of a mapping that was not made. resv_map_get(), _put() - VMAs come and go.
 */
struct resv_map *resv_map_alloc(unsigned long first, unsigned long nr);
void resv_map_cancel(struct resv_map *map);
void resv_map_get(struct resv_map *map);
void resv_map_put(struct resv_map *map);

/* Huge pages that @vma was promised, and has not taken. Locking: nobody faults in it. */
unsigned long hugetlb_vma_promised(const struct vm_area_struct *vma);
/* What @vma, detached and zapped, was promised and never took is given back. Source: mm/hugetlb.c, hugetlb_vm_op_close(). */
void hugetlb_vma_close(struct vm_area_struct *vma);
/*
 * hugetlb_vma_forget - another VMA has the reservations of @vma, which maps nothing, from now on; does nothing for a VMA
 * without any. Locking: mmap_lock for write, @vma write-locked. Source: mm/hugetlb.c, fixup_hugetlb_reservations().
 */
void hugetlb_vma_forget(struct vm_area_struct *vma);

/* The hugetlb VMA lock; nothing where @vma has no promises. Locking: mmap_lock or the VMA lock. Source: mm/hugetlb.c. */
void hugetlb_vma_lock_read(struct vm_area_struct *vma);
void hugetlb_vma_unlock_read(struct vm_area_struct *vma);
void hugetlb_vma_lock_write(struct vm_area_struct *vma);
void hugetlb_vma_unlock_write(struct vm_area_struct *vma);

/* The lock of one place in @mm against a second fault. Returns what to unlock. Source: mm/hugetlb.c, hugetlb_fault_mutex_hash(). */
struct rwsem *hugetlb_fault_mutex_lock(const struct mm_struct *mm, unsigned long addr);
void hugetlb_fault_mutex_unlock(struct rwsem *mutex);
/* Before the first mm. */
void hugetlb_init(void);

/*
 * alloc_hugetlb_folio - a huge page for @addr: the one that was promised, or else one that is free and promised to nobody; NULL
 * when there is none. Locking: the fault mutex and the hugetlb VMA lock for read; at fork the write lock of a VMA without promises.
 * hugetlb_put_folio() - drops the reference of a leaf of @vma that was cleared, or of what was allocated where no leaf is. If
 * it was the last, and @vma was promised huge pages, it is promised one for @addr again; not so while somebody else has it, a child
 * or a pin. Locking: as above, or the hugetlb VMA lock for write. Source: mm/hugetlb.c.
 */
struct folio *alloc_hugetlb_folio(struct vm_area_struct *vma, unsigned long addr);
void hugetlb_put_folio(struct vm_area_struct *vma, unsigned long addr, struct folio *folio);

#endif
