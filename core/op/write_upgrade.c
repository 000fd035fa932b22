/* SPDX-License-Identifier: GPL-2.0-or-later */
/* write_upgrade.c - which read-only entries may be made writable without a fault. */
#include "core/op/write_upgrade.h"

#include "core/mm/huge_memory.h"

DEFINE_KNOCKOUT(PROTECT_EXCLUSIVE,
	.name = "protect:exclusive",
	.removes = "the check that a page is exclusive before mprotect makes its entry writable",
	.breaks = "two mms write to one page",
	.detected_by = "exclusive pages and entries at rest",
	.hunt = "stress hmm_vs_invalidate --noise 100");

bool can_change_pmd_writable(const struct vm_area_struct *vma, pmd_t pmd)
{
	if (!(vma->vm_flags & VM_WRITE) || pmd_special(pmd) || pmd_needs_soft_dirty_wp(vma, pmd))
		return false;
	if (vma->vm_flags & VM_SHARED)
		return pmd_dirty(pmd);
	return PageAnonExclusive(pmd_page(pmd)) || KNOCKED_OUT(PROTECT_EXCLUSIVE);
}
