/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk.h - calls back for the entries of a range of addresses, level by level, and can install missing ones.
 *
 * Callbacks return 0 to continue, > 0 to stop and have that returned, < 0 (-errno) to abort. Each gets [addr, next),
 * the part of its entry's span that lies in the range.
 *
 * Source: include/linux/pagewalk.h, mm/pagewalk.c; the patch "mm: pagewalk: add the ability to install PTEs".
 */
#ifndef FAULTLINE_CORE_MM_PAGEWALK_H
#define FAULTLINE_CORE_MM_PAGEWALK_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/pgtable/ptl.h"

DECLARE_EVENT(WALK_AGAIN);

struct mm_walk;

/* The locks that the walk relies on; asserted, and with PGWALK_WRLOCK taken. */
enum page_walk_lock {
	PGWALK_RDLOCK,		/* mmap_lock is held */
	PGWALK_WRLOCK,		/* mmap_lock is held for write; the walk write-locks each VMA */
	PGWALK_WRLOCK_VERIFY,	/* mmap_lock is held for write, and each VMA is write-locked already */
	PGWALK_VMA_RDLOCK_VERIFY, /* the lock of the one VMA is held, or mmap_lock */
};

/* The action after an entry's PUD or PMD callback. */
enum page_walk_action {
	ACTION_SUBTREE,		/* descend, if there are callbacks for levels below */
	ACTION_CONTINUE,	/* skip the levels below */
	ACTION_AGAIN,		/* re-read the entry */
};

/*
 * pgd_entry … pmd_entry  populated entries, folded levels included; pud_entry and pmd_entry must handle huge leaves
 * pte_entry              every slot of an existing PTE table, under its PTL, empty ones included; with install_pte only
 *                        slots that were populated
 * pte_hole               a range with no entry at @depth (0 PGD … 3 PMD after folding); -1 outside any VMA, in
 * VM_PFNMAP
 *                        ranges without test_walk, in hugetlb memory
 * hugetlb_entry          the part of each huge page of hugetlb memory that lies in the range: a leaf, or none; it is an
 *                        entry of a PMD table if ~@hmask is PMD_SIZE - 1, else of a PUD table: see hugetlb.h. @hmask
 *                        masks the huge page's address. Under the hugetlb VMA lock. No other callback runs there,
 *                        except pte_hole where there is no table, and only if hugetlb_entry is set
 * test_walk              0 walk this VMA, > 0 skip it, < 0 abort
 * pre_vma, post_vma      around a VMA; post_vma runs whenever pre_vma succeeded
 * install_pte            sets the entry for an empty slot; missing tables are allocated. Internal: see
 *                        walk_page_range_mm()
 */
struct mm_walk_ops {
	int (*pgd_entry)(pgd_t *pgd, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*p4d_entry)(p4d_t *p4d, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pud_entry)(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pmd_entry)(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pte_entry)(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pte_hole)(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk);
	int (*hugetlb_entry)(pmd_t *entry, unsigned long hmask, unsigned long addr, unsigned long next,
			     struct mm_walk *walk);
	int (*test_walk)(unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pre_vma)(unsigned long start, unsigned long end, struct mm_walk *walk);
	void (*post_vma)(struct mm_walk *walk);
	int (*install_pte)(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk);
	enum page_walk_lock walk_lock;
};

/* (T) all of it: one walk's state, for its callbacks to read; they may set action and use private */
struct mm_walk {
	const struct mm_walk_ops *ops;
	struct mm_struct *mm;
	struct vm_area_struct *vma;	/* NULL outside VMAs */
	pgd_t *pgd;			/* root table to walk instead of the mm's; NULL: the mm's */
	enum page_walk_action action;
	bool no_vma;
	void *private;
};

/*
 * walk_page_range - walks [@start, @end), VMAs and gaps. Returns 0, a callback's stop or error, -EINVAL (empty range,
 * no mm, or install_pte). Locking: by @ops->walk_lock.
 */
int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
		    void *private);
/*
 * walk_page_range_mm - the same, install_pte allowed: for operations of this core that own what they install. On
 * -ENOMEM installed entries stay, and the tree is valid.
 */
int walk_page_range_mm(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
		       void *private);
/*
 * walk_page_range_novma - walks the tables without VMAs; PTEs are read without their PTL. @pgd: another root, or NULL.
 * -EINVAL also for a range beyond the root table. init_mm: walk_kernel_page_table_range(). Locking: mmap_lock for
 * write: munmap frees tables under mmap_lock for read, once the VMA is detached.
 */
int walk_page_range_novma(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
			  pgd_t *pgd, void *private);
/*
 * walk_kernel_page_table_range - the same of kernel addresses (vmalloc.h): entries are read without a lock, and
 * without a section, and change meanwhile. @pgd: another root, or NULL. -EINVAL also without an init_mm. Locking:
 * init_mm's mmap_lock: while it is held no table of a range is freed.
 * walk_kernel_page_table_range_lockless() - the same for the owner of the range: nothing else frees its tables.
 */
int walk_kernel_page_table_range(unsigned long start, unsigned long end, const struct mm_walk_ops *ops, pgd_t *pgd,
				 void *private);
int walk_kernel_page_table_range_lockless(unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
					  pgd_t *pgd, void *private);
/* The range must lie in @vma (-EINVAL). walk_page_vma: all of it. Locking: as walk_page_range(). */
int walk_page_range_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			const struct mm_walk_ops *ops, void *private);
/* The same, install_pte allowed: see walk_page_range_mm(). Source: mm/pagewalk.c. */
int walk_page_range_vma_unsafe(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			       const struct mm_walk_ops *ops, void *private);
int walk_page_vma(struct vm_area_struct *vma, const struct mm_walk_ops *ops, void *private);

struct address_space;

/*
 * walk_page_mapping - walks all mappings of the @nr pages of a file from @first_index on: the part of each VMA that
 * maps some of them, one VMA after the other, up to the last page number. test_walk gets the whole VMA, and a positive
 * result ends the walk with 0. -EINVAL also if @nr is 0, and for a file of huge pages of the pool, whose walks need a
 * lock that ranks above. Locking: i_mmap_rwsem; ops->walk_lock is ignored. Source: mm/pagewalk.c.
 */
int walk_page_mapping(struct address_space *mapping, unsigned long first_index, unsigned long nr,
		      const struct mm_walk_ops *ops, void *private);

/*
 * walk_lock_ptes - for a .pmd_entry that handles the entries of a PTE table itself: locks the table at @pmdp, and the
 * walker continues behind it. NULL: the table was unlinked, nothing is locked, and the callback is called again for
 * the entry.
 */
static inline pte_t *walk_lock_ptes(struct mm_walk *walk, pmd_t *pmdp, unsigned long addr, spinlock_t **ptlp)
{
	pte_t *ptep = pte_offset_map_lock(&walk->mm->pt, pmdp, addr, ptlp);

	walk->action = ptep ? ACTION_CONTINUE : ACTION_AGAIN;
	return ptep;
}

#endif
