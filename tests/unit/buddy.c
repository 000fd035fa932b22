/* SPDX-License-Identifier: GPL-2.0-or-later */
/* buddy: blocks split and merge, are aligned and apart, and end where their node does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/phys/buddy.h"
#include "tests/lib/harness/child.h"

#define FRAMES	4096ul		/* a node's: four blocks of the largest order, but for pfn 0 */

static void machine_up(unsigned int nodes, unsigned long frames)
{
	const struct machine_config config = { nodes, frames, 0 };

	assert_int_equal(machine_init(&config), 0);
}

/* After a test that failed half way the next one still starts clean. */
static int clean(void **state)
{
	(void)state;
	if (machine.frames)
		machine_exit();
	return 0;
}

/* How many blocks of @order there are, taken and given back. */
static unsigned int count_blocks(unsigned int order)
{
	struct page *head = NULL, *page;
	unsigned int nr = 0;

	while ((page = alloc_pages(order, 0))) {
		page->index = (unsigned long)head;
		head = page;
		nr++;
	}
	for (; head; head = page) {
		page = (struct page *)head->index;
		free_pages(head, order);
	}
	return nr;
}

static void blocks_split_and_merge(void **state)
{
	struct page *pages[FRAMES];
	unsigned long nr = 0;
	struct rng rng;

	(void)state;
	machine_up(1, FRAMES);
	/* pfn 0 is missing: its block is there in all smaller sizes but one frame. */
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		assert_int_equal(count_blocks(order), (FRAMES >> order) - 1);
	while ((pages[nr] = alloc_page(0)))
		nr++;
	assert_int_equal(nr, FRAMES - 1);
	assert_int_equal(machine_free_frames(), 0);
	rng_init(&rng, 1);
	while (nr) {
		unsigned long i = rng_below(&rng, nr);

		free_page(pages[i]);
		pages[i] = pages[--nr];
	}
	buddy_check(0);
	assert_int_equal(count_blocks(MAX_ORDER), 3);
	assert_int_equal(machine_exit(), 0);
}

static void blocks_are_aligned_and_apart(void **state)
{
	static bool taken[FRAMES];
	struct page *pages[64];
	struct rng rng;

	(void)state;
	memset(taken, 0, sizeof(taken));
	machine_up(1, FRAMES);
	rng_init(&rng, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		unsigned int order = (unsigned int)rng_below(&rng, 6);
		unsigned long pfn;

		pages[i] = alloc_pages(order, PAGE_ANON);
		assert_non_null(pages[i]);
		pfn = page_to_pfn(pages[i]);
		assert_int_equal(pages[i]->order, order);
		assert_true(IS_ALIGNED(pfn, 1ul << order));
		for (unsigned long p = pfn; p < pfn + (1ul << order); p++) {
			assert_true(pfn_valid(p));
			assert_false(taken[p]);
			taken[p] = true;
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		free_pages(pages[i], pages[i]->order);
	assert_int_equal(machine_exit(), 0);
}

/* The last, short block of a node is no buddy of what lies behind the node's end. */
static void a_node_may_end_anywhere(void **state)
{
	(void)state;
	machine_up(2, 1000);
	assert_int_equal(count_blocks(0), 1999);
	buddy_check(0);
	buddy_check(1);
	assert_int_equal(count_blocks(8), 2 + 3);
	assert_int_equal(machine_exit(), 0);
}

/* All frames through the calling cpu's list and back, so that the stock is full. */
static void fill_stock(void)
{
	struct page *head = NULL, *page;

	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), 0);
	while ((page = alloc_page(PAGE_ANON))) {
		page->index = (unsigned long)head;
		head = page;
	}
	for (; head; head = page) {
		page = (struct page *)head->index;
		free_page(head);
	}
	frame_drain_cpu();
	cpu_unregister();
}

/* Batches of single frames wait for threads that want some; a block that is not there otherwise comes before them. */
static void the_stock_yields_to_blocks(void **state)
{
	(void)state;
	machine_up(1, FRAMES);
	fill_stock();
	assert_int_equal(machine_free_frames(), machine.nr_frames);
	assert_int_equal(buddy_free_frames(0), machine.nr_frames);
	buddy_check(0);
	assert_int_equal(count_blocks(MAX_ORDER), 3);
	fill_stock();
	assert_int_equal(count_blocks(0), FRAMES - 1);
	assert_int_equal(machine_exit(), 0);
}

