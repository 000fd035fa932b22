/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspection.c - what all parts of an inspection share. */
#include "core/oracle/inspection.h"

struct vm_area_struct *inspected_vma(struct inspection *in, unsigned long addr)
{
	while (in->vma && in->vma->vm_end <= addr)
		in->vma = vma_tree_find(&in->mm->tree, addr);
	return in->vma && in->vma->vm_start <= addr ? in->vma : NULL;
}

void count_mapping(struct inspection *in, struct folio *folio)
{
	struct found *found = &in->found[folio_pfn(folio)];
	uint32_t mm_id = in->mm->mm_id;

	found->folio_mapped++;
	if (found->last_mm != mm_id)
		found->mms++;
	found->last_mm = mm_id;
	if ((in->vma->vm_flags & VM_LOCKED) && found->last_locked != in->vma && !folio_is_device_private(folio)) {
		found->last_locked = in->vma;
		found->locked++;
	}
	for (unsigned int i = 0; folio_test_large(folio) && i < 2; i++)
		found->slot[i] += folio_large(folio)->mm_id[i] == mm_id;
}
