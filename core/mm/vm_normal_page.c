/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_normal_page.c - entries without a counted page, and reports of corrupt entries. */
#include "core/mm/vm_normal_page.h"

#include "core/mm/mm.h"

DEFINE_EVENT(BAD_PTE, "corrupt entries reported");

/*
 * A report takes a number, and owns the place of that number: so no lock is needed where the PTL is held. It is
 * complete once it is ready.
 *
 * Lock key: (A) atomic (C) const once ready
 */
struct report {
	struct bad_pte what;	/* (C) */
	bool ready;		/* (A) */
};

static struct report reports[BAD_PTE_LOG];
static unsigned long nr_reports;	/* (A) */

/* Source: mm/memory.c. */
static __cold void print_bad_pte(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	unsigned long n = fetch_add_relaxed(&nr_reports, 1ul);

	count_event(EV_BAD_PTE);
	if (n >= BAD_PTE_LOG)
		return;
	reports[n].what = (struct bad_pte){ addr, vma->vm_start, load_relaxed(&vma->vm_flags), pte.val };
	/*
	 * ORDER[bad-pte:A] after the report is written. Pairs with ORDER[bad-pte:B]. Weaker: a report is read half
	 * written.
	 */
	store_release(&reports[n].ready, true);
}

unsigned long bad_ptes(struct bad_pte *log)
{
	unsigned long n = load_relaxed(&nr_reports);

	for (unsigned int i = 0; log && i < min(n, (unsigned long)BAD_PTE_LOG); i++)
		/* ORDER[bad-pte:B] before the report is read; pairs with ORDER[bad-pte:A]. */
		log[i] = load_acquire(&reports[i].ready) ? reports[i].what : (struct bad_pte){ 0 };
	return n;
}

void bad_ptes_reset(void)
{
	for (unsigned int i = 0; i < BAD_PTE_LOG; i++)
		store_relaxed(&reports[i].ready, false);
	store_relaxed(&nr_reports, 0ul);
}

__noinline struct page *vm_normal_page_slow(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	unsigned long pfn = pte_pfn(pte);

	if (pte_special(pte) && (is_zero_pfn(pfn) || vma_maps_raw(vma, addr, pfn)))
		return NULL;
	print_bad_pte(vma, addr, pte);
	return NULL;
}
