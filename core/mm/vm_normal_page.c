/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_normal_page.c - entries without a counted page, and reports of corrupt entries. */
#include "core/mm/vm_normal_page.h"

#include "core/mm/mm.h"

/* Source: mm/memory.c. */
static __cold void print_bad_pte(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	report_bad_entry(&(struct bad_pte){
		.addr = addr, .vm_start = vma->vm_start, .vm_flags = load_relaxed(&vma->vm_flags), .val = pte.val,
		.level = LEVEL_PTE,
	});
}

__noinline struct page *vm_normal_page_slow(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	unsigned long pfn = pte_pfn(pte);

	if (pte_special(pte) && (is_zero_pfn(pfn) || vma_maps_raw(vma, addr, pfn)))
		return NULL;
	print_bad_pte(vma, addr, pte);
	return NULL;
}
