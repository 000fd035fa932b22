/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pte_batch.h - batches of adjacent entries that map adjacent pages of one large folio. Source: mm/internal.h. */
#ifndef FAULTLINE_CORE_MM_PTE_BATCH_H
#define FAULTLINE_CORE_MM_PTE_BATCH_H

#include "core/pgtable/pgtable.h"
#include "core/phys/folio.h"

/* What entries of a batch may differ in, unless a caller cares. */
#define PTE_BATCH_MAY_DIFFER	(ENTRY_WRITE | ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_SOFT_DIRTY)

/*
 * folio_pte_batch_flags - the number of entries from @ptep on, at most @max, that map consecutive pages of @folio from
 * that of @pte on, the present value of the first. They are equal but for @may_differ. At least 1. Locking: the PTL.
 */
static inline unsigned int folio_pte_batch_flags(const struct folio *folio, pte_t *ptep, pte_t pte, unsigned int max,
						 uint64_t may_differ)
{
	unsigned long left = folio_nr_pages(folio) - folio_page_idx(folio, pte_page(pte));
	unsigned int nr = 1;

	ASSERT(((uintptr_t)ptep & (TABLE_SIZE - 1)) + max * sizeof(*ptep) <= TABLE_SIZE);
	while (nr < max && nr < left &&
	       !((ptep_get(ptep + nr).val ^ pte_advance_pfn(pte, nr).val) & ~may_differ))
		nr++;
	return nr;
}

/* folio_pte_batch - the same of entries that may differ in write, accessed, dirty and soft-dirty. */
static inline unsigned int folio_pte_batch(const struct folio *folio, pte_t *ptep, pte_t pte, unsigned int max)
{
	return folio_pte_batch_flags(folio, ptep, pte, max, PTE_BATCH_MAY_DIFFER);
}

#endif
