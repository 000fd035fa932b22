/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * numa_scan.h - finds out which node uses a page, and moves it there: NUMA balancing, with the policy
 * numa_balancing=on.
 *
 *   numa_scan()       takes access from entries, part by part of an address space: they become NUMA hints
 *   a fault           finds a hint: its page moves to the node of the processor, if it is on another one, and the entry
 *                     gets the permissions of its VMA (do_numa_page(), do_huge_pmd_numa_page())
 *
 * A hint is protnone, as all entries of a VMA that allows no access; the VMA decides which. Its page counts as mapped:
 * fork copies hints, mremap() moves them, zaps, reclaim and migration handle them like other entries, and what sets the
 * permissions of a VMA (mprotect(), the end of a migration, a split, a collapse) ends them. GUP-fast leaves them to the
 * slow path, which gets their pages without a fault, unless FOLL_HONOR_NUMA_FAULT asks for one.
 *
 * Source: kernel/sched/fair.c, task_numa_work(); mm/mprotect.c; mm/memory.c; mm/huge_memory.c.
 */
#ifndef FAULTLINE_CORE_OP_NUMA_SCAN_H
#define FAULTLINE_CORE_OP_NUMA_SCAN_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(NUMA_SCAN);
DECLARE_EVENT(NUMA_SCAN_BUSY);

/*
 * numa_scan - makes hints of entries of @mm from where its last scan ended, about @pages pages of address space, up to
 * the end of a huge page; what has nothing to make hints of counts an eighth. Past the last VMA the next one begins at
 * the first again. Skips VMAs of hugetlb, VM_IO, VM_PFNMAP and VM_MIXEDMAP, those that allow no access, and mappings of
 * files that may only be read. Returns the pages that became hints; 0 also if the policy is off or mmap_lock is held
 * for write: it is not waited for. Locking: none held; a user of @mm. Source: kernel/sched/fair.c, task_numa_work().
 */
unsigned long numa_scan(struct mm_struct *mm, unsigned long pages);

#endif
