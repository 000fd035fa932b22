/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm_id: no number is given out twice, none is lost, and they run out in good order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/assert.h"
#include "core/base/atomic.h"
#include "core/mm/mm_id.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

#define THREADS	4

static uint32_t owners[NR_MM_IDS];	/* (A) */

static void all_of_them_and_no_more(void **state)
{
	unsigned int got = 0;
	uint32_t id;

	(void)state;
	while ((id = mm_id_alloc())) {
		assert_true(id < NR_MM_IDS && !owners[id]);
		owners[id] = 1;
		got++;
	}
	assert_int_equal(got, NR_MM_IDS - 1);
	mm_id_free(4711);
	assert_int_equal(mm_id_alloc(), 4711);
	for (id = 1; id < NR_MM_IDS; id++) {
		mm_id_free(id);
		owners[id] = 0;
	}
}

static void a_page_without_owner_is_not_freed(void **state)
{
	uint32_t id = mm_id_alloc();

	(void)state;
	mm_id_free(id);
	assert_dies("!id", mm_id_free(0));
	assert_dies("bit", mm_id_free(id));
}

static void take_and_give(void *arg, unsigned int index)
{
	uint32_t held[64];

	(void)arg;
	for (unsigned int round = 0; round < 200; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(held); i++) {
			held[i] = mm_id_alloc();
			BUG_ON(!held[i] || xchg_relaxed(&owners[held[i]], index + 1));
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(held); i++) {
			BUG_ON(xchg_relaxed(&owners[held[i]], 0u) != index + 1);
			mm_id_free(held[i]);
		}
	}
}

static void threads_share_none(void **state)
{
	(void)state;
	threads_run(THREADS, take_and_give, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_them_and_no_more),
		cmocka_unit_test(a_page_without_owner_is_not_freed),
		cmocka_unit_test(threads_share_none),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
