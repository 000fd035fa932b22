/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filemap.c - lookups in the page cache against truncation: each knock-out is detected, and nothing without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"

#define PAGES	8ul
#define ROUNDS	30000

static struct file *file;
static bool done;	/* (A) the truncator is */

/* Adds missing folios; at times removes all of them, and reuses their frames for a moment. */
static void truncator(unsigned int round)
{
	unsigned long index = rng_below(&this_cpu->rng, PAGES);
	struct folio *folio = folio_alloc(0, PAGE_FILE);
	struct page *page;

	BUG_ON(!folio);
	down_write(&file->mapping.invalidate_lock);
	folio_lock(folio);
	if (!filemap_add_folio(&file->mapping, folio, index))
		filemap_read_folio(folio);
	folio_unlock(folio);
	folio_put(folio);
	if (round % 4 == 0)
		truncate_inode_pages(&file->mapping, 0);
	up_write(&file->mapping.invalidate_lock);
	page = alloc_page(PAGE_ANON);
	BUG_ON(!page);
	put_page(page);
}

/* The folio found may have left its file, but it is a file folio, of this file if of any, and of this index. */
static void lookup(void)
{
	unsigned long index = rng_below(&this_cpu->rng, PAGES);
	struct folio *folio = filemap_get_folio(&file->mapping, index);

	if (!folio)
		return;
	BUG_ON(page_type(&folio->page) != PAGE_FILE);
	if (folio_trylock(folio)) {
		BUG_ON(folio_mapping(folio) && folio_mapping(folio) != &file->mapping);
		BUG_ON(folio->page.index != index);
		folio_unlock(folio);
	}
	folio_put(folio);
}

static void storm(void *arg, unsigned int index)
{
	(void)arg;
	for (unsigned int i = 0; index ? !load_relaxed(&done) : i < test_rounds(ROUNDS); i++) {
		if (index)
			lookup();
		else
			truncator(i);
		rcu_quiescent();
	}
	if (!index)
		store_relaxed(&done, true);
	frame_drain_cpu();
}

static bool runs_well(const struct attempt *attempt)
{
	uint64_t retries = 0;

	for (unsigned int seed = 1; seed <= (attempt->knocked ? 50 : 3); seed++) {
		run_seed = seed;
		world_start(1024, 0);
		file = file_create(PAGES, PAGES, 0, seed);
		done = false;
		syncpoint_noise(100);
		threads_run(3, storm, NULL);
		syncpoint_noise(0);
		retries += events_total(EV_FILEMAP_RETRY);
		file_put(file);
		if (!world_stop())
			return false;
	}
	return attempt->knocked || retries;
}

static void a_slot_that_is_not_read_again_is_caught(void **state)
{
	static const struct knocked knocked = { "filemap:recheck", { "PAGE_FILE", "index", "folio_mapping" } };

	(void)state;
	assert_true(knocked_is_seen(&knocked, runs_well, NULL, 1));
}

static void nothing_disabled_nothing_caught(void **state)
{
	(void)state;
	assert_true(clean_is_quiet(runs_well, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_that_is_not_read_again_is_caught),
		cmocka_unit_test(nothing_disabled_nothing_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
