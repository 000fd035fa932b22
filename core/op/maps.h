/* SPDX-License-Identifier: GPL-2.0-or-later */
/* maps.h - the VMAs of an address space, as /proc/PID/maps prints them. Source: fs/proc/task_mmu.c. */
#ifndef FAULTLINE_CORE_OP_MAPS_H
#define FAULTLINE_CORE_OP_MAPS_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(MAPS_FALLBACK);

/* (T) all of it: a line of /proc/PID/maps */
struct maps_line {
	unsigned long start, end, flags, pgoff;
	uint32_t name;
};

/* (T) all of it: a reader of VMAs, one after the other */
struct maps_reader {
	struct mm_struct *mm;
	struct vm_area_struct *locked;	/* NULL: none, or mmap_lock is held */
	bool by_vma;
};

/*
 * maps_start - begins to read the VMAs of @mm; @by_vma: locks each by itself, if the policy has VMA locks. maps_next -
 * the first one that ends above @from, locked until the next call; NULL if there is none. maps_stop - after the last.
 * Locking: none held; mmap_lock for read, or a VMA lock, in between. Source: fs/proc/task_mmu.c, m_start(), m_next(),
 * m_stop().
 */
struct maps_reader maps_start(struct mm_struct *mm, bool by_vma);
struct vm_area_struct *maps_next(struct maps_reader *reader, unsigned long from);
void maps_stop(struct maps_reader *reader);

/* Locking: as maps_next() leaves @vma. */
static inline struct maps_line maps_line_of(const struct vm_area_struct *vma)
{
	return (struct maps_line){ vma->vm_start, vma->vm_end, vma->vm_flags, vma->vm_pgoff, vma->vm_name };
}

/*
 * sys_maps - up to @nr lines of the VMAs that end above @from, as one read(2) of /proc/PID/maps: a reader goes on at
 * the end of the last line. Returns their number, 0 after the last VMA.
 *
 * Lines ascend. What is mapped all the time is in a line, and a VMA that does not change is in exactly one. The policy
 * decides whether mmap_lock is held for read meanwhile, or each VMA is locked by itself, so that writers wait for one
 * line at most. Locking: none held. Source: fs/proc/task_mmu.c, show_map().
 */
unsigned int sys_maps(struct mm_struct *mm, unsigned long from, struct maps_line *lines, unsigned int nr);

#endif
