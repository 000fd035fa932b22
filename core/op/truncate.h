/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate.h - files cut off, and their pages unmapped from wherever they are mapped. Source: mm/truncate.c, mm/memory.c. */
#ifndef FAULTLINE_CORE_OP_TRUNCATE_H
#define FAULTLINE_CORE_OP_TRUNCATE_H

#include "core/mm/filemap.h"
#include "core/mm/i_mmap.h"

/*
 * unmap_mapping_range - no VMA maps any of the @nr pages from @first on any more. @even_cows: nor has a private mapping its own copy
 * of one. Guards stay. A fault may map one again at once: who wants to prevent that made the file shorter before, or holds the folio lock.
 * Locking: any rwsem or folio lock that ranks above i_mmap_rwsem, which it takes for read. Source: mm/memory.c.
 */
void unmap_mapping_range(struct address_space *mapping, unsigned long first, unsigned long nr, bool even_cows);

/*
 * sys_ftruncate - @file is @pages pages long from now on. Shorter: what lies beyond is gone from memory, from every address space,
 * private copies too, and from the device; an access there ends in VM_FAULT_SIGBUS. Longer: what was added holds zeroes.
 * Returns 0; -EINVAL when @pages is no multiple of what a folio of it holds; -EFBIG when it cannot grow so far. Locking: none held.
 */
int sys_ftruncate(struct file *file, unsigned long pages);

#endif
