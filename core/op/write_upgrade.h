/* SPDX-License-Identifier: GPL-2.0-or-later */
/* write_upgrade.h - which read-only entries may be made writable without a fault. */
#ifndef FAULTLINE_CORE_OP_WRITE_UPGRADE_H
#define FAULTLINE_CORE_OP_WRITE_UPGRADE_H

#include "core/mm/mm_types.h"
#include "core/probe/knockout.h"

DECLARE_KNOCKOUT(PROTECT_EXCLUSIVE);

/*
 * can_change_pte_writable, can_change_pmd_writable - a write fault at @addr would only make @pte, or the leaf @pmd, of
 * @vma writable. Locking: the PTL. Source: mm/mprotect.c; mm/huge_memory.c.
 */
bool can_change_pte_writable(const struct vm_area_struct *vma, unsigned long addr, pte_t pte);
bool can_change_pmd_writable(const struct vm_area_struct *vma, pmd_t pmd);

#endif
