/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmap.h - private anonymous mappings, and mappings of files. Source: mm/mmap.c, do_mmap(), get_unmapped_area(). */
#ifndef FAULTLINE_CORE_OP_MMAP_H
#define FAULTLINE_CORE_OP_MMAP_H

#include <sys/mman.h>		/* PROT_*, MAP_*: Linux's own numbers */

#include "core/base/event.h"
#include "core/mm/vma.h"

struct uffd_unmaps;

DECLARE_EVENT(MMAP);

/* Newer than Debian 12's headers. Source: include/uapi/linux/mman.h. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE	0x08
#endif

/*
 * sys_mmap - as mmap(2) for MAP_ANONYMOUS, with MAP_FIXED, MAP_FIXED_NOREPLACE or a hint in @addr. With MAP_SHARED a
 * file of that size is mapped, which lives as long as its mappings (file_create_shmem()). MAP_LOCKED locks the memory
 * as mlock() does, and MAP_POPULATE faults it in, unless MAP_NONBLOCK: without success too, and without pages where it
 * fails. Returns the address (page aligned, so never in -4095 … -1), or
 *   -EINVAL       @len 0; a fixed @addr not page aligned; neither or both of MAP_PRIVATE and MAP_SHARED; MAP_GROWSDOWN
 *                 with MAP_SHARED
 *   -ENOMEM       no free range, range beyond TASK_SIZE, too many VMAs, no memory; existing mappings stay
 *   -EEXIST       MAP_FIXED_NOREPLACE, and the range is in use
 *   -EPERM        a fixed @addr below MMAP_MIN_ADDR
 *   -EBADF        not MAP_ANONYMOUS: see sys_mmap_file()
 *   -EOPNOTSUPP   not simulated: MAP_DROPPABLE
 * MAP_HUGETLB: see hugetlb_mmap(); MAP_GROWSDOWN: expand_stack.h.
 * @name: 0, or a number: neighbours with different ones are not merged (PR_SET_VMA_ANON_NAME).
 * Locking: none held.
 */
long sys_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, uint32_t name);

/*
 * get_unmapped_area - a free range for a mapping of @len bytes, page aligned: @flags are MAP_FIXED,
 * MAP_FIXED_NOREPLACE or 0. A search returns the highest one. Returns the address, or an error as sys_mmap() does.
 * Locking: mmap_lock for write. Source: mm/mmap.c.
 */
long get_unmapped_area(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags);

/*
 * sys_mmap_file - the same for a file, from its page @pgoff on, MAP_PRIVATE or MAP_SHARED; it may end before the
 * mapping does. The VMA holds a reference of its own. -EINVAL also for MAP_ANONYMOUS and MAP_GROWSDOWN; -EOVERFLOW if a
 * page number is beyond those of the largest files; -EOPNOTSUPP for MAP_SHARED_VALIDATE with a flag that it does not
 * know, or MAP_FIXED_NOREPLACE.
 */
long sys_mmap_file(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, struct file *file,
		   unsigned long pgoff);

/*
 * do_mmap - sys_mmap() for @len page aligned and not 0, with a VMA of @kind; a special kind is never merged with a
 * neighbour. @unmaps: as in do_munmap_locked(). Locking: mmap_lock for write. Source: mm/mmap.c.
 */
long do_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind,
	     struct uffd_unmaps *unmaps);

/* VM_READ … for PROT_READ …; other bits are ignored, as mmap(2) does. Source: include/linux/mman.h. */
static inline unsigned long prot_to_vm_flags(int prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) | (prot & PROT_EXEC ? VM_EXEC : 0);
}

#endif