/* Above the largest list: free blocks in a row. That of pfn 0 never has all of them. */
static void rows_of_blocks_are_allocated(void **state)
{
	const unsigned long nr = 2ul << MAX_ORDER;
	struct page *row, *block;

	(void)state;
	machine_up(1, FRAMES);
	row = alloc_pages(MAX_ORDER + 1, PAGE_DRIVER | ALLOC_COMPOUND);
	assert_true(row && IS_ALIGNED(page_to_pfn(row), nr) && row[nr - 1].tail == nr - 1);
	assert_null(alloc_pages(MAX_ORDER + 1, 0));
	buddy_check(0);
	free_pages(row, MAX_ORDER + 1);
	buddy_check(0);
	assert_int_equal(count_blocks(MAX_ORDER), 3);
	block = alloc_pages(MAX_ORDER, 0);
	assert_null(alloc_pages(MAX_ORDER + 1, 0));
	free_pages(block, MAX_ORDER);
	row = alloc_pages(MAX_ORDER + 1, 0);
	assert_non_null(row);
	free_pages(row, MAX_ORDER + 1);
	assert_int_equal(machine_exit(), 0);
}

/* ---- the check: each thing it looks at, spoilt once ---- */
enum spoilt { NOTHING, STOCK, TYPE, ORDER, REFERENCE, LINK, COUNT, MERGE };

static bool check_spoilt(void *arg)
{
	struct page *first, *second, *other;
	unsigned long buddy;

	machine_up(1, FRAMES);
	first = alloc_pages(MAX_ORDER, 0);
	second = alloc_pages(MAX_ORDER, 0);
	other = alloc_page(PAGE_ANON);
	buddy = page_to_pfn(other) ^ 1;
	free_pages(second, MAX_ORDER);
	free_pages(first, MAX_ORDER);
	switch (*(enum spoilt *)arg) {
	case NOTHING:
		break;
	case STOCK:
		fill_stock();
		for (unsigned long pfn = 1; pfn < FRAMES; pfn++)
			if (page_type(pfn_to_page(pfn)) == PAGE_PCP)
				page_set_type(pfn_to_page(pfn), PAGE_FREE);
		break;
	case TYPE:
		page_set_type(first, PAGE_ANON);
		break;
	case ORDER:
		store_relaxed(&first->order, MAX_ORDER - 1);
		break;
	case REFERENCE:
		store_relaxed(&first->_refcount, 1);
		break;
	case LINK:
		second->prev = NULL;
		break;
	case COUNT:
		second->next = NULL;
		break;
	case MERGE:
		page_set_type(pfn_to_page(buddy), PAGE_FREE);
		free_page(other);
		page_set_type(pfn_to_page(buddy), PAGE_BUDDY);
		break;
	}
	buddy_check(0);
	return true;
}

static void the_check_sees_each_fault(void **state)
{
	static const char *const said[] = {
		[STOCK] = "PAGE_PCP", [TYPE] = "PAGE_BUDDY", [ORDER] = "order", [REFERENCE] = "_refcount",
		[LINK] = "prev",
		[COUNT] = "nr_free", [MERGE] = "is_free_block",
	};
	char text[4096];

	(void)state;
	for (enum spoilt spoilt = NOTHING; spoilt <= MERGE; spoilt++) {
		bool well = child_ends_well(check_spoilt, &spoilt, text, sizeof(text));

		assert_int_equal(well, spoilt == NOTHING);
		if (!well && !strstr(text, said[spoilt]))
			fail_msg("fault %d ended in: %s", spoilt, text);
	}
}

static void a_batch_is_as_large_as_it_says(void **state)
{
	(void)state;
	machine_up(1, FRAMES);
	for (unsigned int use = 0; use < NR_FRAME_USES; use++) {
		unsigned int wanted = use == FRAME_TABLE ? min(TABLE_BATCH, machine.pcp_batch) : machine.pcp_batch;
		uint32_t pfns[MAX_BATCH + 1];

		memset(pfns, 0xff, sizeof(pfns));
		assert_int_equal(buddy_alloc_batch(0, pfns, use), wanted);
		assert_int_equal(pfns[wanted], UINT32_MAX);
		assert_int_not_equal(pfns[wanted - 1], UINT32_MAX);
		buddy_free_bulk(0, pfns, wanted, false);
		buddy_check(0);
	}
	machine_exit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_blocks_are_allocated),
		cmocka_unit_test_teardown(blocks_split_and_merge, clean),
		cmocka_unit_test_teardown(blocks_are_aligned_and_apart, clean),
		cmocka_unit_test_teardown(a_node_may_end_anywhere, clean),
		cmocka_unit_test_teardown(the_stock_yields_to_blocks, clean),
		cmocka_unit_test_teardown(the_check_sees_each_fault, clean),
		cmocka_unit_test_teardown(a_batch_is_as_large_as_it_says, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
