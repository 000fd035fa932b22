/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access_remote_vm.h - reads and writes the memory of another process, as debuggers do by ptrace() and /proc/PID/mem.
 * Source: mm/memory.c.
 */
#ifndef FAULTLINE_CORE_OP_ACCESS_REMOTE_VM_H
#define FAULTLINE_CORE_OP_ACCESS_REMOTE_VM_H

#include "core/op/gup.h"

DECLARE_EVENT(REMOTE_PAGE);

/*
 * access_remote_vm - copies @len bytes at @addr of @mm to @buf, or from there with FOLL_WRITE, page by page. FOLL_FORCE
 * also reads what the VMA does not allow to read, and writes where a private mapping allows no writes, but for hugetlb:
 * to the page, if it is exclusive, or to a copy, and the entry stays read-only. Contents beyond the machine's payload
 * of a page are zeroes, and are not written.
 *
 * Returns the number of bytes copied, fewer than @len if a page is not mapped, or does not allow it; -EINVAL for other
 * flags. The mm's threads may see one page written, but not the next. Locking: none held; a user of @mm. Source:
 * mm/memory.c, __access_remote_vm().
 */
long access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, unsigned long len, unsigned int flags);
/*
 * access_process_vm - the same for a caller with a reference to the struct (mmgrab()): 0 if the address space has
 * ended. Locking: none held. Source: mm/memory.c.
 */
long access_process_vm(struct mm_struct *mm, unsigned long addr, void *buf, unsigned long len, unsigned int flags);

#endif
