/* SPDX-License-Identifier: GPL-2.0-or-later */
/* munmap.h - unmaps ranges. Source: mm/vma.c, do_vmi_align_munmap(). */
#ifndef FAULTLINE_CORE_OP_MUNMAP_H
#define FAULTLINE_CORE_OP_MUNMAP_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/pgtable/mmu_gather.h"

struct uffd_unmaps;

DECLARE_EVENT(MUNMAP);

/*
 * sys_munmap - as munmap(2): 0; -EINVAL (@start not page aligned, @len 0, range beyond TASK_SIZE; the range ends
 * inside a huge page of hugetlb, and a VMA may have been split at @start); -ENOMEM (no memory for a split, or too many
 * VMAs), with nothing changed; -EPERM (part of it is sealed: nothing is unmapped, but a VMA may have been split at
 * @start). Waits until userfaultfds were read that asked for it (uffd_event.h). Locking: none held.
 */
int sys_munmap(struct mm_struct *mm, unsigned long start, unsigned long len);

/*
 * do_munmap_locked - the same over [@start, @end), page aligned and in range; mmap_lock stays held for write. The
 * caller passes @unmaps to userfaultfd_unmap_complete() once it has dropped it, also after an error. Locking: mmap_lock
 * for write.
 */
int do_munmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end, struct uffd_unmaps *unmaps);
/*
 * do_munmap_unlock - the same, and drops mmap_lock: it is downgraded to read first, if the policy says so. Locking:
 * mmap_lock for write.
 */
int do_munmap_unlock(struct mm_struct *mm, unsigned long start, unsigned long end, struct uffd_unmaps *unmaps);

/*
 * The parts of an unmap, for a list of VMAs linked by vm_next_detached. unmap_vmas - zaps their pages; unlink_vmas -
 * makes them unreachable for reverse-map walks, so that their tables may be freed (free_pgtables()); remove_vmas() -
 * frees those that are detached. Locking: mmap_lock for write, or they are detached; unmap_vmas(): mmap_lock for read
 * is enough, and remove_vmas() needs them detached. Source: mm/memory.c; mm/vma.c.
 */
void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma);
void unlink_vmas(struct vm_area_struct *vma);
void remove_vmas(struct mm_struct *mm, struct vm_area_struct *vma);

#endif
