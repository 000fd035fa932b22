/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_at_rest.c - invariants of the quiescent pool of huge pages. */
#include "core/mm/hugetlb.h"
#include "core/mm/hugetlb_file.h"
#include "core/oracle/inspection.h"

static unsigned long check_vma(struct inspection *in, const struct vm_area_struct *vma)
{
	if (!IS_ALIGNED(vma->vm_start | vma->vm_end, PMD_SIZE))
		fail(in, "VMA %lx-%lx ends inside a huge page of the pool", vma->vm_start, vma->vm_end);
	if (!vma->vm_resv)
		return 0;
	if (rwsem_is_locked(&vma->vm_resv->lock))
		fail(in, "the hugetlb VMA lock of %lx-%lx is held", vma->vm_start, vma->vm_end);
	return hugetlb_vma_reserved(vma);
}

void hugetlb_at_rest(struct inspection *in, struct mm_struct *const *mms, unsigned int nr)
{
	struct hugetlb_counts counts = hugetlb_pool_counts();
	unsigned long reserved = hugetlb_files_reserved();
	const struct vm_area_struct *vma;

	for (unsigned int i = 0; i < nr; i++)
		for (unsigned long at = 0; !in->complaint.made && (vma = vma_tree_find(&mms[i]->tree, at));
		     at = vma->vm_end)
			reserved += is_vm_hugetlb_page(vma) ? check_vma(in, vma) : 0;
	if (in->complaint.made)
		return;
	if (counts.nr != in->huge || counts.free != in->huge_free)
		fail(in, "the pool counts %lu huge pages, %lu free, but has %lu, %lu free", counts.nr, counts.free,
		     in->huge, in->huge_free);
	if (counts.reserved != reserved || reserved > counts.free)
		fail(in, "%lu huge pages are reserved, counted %lu, with %lu free", reserved, counts.reserved,
		     counts.free);
}
