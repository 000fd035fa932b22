/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_ref: references taken by lockless readers, with a knock-out.
 *
 * Owners allocate cleared frames and free them; readers pick frames at random, try to take a reference, and read
 * contents that no thread may write meanwhile. Nothing disabled: never a report. page-ref:not-zero: always, by the
 * checks on reference counts. page-ref:A and :B are orders that x86 keeps anyway: always, by ThreadSanitizer where it
 * is built in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/phys/folio.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/threads.h"

#define THREADS		4
#define ROUNDS		50000
#define SLOTS		64
#define ATTEMPTS	3

static struct page *slots[SLOTS];	/* (A) */
static unsigned int owners;		/* (A) still at work */

static void own(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct page *page = alloc_page(PAGE_ANON | ALLOC_ZERO);

		BUG_ON(!page);
		page = xchg_acq_rel(&slots[rng_below(&this_cpu->rng, SLOTS)], page);
		if (page)
			put_page(page);
	}
	fetch_sub_release(&owners, 1u);
}

static void guess(void)
{
	struct page *page = pfn_to_page(1 + rng_below(&this_cpu->rng, 127));

	if (!page_ref_try_add(page, 1, false))
		return;
	BUG_ON(*(const uint64_t *)page_payload(page));
	put_page(page);
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

static bool storm(void *knockout)
{
	const struct machine_config config = { 1, 1024, 64 };

	if (machine_init(&config) || (knockout && knockout_enable(knockout)))
		return false;
	owners = THREADS / 2;
	threads_run(THREADS, own_or_guess, NULL);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i])
			put_page(slots[i]);
	return machine_exit() == 0;
}

static bool is_caught(const char *knockout)
{
	char name[32], said[4096];

	for (int i = 0; i < ATTEMPTS; i++) {
		strcpy(name, knockout);
		if (!child_ends_well(storm, name, said, sizeof(said)))
			return true;
	}
	return false;
}

static void nothing_disabled_is_silent(void **state)
{
	char said[4096] = "";

	(void)state;
	if (!child_ends_well(storm, NULL, said, sizeof(said)))
		fail_msg("%s", said);
}

static void referring_to_free_pages_is_caught(void **state)
{
	(void)state;
	assert_true(is_caught("page-ref:not-zero"));
}

static void weaker_orders_are_caught(void **state)
{
	(void)state;
	if (!FAULTLINE_TSAN)
		skip();
	assert_true(is_caught("page-ref:A"));
	assert_true(is_caught("page-ref:B"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_disabled_is_silent),
		cmocka_unit_test(referring_to_free_pages_is_caught),
		cmocka_unit_test(weaker_orders_are_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
