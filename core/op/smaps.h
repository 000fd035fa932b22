/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smaps.h - VMAs and their pages, as /proc/PID/smaps counts them. Source: fs/proc/task_mmu.c. */
#ifndef FAULTLINE_CORE_OP_SMAPS_H
#define FAULTLINE_CORE_OP_SMAPS_H

#include "core/op/maps.h"

#define PSS_SHIFT	12	/* of proportional shares */

/*
 * (T) all of it. In bytes; the proportional ones, in which a page counts by its number of mappings, are shifted by
 * PSS_SHIFT. Names and contents as in Linux, where each is a line in kB.
 */
struct mem_size_stats {
	uint64_t resident;			/* Rss; huge pages of hugetlb are in the last two of these lines only */
	uint64_t pss, pss_dirty, pss_locked;	/* proportional */
	uint64_t pss_anon, pss_file, pss_shmem;	/* proportional; pss is their sum */
	uint64_t shared_clean, shared_dirty;	/* resident, mapped by several entries, */
	uint64_t private_clean, private_dirty;	/* or by one */
	uint64_t referenced, anonymous, ksm, lazyfree;
	uint64_t anonymous_thp, shmem_thp, file_thp;	/* by huge leaves */
	uint64_t swap, swap_pss;		/* the latter is proportional */
	uint64_t shared_hugetlb, private_hugetlb;
};

struct smaps_vma {
	struct maps_line line;
	struct mem_size_stats stats;
};

/*
 * sys_smaps - as sys_maps(), with the pages of each VMA: what one walk over its entries finds, in which each entry is
 * read once, under its PTL. With maps=vma_smaps only the VMA is locked meanwhile, else mmap_lock is held for read.
 * Locking: none held. Source: fs/proc/task_mmu.c, show_smap(), smap_gather_stats().
 */
unsigned int sys_smaps(struct mm_struct *mm, unsigned long from, struct smaps_vma *vmas, unsigned int nr);

#endif
