/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame: the machine's arithmetic, lists of cpus, exhaustion, contents, misuse, leaks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/base/poison.h"
#include "core/phys/buddy.h"
#include "core/phys/folio.h"
#include "core/phys/frame.h"
#include "core/phys/pcp.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

#define FRAMES	4096ul		/* a node's, in most tests: four blocks of the largest order */

static void machine_up(unsigned int nodes, unsigned long frames, unsigned int payload)
{
	const struct machine_config config = { nodes, frames, payload };

	assert_int_equal(machine_init(&config), 0);
}

static void register_as(unsigned int node, enum mem_policy policy)
{
	assert_int_equal(cpu_register(node, policy, 1), 0);
}

static void unregister(void)
{
	frame_drain_cpu();
	cpu_unregister();
}

/* After a test that failed half way the next one still starts clean. */
static int clean(void **state)
{
	(void)state;
	inject_alloc_failure(0);
	if (this_cpu)
		unregister();
	if (machine.frames)
		machine_exit();
	return 0;
}

/* ---- the machine ---- */
static void configurations(void **state)
{
	const struct machine_config wrong[] = {
		{ 0, FRAMES, 0 }, { MAX_NODES + 1, FRAMES, 0 }, { 1, 1, 0 }, { 1, FRAMES, 1 }, { 1, FRAMES, 128 },
		{ 1, 1ul << 40, 0 },
	};
	const struct machine_config right = { MAX_NODES, 2, 64 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(machine_init(&wrong[i]), -EINVAL);
	assert_int_equal(machine_init(&right), 0);
	assert_int_equal(machine_init(&right), -EBUSY);
	assert_int_equal(machine.nr_frames, 2 * MAX_NODES - 1);
	assert_int_equal(machine_free_frames(), machine.nr_frames);
	assert_int_equal(machine_exit(), 0);
	assert_int_equal(machine_init(&right), 0);
	assert_int_equal(machine_exit(), 0);
}

static void arithmetic(void **state)
{
	const unsigned long frames = 3000;	/* not a power of two: pfns have a gap behind each node */
	unsigned long valid = 0;

	(void)state;
	machine_up(3, frames, 64);
	assert_true(IS_ALIGNED((uintptr_t)machine.frames, 2ul << 20));
	assert_false(pfn_valid(0));
	assert_false(pfn_valid(machine.max_pfn));
	for (unsigned long pfn = 0; pfn < machine.max_pfn; pfn++) {
		struct page *page = pfn_to_page(pfn);
		char *addr = page_address(page), *payload = page_payload(page);

		assert_int_equal(page_to_pfn(page), pfn);
		assert_ptr_equal(virt_to_page(addr + FRAME_SIZE - 1), page);
		assert_true(payload >= addr && payload + 64 <= addr + FRAME_SIZE);
		assert_int_equal(page_to_nid(page), pfn / 4096);
		assert_int_equal(pfn_valid(pfn), pfn && pfn % 4096 < frames);
		valid += pfn_valid(pfn);
	}
	assert_int_equal(valid, machine.nr_frames);
	assert_int_equal(page_payload(pfn_to_page(1)) - page_address(pfn_to_page(1)), 64);
}

/* ---- misuse ---- */
static void wrong_orders_die(void **state)
{
	struct page *page;

	(void)state;
	machine_up(1, FRAMES, 0);
	page = alloc_pages(2, 0);
	assert_dies("order 2 freed as order 1", free_pages(page, 1));
	assert_dies("order > MAX_FOLIO_ORDER", page = alloc_pages(MAX_FOLIO_ORDER + 1, 0));
}

static void double_frees_die(void **state)
{
	struct page *page;

	(void)state;
	machine_up(1, FRAMES, 0);
	page = alloc_page(0);
	free_page(page);
	assert_dies("freed twice", free_page(page));
	register_as(0, MEM_LOCAL);
	page = alloc_page(0);
	free_page(page);
	assert_dies("freed twice", free_page(page));
	assert_dies("freed twice", free_frozen_pages(page, 0));
	assert_string_equal(died_by(), "twice");
	page = alloc_page(0);
	assert_dies("_refcount", free_frozen_pages(page, 0));
	free_page(page);
}

static void leaks_are_reported(void **state)
{
	struct page *page;

	(void)state;
	machine_up(1, FRAMES, 0);
	register_as(0, MEM_LOCAL);
	page = alloc_page(0);
	assert_non_null(page);
	page = alloc_pages(2, 0);
	assert_non_null(page);
	free_page(alloc_page(0));
	assert_int_equal(machine_free_frames(), machine.nr_frames - 5);
	assert_int_equal(machine_exit(), 5);
}

/* ---- lists of cpus ---- */
static void a_new_page_is_clean(void **state)
{
	struct page *page;

	(void)state;
	machine_up(1, FRAMES, 0);
	register_as(0, MEM_LOCAL);
	page = alloc_page(PAGE_ANON);
	memset(&page->mapping, 0xff, 24);
	page->flags = 17;
	page->index = 17;
	page->level = 3;
	fetch_add_relaxed(&page->_mapcount, 1);
	fetch_sub_relaxed(&page->_mapcount, 1);
	free_page(page);
	assert_int_equal(page_type(page), PAGE_PCP);
	assert_ptr_equal(alloc_page(PAGE_FILE), page);		/* last in, first out */
	assert_int_equal(page_type(page), PAGE_FILE);
	assert_int_equal(page->flags, 0);
	assert_null(page->mapping);
	assert_int_equal(page->index, 0);
	assert_int_equal(page->private, 0);
	assert_int_equal(page->level, 0);
	assert_int_equal(page->_refcount, 1);
	assert_int_equal(page->_mapcount, -1);
	free_page(page);
	page = alloc_page(0);
	assert_int_equal(page_type(page), PAGE_USED);
	free_page(page);
}

/* Alternating takes and frees of few frames cost no lock round, but the first. */
static void the_usual_case_takes_no_lock(void **state)
{
	struct page *pages[8];

	(void)state;
	machine_up(1, 1 << 16, 0);
	register_as(0, MEM_LOCAL);
	events_reset();
	for (int round = 0; round < 1000; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
			pages[i] = alloc_page(0);
		for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
			free_page(pages[i]);
	}
	assert_int_equal(events_total(EV_FRAME_REFILL), 1);
}

/* All frames through one list, in both directions: nothing is lost where batches pass. */
static void exhaustion_through_a_list(void **state)
{
	struct page *head = NULL, *page;
	unsigned long nr;

	(void)state;
	machine_up(2, FRAMES, 0);
	register_as(1, MEM_LOCAL);
	events_reset();
	for (int round = 0; round < 2; round++) {
		for (nr = 0; (page = alloc_page(0)); nr++) {
			page->index = (unsigned long)head;
			head = page;
		}
		assert_int_equal(nr, machine.nr_frames);
		assert_int_equal(machine_free_frames(), 0);
		assert_null(alloc_pages(3, 0));
		for (; head; head = page) {
			page = (struct page *)head->index;
			free_page(head);
		}
		assert_int_equal(machine_free_frames(), machine.nr_frames);
	}
	assert_int_equal(events_total(EV_FRAME_WRONG_NODE), 2 * (FRAMES - 1));
	frame_drain_cpu();
	assert_int_equal(buddy_free_frames(0) + buddy_free_frames(1), machine.nr_frames);
	buddy_check(0);
	buddy_check(1);
}

static void use_and_leave(void *arg, unsigned int index)
{
	(void)index;
	store_release((struct page **)arg, alloc_page(0));
	free_page(*(struct page **)arg);
	/* ends without frame_drain_cpu() */
}

/* What a thread leaves on its lists the slot's next holder finds. */
static void a_dead_threads_list_is_inherited(void **state)
{
	struct page *first, *second;

	(void)state;
	machine_up(1, FRAMES, 0);
	threads_run(1, use_and_leave, &first);
	assert_int_equal(machine_free_frames(), machine.nr_frames);
	assert_true(buddy_free_frames(0) < machine.nr_frames);
	threads_run(1, use_and_leave, &second);
	assert_ptr_equal(first, second);
	assert_int_equal(machine_exit(), 0);
}

/* ---- contents ---- */
static void clears_the_payload_and_no_more(unsigned int payload)
{
	struct page *page;
	char *frame;

	machine_up(1, FRAMES, payload);
	register_as(0, MEM_LOCAL);
	page = alloc_pages(1, 0);
	frame = page_address(page);
	memset(frame, 0x55, 2 * FRAME_SIZE);
	free_pages(page, 1);
	assert_ptr_equal(alloc_pages(1, ALLOC_ZERO), page);
	for (struct page *p = page; p < page + 2; p++) {
		char *line = page_payload(p), *start = page_address(p);

		for (char *c = start; c < start + FRAME_SIZE; c++)
			assert_int_equal(*c, c >= line && c < line + payload ? 0 : 0x55);
	}
	free_pages(page, 1);
	unregister();
	assert_int_equal(machine_exit(), 0);
}

static void clearing(void **state)
{
	(void)state;
	clears_the_payload_and_no_more(0);
	clears_the_payload_and_no_more(64);
	clears_the_payload_and_no_more(4096);
}

static void copying(void **state)
{
	struct page *from, *to;

	(void)state;
	machine_up(1, FRAMES, 64);
	from = alloc_page(ALLOC_ZERO);
	to = alloc_page(ALLOC_ZERO);
	strcpy(page_payload(from), "what the page holds");
	copy_payload(to, from);
	assert_string_equal(page_payload(to), "what the page holds");
	free_page(from);
	free_page(to);
	assert_int_equal(machine_exit(), 0);
}

/* Without payload a data frame costs the host nothing, however often it is used. */
static void no_payload_touches_nothing(void **state)
{
	static unsigned char resident[FRAMES];
	struct page *page;

	(void)state;
	machine_up(1, FRAMES, 0);
	register_as(0, MEM_LOCAL);
	for (int i = 0; i < 100; i++) {
		page = alloc_page(ALLOC_ZERO | PAGE_ANON);
		copy_payload(page, page);
		free_page(page);
	}
	assert_int_equal(mincore(machine.frames, FRAMES << FRAME_SHIFT, resident), 0);
	for (unsigned long pfn = 0; pfn < FRAMES; pfn++)
		assert_int_equal(resident[pfn] & 1, 0);
	page = alloc_page(PAGE_TABLE);
	*(char *)page_address(page) = 1;
	assert_int_equal(mincore(machine.frames, FRAMES << FRAME_SHIFT, resident), 0);
	assert_int_equal(resident[page_to_pfn(page)] & 1, 1);
	free_page(page);
}

#if FAULTLINE_CHECK
static void freed_contents_are_poisoned(void **state)
{
	struct page *table, *data;

	(void)state;
	machine_up(1, FRAMES, 64);
	table = alloc_page(PAGE_TABLE);
	data = alloc_page(PAGE_ANON | ALLOC_ZERO);
	memset(page_address(table), 0, FRAME_SIZE);
	free_page(table);
	free_page(data);
	for (unsigned long i = 0; i < FRAME_SIZE; i++)
		assert_int_equal(((unsigned char *)page_address(table))[i], POISON_FREE);
	for (unsigned long i = 0; i < 64; i++)
		assert_int_equal(((unsigned char *)page_payload(data))[i], POISON_FREE);
}

static void injected_failures(void **state)
{
	struct page *page;

	(void)state;
	machine_up(1, FRAMES, 0);
	inject_alloc_failure(2);
	page = alloc_page(0);
	assert_non_null(page);
	assert_null(alloc_page(0));
	free_page(page);
	page = alloc_pages(3, 0);
	assert_non_null(page);
	free_pages(page, 3);
	inject_alloc_failure(1);
	assert_null(alloc_pages_node(0, 0, 0));
	assert_int_equal(machine_exit(), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(configurations, clean),
		cmocka_unit_test_teardown(arithmetic, clean),
		cmocka_unit_test_teardown(wrong_orders_die, clean),
		cmocka_unit_test_teardown(double_frees_die, clean),
		cmocka_unit_test_teardown(leaks_are_reported, clean),
		cmocka_unit_test_teardown(a_new_page_is_clean, clean),
		cmocka_unit_test_teardown(the_usual_case_takes_no_lock, clean),
		cmocka_unit_test_teardown(exhaustion_through_a_list, clean),
		cmocka_unit_test_teardown(a_dead_threads_list_is_inherited, clean),
		cmocka_unit_test_teardown(clearing, clean),
		cmocka_unit_test_teardown(copying, clean),
		cmocka_unit_test_teardown(no_payload_touches_nothing, clean),
#if FAULTLINE_CHECK
		cmocka_unit_test_teardown(freed_contents_are_poisoned, clean),
		cmocka_unit_test_teardown(injected_failures, clean),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
