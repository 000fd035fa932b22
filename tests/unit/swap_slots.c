/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap_slots: single slots and rows of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mm/swap_slots.h"
#include "core/pgtable/pgtable.h"
#include "tests/lib/harness/world.h"

#define SLOTS	2000ul

static int up(void **state)
{
	return world_up(state) || swap_slots_init(SLOTS);
}

static int down(void **state)
{
	swap_slots_exit();
	return world_down(state);
}

/* Row: A9. Singles from below, rows from above, aligned; none overlaps another, and all come back. */
static void rows_are_aligned_and_apart(void **state)
{
	static bool taken[SLOTS + 1];
	unsigned long slot, nr = 0;

	(void)state;
	assert_int_equal(swap_slots_alloc(0), 1);
	assert_int_equal(swap_slots_alloc(0), 2);
	swap_slots_free(1);
	assert_int_equal(swap_slots_alloc(0), 1);
	taken[1] = taken[2] = true;
	for (int order = 9; order >= 0; order--) {
		while ((slot = swap_slots_alloc((unsigned int)order))) {
			assert_true(slot % (1ul << order) == 0 && slot + (1ul << order) <= SLOTS + 1);
			for (unsigned long i = 0; i < 1ul << order; i++) {
				assert_false(taken[slot + i]);
				taken[slot + i] = true;
			}
			nr += 1ul << order;
		}
	}
	assert_int_equal(nr, SLOTS - 2);
	assert_int_equal(swap_slots_used(), SLOTS);
	for (slot = 1; slot <= SLOTS; slot++)
		swap_slots_free(slot);
	assert_int_equal(swap_slots_used(), 0);
	assert_int_equal(swap_slots_alloc(9), 1024);
}

/* A row needs neighbours. */
static void single_slots_make_no_row(void **state)
{
	(void)state;
	for (unsigned long slot = 1; slot <= SLOTS; slot++)
		assert_int_equal(swap_slots_alloc(0), slot);
	for (unsigned long slot = 1; slot <= SLOTS; slot += 2)
		swap_slots_free(slot);
	for (unsigned int order = 1; order <= 9; order++)
		assert_int_equal(swap_slots_alloc(order), 0);
	swap_slots_free(2);
	assert_int_equal(swap_slots_alloc(1), 2);
	assert_int_equal(swap_slots_alloc(0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_are_aligned_and_apart, up, down),
		cmocka_unit_test_setup_teardown(single_slots_make_no_row, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
