/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame: storms. Every frame has one owner at a time, none is lost, and references keep frames from being handed out.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/phys/buddy.h"
#include "core/phys/folio.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"

#define THREADS	8
#define ROUNDS	20000
#define SLOTS	256

static const struct machine_config config = { 2, 4096, 64 };

static struct page *slots[SLOTS];	/* (A) pages passed from one thread to another */

static int up(void **state)
{
	(void)state;
	memset(slots, 0, sizeof(slots));
	return machine_init(&config);
}

static int down(void **state)
{
	(void)state;
	for (unsigned int nid = 0; nid < config.nr_nodes; nid++)
		buddy_check(nid);
	return teardown(!machine_exit());
}

/* ---- one owner at a time ---- */
/* Each owner writes the payload of every page of the block, and finds what the last one wrote. */
static void stamp(struct page *page, unsigned int order)
{
	for (unsigned int i = 0; i < 1u << order; i++) {
		uint64_t *word = page_payload(page + i);

		*word = page_to_pfn(page + i);
	}
	page->index = ~page_to_pfn(page);
}

static void give_back(struct page *page)
{
	unsigned int order = page->order;

	BUG_ON(page->index != ~page_to_pfn(page));
	for (unsigned int i = 0; i < 1u << order; i++)
		BUG_ON(*(uint64_t *)page_payload(page + i) != page_to_pfn(page + i));
	free_pages(page, order);
}

/* Mostly single frames, at times blocks; pages from a slot are freed by another thread than allocated them. */
static void exchange(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	this_cpu->node = index % config.nr_nodes;
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int order = rng_below(&this_cpu->rng, 8) ? 0 : (unsigned int)rng_below(&this_cpu->rng, 5);
		struct page *page = alloc_pages(order, ALLOC_ZERO | PAGE_ANON);

		if (page) {
			BUG_ON(*(uint64_t *)page_payload(page));
			stamp(page, order);
		}
		page = xchg_acq_rel(&slots[rng_below(&this_cpu->rng, SLOTS)], page);
		if (page)
			give_back(page);
	}
	if (index % 2)
		frame_drain_cpu();
}

static void frames_change_hands(void **state)
{
	unsigned long held = 0;

	(void)state;
	for (int round = 0; round < 2; round++)
		threads_run(THREADS, exchange, NULL);
	for (unsigned int i = 0; i < SLOTS; i++)
		held += slots[i] ? 1ul << slots[i]->order : 0;
	assert_int_equal(machine_free_frames(), machine.nr_frames - held);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i])
			give_back(slots[i]);
	assert_int_equal(machine_free_frames(), machine.nr_frames);
}

/* Threads that are no cpus use the buddy allocator directly, beside cpus with per-thread lists. */
static void *exchange_unregistered(void *arg)
{
	struct rng rng;

	rng_init(&rng, (uint64_t)(uintptr_t)arg);
	for (int i = 0; i < ROUNDS; i++) {
		struct page *page = alloc_page(PAGE_ANON);

		if (page)
			stamp(page, 0);
		page = xchg_acq_rel(&slots[rng_below(&rng, SLOTS)], page);
		if (page)
			give_back(page);
	}
	return NULL;
}

static void with_threads_that_are_no_cpus(void **state)
{
	struct test_threads *cpus = threads_start(2, exchange, NULL);
	pthread_t others[2];

	(void)state;
	for (uintptr_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&others[i], NULL, exchange_unregistered, (void *)i), 0);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(others[i], NULL);
	threads_join(cpus);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i])
			give_back(slots[i]);
	assert_int_equal(machine_free_frames(), machine.nr_frames);
}

/* ---- exhaustion ---- */
/* Demand above the supply: allocations fail, and no frame is handed out twice. */
static void take_all(void *arg, unsigned int index)
{
	struct page *mine = NULL, *page;

	(void)arg, (void)index;
	for (int round = 0; round < 5; round++) {
		while ((page = alloc_page(PAGE_ANON))) {
			stamp(page, 0);
			page->private = (unsigned long)mine;
			mine = page;
		}
		while ((page = mine)) {
			mine = (struct page *)page->private;
			give_back(page);
		}
	}
}

static void everybody_wants_all(void **state)
{
	(void)state;
	threads_run(THREADS, take_all, NULL);
	assert_int_equal(machine_free_frames(), machine.nr_frames);
}

/* ---- references to frames found by chance, as lockless readers find them ---- */
static unsigned int owners, got, refused;	/* (A) owners still at work; over all guessers */

static void own(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct page *page = alloc_page(PAGE_ANON);

		BUG_ON(!page || page_ref_count(page) < 1);
		page = xchg_acq_rel(&slots[rng_below(&this_cpu->rng, SLOTS)], page);
		if (page)
			put_page(page);
	}
	fetch_sub_release(&owners, 1u);
}

/* The first 1024 frames are the first to be used. */
static void guess(void)
{
	struct page *page = pfn_to_page(1 + rng_below(&this_cpu->rng, 1023));

	if (!folio_try_get(page_folio(page))) {
		fetch_add_relaxed(&refused, 1u);
		return;
	}
	/* Referenced: it is an allocated page, and stays one when other references are dropped. */
	for (int i = 0; i < 10; i++)
		BUG_ON(page_type(page) != PAGE_ANON || page_ref_count(page) < 1);
	put_page(page);
	fetch_add_relaxed(&got, 1u);
}

static void own_or_guess(void *arg, unsigned int index)
{
	(void)arg;
	if (index % 2)
		own();
	else
		while (load_acquire(&owners))
			guess();
}

static void references_by_chance(void **state)
{
	(void)state;
	owners = THREADS / 2;
	got = refused = 0;
	threads_run(THREADS, own_or_guess, NULL);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i])
			put_page(slots[i]);
	assert_int_equal(machine_free_frames(), machine.nr_frames);
	assert_true(got > 0);		/* else nothing was tested */
	assert_true(refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_change_hands, up, down),
		cmocka_unit_test_setup_teardown(with_threads_that_are_no_cpus, up, down),
		cmocka_unit_test_setup_teardown(everybody_wants_all, up, down),
		cmocka_unit_test_setup_teardown(references_by_chance, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
