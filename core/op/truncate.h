/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate.h - truncates files, and unmaps their pages from all VMAs. Source: mm/truncate.c, mm/memory.c. */
#ifndef FAULTLINE_CORE_OP_TRUNCATE_H
#define FAULTLINE_CORE_OP_TRUNCATE_H

#include "core/mm/filemap.h"
#include "core/mm/i_mmap.h"

/*
 * unmap_mapping_range - unmaps all of the @nr pages from @first on from all VMAs. @even_cows: also the copies of
 * private mappings. Guards stay. A fault may map one again at once, unless the caller has truncated the file before,
 * or holds the folio lock. Locking: any rwsem or folio lock that ranks above i_mmap_rwsem, which it takes for read.
 * Source: mm/memory.c.
 */
void unmap_mapping_range(struct address_space *mapping, unsigned long first, unsigned long nr, bool even_cows);

/*
 * sys_ftruncate - sets the size of @file to @pages pages. Shorter: pages beyond are removed from memory, from every
 * address space, private copies too, and from the device; an access there returns VM_FAULT_SIGBUS. Longer: the added
 * pages are zero. Returns 0; -EINVAL if @pages is no multiple of its folio size, or it is a driver's; -EFBIG if it
 * cannot grow so far. Locking: none held.
 */
int sys_ftruncate(struct file *file, unsigned long pages);

/*
 * file_punch_hole - @nr pages of @file from @first on become zero, in memory and on the device; its size stays. Whole
 * folios are removed from memory and unmapped from every address space, but private copies stay. Returns 0; -ENODEV: a
 * driver's; -EOPNOTSUPP: of hugetlb. Locking: a reference to @file. Source: fs/open.c, vfs_fallocate() with
 * FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE.
 */
int file_punch_hole(struct file *file, unsigned long first, unsigned long nr);

#endif
