/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_failure.h - hwpoison. Source: mm/memory-failure.c. */
#ifndef FAULTLINE_CORE_OP_MEMORY_FAILURE_H
#define FAULTLINE_CORE_OP_MEMORY_FAILURE_H

#include "core/base/event.h"
#include "core/phys/folio.h"

DECLARE_EVENT(POISON);

/*
 * memory_failure - @folio is hwpoisoned: every entry that maps it becomes poison, on which faults return
 * VM_FAULT_HWPOISON. One of a file leaves its file; a clean one's entries are cleared instead, and a dirty one's file
 * has an error to report (filemap_check_errors()). The frame is not reused as long as the caller has its reference.
 * Returns 0; -EBUSY if it is large, in a swap slot, truncated, a driver's or a device's, or has extra references, and
 * it may be half done. Locking: none; a reference. Source: mm/memory-failure.c.
 */
int memory_failure(struct folio *folio);

#endif
