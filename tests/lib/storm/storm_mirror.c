/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_mirror.c - a device works on the mm of a storm's place, by a mirror that is compared with it at any time. */
#include "tests/lib/storm/storm_mirror.h"

#include "core/oracle/mirror.h"
#include "tests/lib/storm/storm_file.h"

void storm_mirror_compare(struct hmm_mirror *mirror, unsigned long start, unsigned long end)
{
	char why[256] = "";

	if (oracle_mirror(mirror, start, end, why, sizeof(why)) < 0)
		BUG("%s", why);
}

static unsigned long index_of(struct page *page)
{
	const struct folio *folio = page_folio(page);

	return folio->page.index + folio_page_idx(folio, page);
}

static void read_page(struct page *page, void *arg)
{
	uint64_t found = load_relaxed((uint64_t *)page_payload(page));

	if (page_type(page) != PAGE_ZERO && storm_file_has(index_of(page)))
		storm_file_check(index_of(page), found);
	else if (folio_test_anon(page_folio(page)))
		storm_word_check(arg, index_of(page), found);
	else
		BUG_ON(page_type(page) == PAGE_ZERO && found);
}

static void write_page(struct page *page, void *arg)
{
	read_page(page, arg);
	if (folio_test_anon(page_folio(page)))
		store_relaxed((uint64_t *)page_payload(page), storm_word(arg, index_of(page)));
}

void storm_mirror(const struct storm_mm *place, unsigned long start, unsigned long end)
{
	unsigned long how = rng_below(&this_cpu->rng, 4);

	if (how < 2)
		hmm_mirror_use(place->mirror, start, how, how ? write_page : read_page, (void *)place);
	else if (how == 2)
		hmm_mirror_fill(place->mirror, start, end);
	storm_mirror_compare(place->mirror, start, end);
}
