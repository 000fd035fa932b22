/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap.h - clears the entries of a range, and gathers pages to free. Source: mm/memory.c, unmap_page_range(). */
#ifndef FAULTLINE_CORE_OP_ZAP_H
#define FAULTLINE_CORE_OP_ZAP_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/pgtable/mmu_gather.h"

DECLARE_EVENT(PTE_TABLE_RECLAIM);

enum zap_flags {
	ZAP_KEEP_GUARDS = 1,	/* guard markers stay (MADV_DONTNEED); else they are cleared too (munmap) */
	ZAP_KEEP_COWS = 4,	/* anonymous pages of a private mapping of a file stay (unmap_mapping_folio()) */
	ZAP_UNMAP = 16,		/* @vma is detached, and its tables are freed next */
	ZAP_SYNC_LEAF = 8,	/* wait for threads that cleared a whole leaf, but not yet its mapcount */
	ZAP_RECLAIM = 2,	/* emptied PTE tables are unlinked and freed, if the policy says so */
};

/*
 * zap_range - clears every entry over [@start, @end), which lies in @vma. Locking: mmap_lock, the VMA lock, or the
 * lock of an rmap tree of @vma, or @vma is detached; no spinlock. Source: mm/memory.c, unmap_page_range().
 */
void zap_range(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start, unsigned long end,
	       unsigned int flags);

#endif
