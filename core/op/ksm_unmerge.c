/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm_unmerge.c - gives merged pages copies of their own; the advice that asks for it. */
#include "core/op/ksm.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/folio_walk.h"
#include "core/mm/mmap_lock.h"
#include "core/op/fault.h"
#include "core/op/madvise.h"
#include "core/probe/retry.h"

DEFINE_EVENT(KSM_BROKEN, "merged pages copied by KSM itself");

static bool maps_merged(struct vm_area_struct *vma, unsigned long addr)
{
	struct folio_walk fw;
	struct folio *folio = folio_walk_start(&fw, vma, addr, FW_MIGRATION);
	bool merged = folio && folio_test_ksm(folio);

	if (folio)
		folio_walk_end(&fw, vma);
	return merged;
}

/* An unsharing fault copies it. */
int break_ksm(struct vm_area_struct *vma, unsigned long addr)
{
	RETRY_LOOP(100000, "a merged page to copy");

	while (maps_merged(vma, addr)) {
		vm_fault_t ret = handle_mm_fault(vma, addr, FAULT_FLAG_UNSHARE);

		if (ret)
			return ret & VM_FAULT_OOM ? -ENOMEM : 0;
		count_event(EV_KSM_BROKEN);
		RETRY();
	}
	return 0;
}

static bool vma_ksm_compatible(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SHARED | VM_SPECIAL | VM_HUGETLB));
}

int ksm_madvise(struct vm_area_struct *vma, unsigned long start, unsigned long end, int advice, unsigned long *flags)
{
	int err = 0;

	mmap_assert_write_locked(vma->vm_mm);
	*flags = vma->vm_flags;
	if (advice == MADV_MERGEABLE) {
		if (vma_ksm_compatible(vma))
			*flags |= VM_MERGEABLE;
		return 0;
	}
	if (!(vma->vm_flags & VM_MERGEABLE))
		return 0;
	for (; !err && vma_anon_vma(vma) && start < end; start += PAGE_SIZE)
		err = break_ksm(vma, start);
	*flags &= ~VM_MERGEABLE;
	return err;
}
