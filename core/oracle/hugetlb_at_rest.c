/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_at_rest.c - invariants of the quiescent pool of huge pages. */
#include "core/mm/hugetlb.h"
#include "core/mm/hugetlb_file.h"
#include "core/oracle/inspection.h"

static unsigned long check_vma(struct inspection *in, const struct vm_area_struct *vma)
{
	if ((vma->vm_start | vma->vm_end) & ~huge_page_mask(hstate_vma(vma)))
		fail(in, "VMA %lx-%lx ends inside a huge page of the pool", vma->vm_start, vma->vm_end);
	if (!vma->vm_resv)
		return 0;
	if (rwsem_is_locked(&vma->vm_resv->lock))
		fail(in, "the hugetlb VMA lock of %lx-%lx is held", vma->vm_start, vma->vm_end);
	return hugetlb_vma_reserved(vma);
}

/* The pool of hstates[@i], which has @reserved reservations. */
static void check_pool(struct inspection *in, unsigned int i, unsigned long reserved)
{
	struct hugetlb_counts counts = hugetlb_pool_counts(hstates[i].order);

	if (counts.nr != in->huge[i] || counts.free != in->huge_free[i])
		fail(in, "the pool counts %lu huge pages, %lu free, but has %lu, %lu free", counts.nr, counts.free,
		     in->huge[i], in->huge_free[i]);
	if (counts.reserved != reserved || reserved > counts.free)
		fail(in, "%lu huge pages are reserved, counted %lu, with %lu free", reserved, counts.reserved,
		     counts.free);
}

void hugetlb_at_rest(struct inspection *in, struct mm_struct *const *mms, unsigned int nr)
{
	unsigned long reserved[HUGE_MAX_HSTATE];
	const struct vm_area_struct *vma;

	for (unsigned int i = 0; i < HUGE_MAX_HSTATE; i++)
		reserved[i] = hugetlb_files_reserved(hstates[i].order);
	for (unsigned int i = 0; i < nr; i++)
		for (unsigned long at = 0; !in->complaint.made && (vma = vma_tree_find(&mms[i]->tree, at));
		     at = vma->vm_end)
			if (is_vm_hugetlb_page(vma))
				reserved[hstate_vma(vma) - hstates] += check_vma(in, vma);
	for (unsigned int i = 0; i < HUGE_MAX_HSTATE && !in->complaint.made; i++)
		check_pool(in, i, reserved[i]);
}
