/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_batch.c - the folios that a range maps. */
#include "core/op/folio_batch.h"

#include "core/mm/pagewalk.h"
#include "core/mm/vm_normal_page.h"

static int collect(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct folio_batch *batch = walk->private;
	pte_t pte = ptep_get(ptep);
	struct page *page = pte_present(pte) ? vm_normal_page(walk->vma, addr, pte) : NULL;

	batch->next = next;
	if (!page)
		return 0;
	batch->folios[batch->nr] = page_folio(page);
	folio_get(batch->folios[batch->nr]);
	return ++batch->nr == FOLIO_BATCH;
}

bool folio_batch_fill(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end)
{
	static const struct mm_walk_ops ops = { .pte_entry = collect, .walk_lock = PGWALK_RDLOCK };

	batch->nr = 0;
	return walk_page_range_vma(vma, batch->next, end, &ops, batch) && batch->next < end;
}
