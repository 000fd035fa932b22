/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_pins.c - pins that a thread of a storm holds. */
#include "tests/lib/storm/storm_pins.h"

static void unpin(struct storm_pins *pins, unsigned int i)
{
	struct page *page = pins->pin[i].page;

	BUG_ON(page_life(page) != pins->pin[i].life || (page_type(page) != PAGE_ANON && page_type(page) != PAGE_FILE));
	BUG_ON(!folio_maybe_dma_pinned(page_folio(page)));
	unpin_user_pages_dirty_lock(&page, 1);
	pins->pin[i] = pins->pin[--pins->nr];
}

void storm_unpin_all(struct storm_pins *pins)
{
	while (pins->nr)
		unpin(pins, 0);
}

void storm_pin(struct storm_pins *pins, const struct storm_mm *place, unsigned long addr)
{
	bool write = rng_below(&this_cpu->rng, 2);
	struct folio *folio;
	struct page *page;

	if (pins->nr == STORM_PINS || (pins->nr && rng_below(&this_cpu->rng, 3) == 0)) {
		unpin(pins, (unsigned int)rng_below(&this_cpu->rng, pins->nr));
		return;
	}
	if (pin_user_pages_fast(place->mm, addr, 1, write ? FOLL_WRITE : FOLL_LONGTERM, &page) <= 0)
		return;
	folio = page_folio(page);
	if (write)	/* as a device does: without the PTL, beside threads that read and write under it */
		store_relaxed((uint64_t *)page_payload(page),
			      storm_word(place, folio->page.index + folio_page_idx(folio, page)));
	pins->pin[pins->nr].page = page;
	pins->pin[pins->nr++].life = page_life(page);
}
