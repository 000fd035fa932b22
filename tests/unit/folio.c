/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio: references and mapping counts, and what their misuse ends in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/phys/folio.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"

static int up(void **state)
{
	const struct machine_config config = { 1, 4096, 0 };

	(void)state;
	return machine_init(&config) || cpu_register(0, MEM_LOCAL, 1);
}

static int down(void **state)
{
	(void)state;
	frame_drain_cpu();
	cpu_unregister();
	return teardown(!machine_exit());
}

static void the_last_reference_frees(void **state)
{
	struct page *page = alloc_page(PAGE_ANON);

	(void)state;
	assert_int_equal(page_ref_count(page), 1);
	get_page(page);
	folio_get(page_folio(page));
	assert_int_equal(folio_ref_count(page_folio(page)), 3);
	put_page(page);
	folio_put(page_folio(page));
	assert_int_equal(page_type(page), PAGE_ANON);
	put_page(page);
	assert_int_equal(page_type(page), PAGE_PCP);
	assert_int_equal(page_ref_count(page), 0);
}

static void a_free_page_cannot_be_got(void **state)
{
	struct page *page = alloc_page(PAGE_ANON);

	(void)state;
	assert_true(folio_try_get(page_folio(page)));
	assert_int_equal(page_ref_count(page), 2);
	assert_true(page_ref_try_add(page, 1024, false));
	assert_int_equal(page_ref_count(page), 1026);
	folio_put_refs(page_folio(page), 1025);
	put_page(page);
	assert_false(folio_try_get(page_folio(page)));
	assert_false(page_ref_try_add(page, 1024, false));
	assert_int_equal(page_ref_count(page), 0);
	assert_false(folio_try_get(page_folio(pfn_to_page(0))));
	assert_false(folio_try_get(page_folio(pfn_to_page(4095))));	/* inside a free block */
}

static void a_block_is_freed_whole(void **state)
{
	struct page *page = alloc_pages(4, PAGE_ANON);
	unsigned long before = machine_free_frames();

	(void)state;
	put_page(page);
	assert_int_equal(machine_free_frames(), before + 16);
}

static void misuse_dies(void **state)
{
	struct page *page = alloc_page(PAGE_ANON);

	(void)state;
	free_page(page);
	assert_dies("old == 0", get_page(page));
	store_relaxed(&page->_refcount, 0);
	assert_dies("old < (uint32_t)nr", put_page(page));
	store_relaxed(&page->_refcount, 0);
	page = alloc_page(PAGE_ANON);
	assert_dies("old < (uint32_t)nr", folio_put_refs(page_folio(page), 2));
	store_relaxed(&page->_refcount, 1);
	assert_dies("left < 0", page_mapcount_dec(page));
	store_relaxed(&page->_mapcount, -1);
	free_page(page);
}

/* Row: A3. */
static void mappings_count_from_minus_one(void **state)
{
	struct page *page = alloc_page(PAGE_ANON);

	(void)state;
	assert_int_equal(page_mapcount(page), 0);
	assert_false(folio_mapped(page_folio(page)));
	assert_int_equal(page_mapcount_inc(page), 0);
	assert_int_equal(page->_mapcount, 0);
	assert_true(folio_mapped(page_folio(page)));
	assert_int_equal(page_mapcount_inc(page), 1);
	assert_int_equal(page_mapcount_dec(page), 1);
	assert_int_equal(page_mapcount_dec(page), 0);
	assert_false(folio_mapped(page_folio(page)));
	free_page(page);
}

/* ---- folios of many pages ---- */

static void tails_know_their_head(void **state)
{
	struct folio *folio = folio_alloc(4, PAGE_ANON | ALLOC_ZERO);

	(void)state;
	assert_int_equal(folio_nr_pages(folio), 16);
	assert_true(folio_test_large(folio));
	for (unsigned int i = 0; i < 16; i++) {
		struct page *page = folio_page(folio, i);

		assert_ptr_equal(page_folio(page), folio);
		assert_int_equal(folio_page_idx(folio, page), i);
		assert_int_equal(page_type(page), PAGE_ANON);
		assert_int_equal(page_mapcount(page), 0);
		assert_int_equal(page_ref_count(page), i == 0);
	}
	assert_int_equal(folio_mapcount(folio), 0);
	assert_false(load_relaxed(&folio_large(folio)->mapped_shared));
	folio_put(folio);
}

/* Whichever page it is taken to, there is one reference count; and freed pages are small ones again. */
static void references_are_the_head_s(void **state)
{
	unsigned long before = machine_free_frames();
	struct folio *folio = folio_alloc(3, PAGE_ANON);
	struct page *page = folio_page(folio, 5);

	(void)state;
	get_page(page);
	assert_int_equal(folio_ref_count(folio), 2);
	assert_int_equal(page_ref_count(page), 0);
	put_page(folio_page(folio, 7));
	put_page(page);
	assert_int_equal(machine_free_frames(), before);
	assert_ptr_equal(page_folio(page), container_of(page, struct folio, page));
	assert_int_equal(page_type(page), PAGE_FREE);
}

/* A block that is no folio has no tails: its other frames belong to no page. */
static void a_plain_block_has_no_tails(void **state)
{
	struct page *page = alloc_pages(1, PAGE_USED);

	(void)state;
	assert_int_equal(page[1].tail, 0);
	assert_int_equal(page_type(page + 1), PAGE_FREE);
	free_pages(page, 1);
}

static void a_mapped_folio_is_not_freed(void **state)
{
	struct folio *folio = folio_alloc(2, PAGE_ANON);

	(void)state;
	page_mapcount_inc(folio_page(folio, 1));
	assert_dies("_mapcount", folio_put(folio));
	page_mapcount_dec(folio_page(folio, 1));
	store_relaxed(&folio_large(folio)->large_mapcount, 0);
	assert_dies("large_mapcount", free_frozen_pages(&folio->page, 2));
	store_relaxed(&folio_large(folio)->large_mapcount, -1);
	free_frozen_pages(&folio->page, 2);
}

static void pins_show(void **state)
{
	struct folio *small = folio_alloc(0, PAGE_ANON), *large = folio_alloc(1, PAGE_ANON);

	(void)state;
	assert_false(folio_maybe_dma_pinned(small));
	folio_ref_add(small, GUP_PIN_COUNTING_BIAS - 2);
	assert_false(folio_maybe_dma_pinned(small));
	folio_ref_add(small, 1);
	assert_true(folio_maybe_dma_pinned(small));
	folio_put_refs(small, GUP_PIN_COUNTING_BIAS);
	folio_ref_add(large, GUP_PIN_COUNTING_BIAS);
	assert_false(folio_maybe_dma_pinned(large));
	fetch_add_relaxed(&large->page._pincount, 1);
	assert_true(folio_maybe_dma_pinned(large));
	fetch_sub_relaxed(&large->page._pincount, 1);
	folio_put_refs(large, GUP_PIN_COUNTING_BIAS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_reference_frees),
		cmocka_unit_test(a_free_page_cannot_be_got),
		cmocka_unit_test(a_block_is_freed_whole),
		cmocka_unit_test(misuse_dies),
		cmocka_unit_test(mappings_count_from_minus_one),
		cmocka_unit_test(tails_know_their_head),
		cmocka_unit_test(references_are_the_head_s),
		cmocka_unit_test(a_plain_block_has_no_tails),
		cmocka_unit_test(a_mapped_folio_is_not_freed),
		cmocka_unit_test(pins_show),
	};

	return cmocka_run_group_tests(tests, up, down);
}
