/* SPDX-License-Identifier: GPL-2.0-or-later */
/* msync.h - writes pages of files that a range maps back. Source: mm/msync.c. */
#ifndef FAULTLINE_CORE_OP_MSYNC_H
#define FAULTLINE_CORE_OP_MSYNC_H

#include <sys/mman.h>		/* MS_*: Linux's own numbers */

#include "core/mm/mm_types.h"

/*
 * sys_msync - as msync(2): with MS_SYNC in @flags, the pages that shared mappings of the range map of their files are
 * written to the devices, as by filemap_writeback_range(); MS_ASYNC and MS_INVALIDATE only check. Returns 0, or
 *   -EINVAL    @start not page aligned, unknown @flags, MS_SYNC with MS_ASYNC, or a driver's memory with MS_SYNC
 *   -ENOMEM    the range wraps around; or part of it is not mapped: the rest was done
 *   -EBUSY     MS_INVALIDATE of locked memory: what comes before it was done
 *   -EIO       contents of a file were lost: what comes before it was done
 * Locking: none held.
 */
int sys_msync(struct mm_struct *mm, unsigned long start, unsigned long len, int flags);

#endif
