/* SPDX-License-Identifier: GPL-2.0-or-later */
/* geometry: the arithmetic of levels, against plain division in 128 bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/pgtable/geometry.h"
#include "tests/lib/harness/world.h"

typedef unsigned __int128 u128;

/* What the documents say of each geometry: bits that the levels translate, from PGD to PTE, and bytes of an address. */
static const unsigned int bits[NR_LEVELS] = {
#if FAULTLINE_LEVELS == 5
	9, 9, 9, 9, 9
#elif FAULTLINE_LEVELS == 4
	9, 0, 9, 9, 9
#else
	10, 0, 0, 0, 10
#endif
};

/* Row: W1. */
static void the_levels_split_the_address(void **state)
{
	unsigned int shift = 12;

	(void)state;
	for (int level = LEVEL_PTE; level >= LEVEL_PGD; level--) {
		assert_int_equal(level_shift(level), shift);
		assert_int_equal(level_entries(level), 1u << bits[level]);
		shift += bits[level];
	}
	assert_int_equal(shift, FAULTLINE_LEVELS == 5 ? 57 : FAULTLINE_LEVELS == 4 ? 48 : 32);
	assert_int_equal(TABLE_SIZE, PTRS_PER_PTE * 8);
	assert_int_equal(PMD_SIZE, FAULTLINE_LEVELS == 2 ? 4 << 20 : 2 << 20);
}

static void user_addresses_end_below_the_top(void **state)
{
	(void)state;
	assert_true(IS_ALIGNED(TASK_SIZE, PAGE_SIZE));
#if FAULTLINE_LEVELS == 2
	assert_true(TASK_SIZE == 3ul << 30);
#else
	/* The last page of the half is not used. */
	assert_true(TASK_SIZE == (1ul << (FAULTLINE_LEVELS == 5 ? 56 : 47)) - PAGE_SIZE);
#endif
	assert_true(level_index(LEVEL_PGD, TASK_SIZE - 1) < PTRS_PER_PGD);
}

static void an_address_is_the_sum_of_its_indices(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, test_seed());
	for (unsigned int i = 0; i < 100000; i++) {
		unsigned long addr = rng_below(&rng, TASK_SIZE), sum = addr & ~PAGE_MASK;

		for (int level = LEVEL_PGD; level <= LEVEL_PTE; level++) {
			assert_true(level_index(level, addr) < level_entries(level));
			if (bits[level])
				sum += level_index(level, addr) << level_shift(level);
		}
		assert_true(sum == addr);
	}
}

/* The hole of a level is found at the next level up that is not folded. */
/* Row: W1. */
static void folded_levels_are_passed_over(void **state)
{
	static const int real[NR_LEVELS] = {
#if FAULTLINE_LEVELS == 5
		LEVEL_PGD, LEVEL_P4D, LEVEL_PUD, LEVEL_PMD, LEVEL_PTE
#elif FAULTLINE_LEVELS == 4
		LEVEL_PGD, LEVEL_PGD, LEVEL_PUD, LEVEL_PMD, LEVEL_PTE
#else
		LEVEL_PGD, LEVEL_PGD, LEVEL_PGD, LEVEL_PGD, LEVEL_PTE
#endif
	};

	(void)state;
	for (int level = LEVEL_PGD; level <= LEVEL_PTE; level++)
		assert_int_equal(real_depth(level), real[level]);
}

/* An @end of 0 is the top of the address space: 2^64. */
static unsigned long naive_addr_end(enum pgtable_level level, unsigned long addr, unsigned long end)
{
	u128 size = (u128)1 << level_shift(level), top = end ? (u128)end : (u128)1 << 64;
	u128 boundary = ((u128)addr / size + 1) * size;

	return (unsigned long)(boundary < top ? boundary : top);
}

static void compare_ends(enum pgtable_level level, unsigned long addr, unsigned long end)
{
	if (end - 1 >= addr)
		assert_true(level_addr_end(level, addr, end) == naive_addr_end(level, addr, end));
}

static void an_entry_ends_where_division_says(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, test_seed() + 1);
	for (unsigned int i = 0; i < 200000; i++) {
		enum pgtable_level level = rng_below(&rng, LEVEL_PTE);
		unsigned int shift = level_shift(level);
		unsigned long near = rng_next(&rng) >> rng_below(&rng, 60) << shift;
		unsigned long addr = near + (rng_below(&rng, 5) << PAGE_SHIFT) - 2 * PAGE_SIZE;

		compare_ends(level, addr, addr + (rng_below(&rng, 5) << PAGE_SHIFT));
		compare_ends(level, addr, addr + (rng_below(&rng, 5) << shift));
		compare_ends(level, addr, rng_next(&rng) & PAGE_MASK);
	}
}

static void the_top_of_the_address_space_does_not_wrap(void **state)
{
	(void)state;
	for (int level = LEVEL_PGD; level < LEVEL_PTE; level++) {
		unsigned long size = 1ul << level_shift(level);

		assert_true(level_addr_end(level, -size, 0) == 0);
		assert_true(level_addr_end(level, -PAGE_SIZE, 0) == 0);
		assert_true(level_addr_end(level, -2 * size, 0) == -size);
		assert_true(level_addr_end(level, -size, -PAGE_SIZE) == -PAGE_SIZE);
		for (unsigned long back = 1; back < 5; back++)
			compare_ends(level, -back * PAGE_SIZE, 0);
	}
	assert_true(pgd_addr_end(0, PGDIR_SIZE * 2) == PGDIR_SIZE);
	assert_true(p4d_addr_end(0, P4D_SIZE * 2) == P4D_SIZE);
	assert_true(pud_addr_end(0, PUD_SIZE * 2) == PUD_SIZE);
	assert_true(pmd_addr_end(0, PMD_SIZE * 2) == PMD_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_levels_split_the_address),
		cmocka_unit_test(user_addresses_end_below_the_top),
		cmocka_unit_test(an_address_is_the_sum_of_its_indices),
		cmocka_unit_test(folded_levels_are_passed_over),
		cmocka_unit_test(an_entry_ends_where_division_says),
		cmocka_unit_test(the_top_of_the_address_space_does_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
