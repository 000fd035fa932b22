/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_batch.c - the folios that a range maps. */
#include "core/op/folio_batch.h"

#include "core/mm/pagewalk.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/split_folio.h"
#include "core/phys/folio_lock.h"

static int collect(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct folio_batch *batch = walk->private;
	pte_t pte = ptep_get(ptep);
	struct page *page = pte_present(pte) ? vm_normal_page(walk->vma, addr, pte) : NULL;

	batch->next = next;
	if (!page || (batch->nr && batch->folios[batch->nr - 1] == page_folio(page)))
		return 0;
	batch->folios[batch->nr] = page_folio(page);
	folio_get(batch->folios[batch->nr]);
	return ++batch->nr == FOLIO_BATCH;
}

static bool fill(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end)
{
	static const struct mm_walk_ops ops = { .pte_entry = collect, .walk_lock = PGWALK_RDLOCK };

	batch->nr = 0;
	return walk_page_range_vma(vma, batch->next, end, &ops, batch) && batch->next < end;
}

/* Returns whether any was split; if so the batch is empty again. */
static bool split_large(struct folio_batch *batch)
{
	bool split = false;

	for (unsigned int i = 0; i < batch->nr; i++) {
		struct folio *folio = batch->folios[i];

		if (!folio_test_large(folio) || !folio_test_anon(folio) || !folio_trylock(folio))
			continue;
		/* Another thread may have split it before it was locked. */
		split |= folio_test_large(folio) && !split_folio(folio);
		folio_unlock(folio);
	}
	while (split && batch->nr)
		folio_put(batch->folios[--batch->nr]);
	return split;
}

bool folio_batch_fill(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end)
{
	unsigned long start = batch->next;
	bool more = fill(batch, vma, end);

	if (!split_large(batch))
		return more;
	batch->next = start;
	return fill(batch, vma, end);
}
