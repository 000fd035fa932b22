/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prot_numa.h - makes entries NUMA hints: they lose access, and keep their page, until a fault. Source: mm/mprotect.c,
 * mm/huge_memory.c, with MM_CP_PROT_NUMA.
 */
#ifndef FAULTLINE_CORE_OP_PROT_NUMA_H
#define FAULTLINE_CORE_OP_PROT_NUMA_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/probe/knockout.h"

DECLARE_EVENT(NUMA_PTES);
DECLARE_EVENT(NUMA_LEAVES);
DECLARE_KNOCKOUT(NUMA_LEAF_CLEAR);

/*
 * prot_numa_ptes - makes those entries of one table, from @ptep at @addr on up to @end, hints that are to be some, and
 * returns their number. The zero page, raw frames, merged pages, those of drivers, dirty ones of files, and in private
 * mappings pinned and shared ones stay as they are. The caller flushes TLBs. Locking: mmap_lock; the PTL. Source:
 * mm/mprotect.c, change_pte_range(), prot_numa_skip().
 */
unsigned long prot_numa_ptes(const struct vm_area_struct *vma, pte_t *ptep, unsigned long addr, unsigned long end);

/*
 * prot_numa_leaf - the same for the leaf at @pmdp, one entry; *@pages grows by its pages. False: it is no leaf any
 * more. Locking: mmap_lock. Source: mm/huge_memory.c, change_huge_pmd().
 */
bool prot_numa_leaf(const struct vm_area_struct *vma, pmd_t *pmdp, unsigned long *pages);

#endif
