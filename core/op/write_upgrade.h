/* SPDX-License-Identifier: GPL-2.0-or-later */
/* write_upgrade.h - which read-only entries may be made writable without a fault. */
#ifndef FAULTLINE_CORE_OP_WRITE_UPGRADE_H
#define FAULTLINE_CORE_OP_WRITE_UPGRADE_H

#include "core/mm/device.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/phys/page_flags.h"
#include "core/probe/knockout.h"

DECLARE_KNOCKOUT(PROTECT_EXCLUSIVE);

/*
 * can_change_pte_writable, can_change_pmd_writable - a write fault at @addr would only make @pte, or the leaf @pmd, of
 * @vma writable. mprotect() asks for each entry, so the first is inline. Locking: the PTL. Source: mm/mprotect.c;
 * mm/huge_memory.c.
 */
static force_inline bool can_change_pte_writable(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	struct page *page;

	if (!(vma->vm_flags & VM_WRITE) || pte_needs_soft_dirty_wp(vma, pte) || userfaultfd_pte_wp(vma, pte))
		return false;
	if (vma->vm_flags & VM_SHARED)	/* dirty: written to since it was cleaned, and known to file or driver */
		return pte_dirty(pte) || !vma_wants_writenotify(vma);
	page = vm_normal_page(vma, addr, pte);
	return page && (PageAnonExclusive(page) || KNOCKED_OUT(PROTECT_EXCLUSIVE));
}

bool can_change_pmd_writable(const struct vm_area_struct *vma, pmd_t pmd);

#endif
