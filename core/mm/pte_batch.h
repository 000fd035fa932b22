/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pte_batch.h - batches of adjacent entries that map adjacent pages of one large folio. Source: mm/internal.h. */
#ifndef FAULTLINE_CORE_MM_PTE_BATCH_H
#define FAULTLINE_CORE_MM_PTE_BATCH_H

#include "core/pgtable/pgtable.h"
#include "core/phys/folio.h"

/*
 * folio_pte_batch - the number of entries from @ptep on, at most @max, that map consecutive pages of @folio from that
 * of @pte on, the present value of the first. They may differ in write, accessed, dirty and soft-dirty. At least 1.
 * Locking: the PTL.
 */
static inline unsigned int folio_pte_batch(const struct folio *folio, pte_t *ptep, pte_t pte, unsigned int max)
{
	const uint64_t same = ~(ENTRY_WRITE | ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_SOFT_DIRTY);
	unsigned long left = folio_nr_pages(folio) - folio_page_idx(folio, pte_page(pte));
	unsigned int nr = 1;

	while (nr < max && nr < left && (ptep_get(ptep + nr).val & same) == (pte_advance_pfn(pte, nr).val & same))
		nr++;
	return nr;
}

#endif
