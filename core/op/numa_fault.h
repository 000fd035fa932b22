/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * numa_fault.h - faults on NUMA hints (numa_scan.h).
 *
 *   a hint fault                                   others
 *   (A1) PTL; the entry is the hint; reference     (B1) PTL; the entry changes: zap, move, another hint fault, a
 *   (A2) drop the PTL; try to move the folio            migration; the page may be freed, and used again
 *   (A3) it stays: PTL; the entry is still the
 *        hint: set permissions
 *
 * The reference of A1 is dropped by A2. So A3 relies on the entry alone: if it still is the hint, it maps the page that
 * it names, whatever happened meanwhile.
 */
#ifndef FAULTLINE_CORE_OP_NUMA_FAULT_H
#define FAULTLINE_CORE_OP_NUMA_FAULT_H

#include "core/op/vm_fault.h"

DECLARE_EVENT(NUMA_HINT_FAULT);
DECLARE_EVENT(NUMA_HINT_LOCAL);
DECLARE_EVENT(NUMA_MIGRATED);
DECLARE_EVENT(NUMA_KEPT);
DECLARE_KNOCKOUT(NUMA_RECHECK);
DECLARE_KNOCKOUT(NUMA_PMD_RECHECK);

/*
 * do_numa_page - vmf->orig is a NUMA hint: its folio moves to the node of the accessing processor, or stays; in either
 * case the entry gets the permissions of its VMA, and the fault goes on with it. do_huge_pmd_numa_page() - the same
 * for @pmd, a leaf that is one, read at vmf->pmdp. Both return FAULT_AGAIN. Locking: as handle_mm_fault(). Source:
 * mm/memory.c; mm/huge_memory.c.
 */
vm_fault_t do_numa_page(struct vm_fault *vmf);
vm_fault_t do_huge_pmd_numa_page(struct vm_fault *vmf, pmd_t pmd);

#endif
