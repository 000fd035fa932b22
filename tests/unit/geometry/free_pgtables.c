/* SPDX-License-Identifier: GPL-2.0-or-later */
/* free_pgtables: of random sets of tables exactly those go that map nothing outside the bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/pgalloc.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define MAX_TABLES	200

struct table {
	enum pgtable_level level;
	unsigned long first;
};

struct tables {
	unsigned int nr;
	struct table table[MAX_TABLES];
};

static void note_table(enum pgtable_level level, unsigned long addr, void *arg)
{
	struct tables *tables = arg;

	assert_true(tables->nr < MAX_TABLES);
	tables->table[tables->nr++] = (struct table){ level, addr };
}

static struct tables tables_of(struct mm_struct *mm)
{
	struct tables tables = { .nr = 0 };

	tree_tables(mm, note_table, &tables);
	return tables;
}

/* [floor, ceiling) bounds what may go, a ceiling of 0 is no bound; [start, end) is what was unmapped. */
struct bounds {
	unsigned long floor, start, end, ceiling;
};

static bool goes(const struct table *table, const struct bounds *b)
{
	unsigned long last = table->first + level_entries(table->level) * level_span(table->level) - 1;

	if (last < b->start || table->first >= b->end)
		return false;
	return table->first >= b->floor && (!b->ceiling || last < b->ceiling);
}

static struct tables left_of(const struct tables *before, const struct bounds *bounds)
{
	struct tables left = { .nr = 0 };

	for (unsigned int i = 0; i < before->nr; i++)
		if (!goes(&before->table[i], bounds))
			left.table[left.nr++] = before->table[i];
	return left;
}

static void free_bounded(struct mm_struct *mm, const struct bounds *b)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, &mm->pt);
	free_pgtables(&tlb, b->start, b->end, b->floor, b->ceiling);
	tlb_finish_mmu(&tlb);
}

/* Returns how many tables went. */
static unsigned int check_bounds(struct mm_struct *mm, const struct bounds *bounds)
{
	struct tables before = tables_of(mm), want = left_of(&before, bounds), got;

	free_bounded(mm, bounds);
	got = tables_of(mm);
	assert_int_equal(got.nr, want.nr);
	for (unsigned int i = 0; i < want.nr; i++) {
		assert_int_equal(got.table[i].level, want.table[i].level);
		assert_true(got.table[i].first == want.table[i].first);
	}
	assert_true(tree_counters_right(mm));
	return before.nr - got.nr;
}

static unsigned long random_address(struct rng *rng)
{
	static const enum pgtable_level borders[] = { LEVEL_PGD, LEVEL_PUD, LEVEL_PMD };
	unsigned long span = level_span(borders[rng_below(rng, ARRAY_SIZE(borders))]);
	unsigned long addr = rng_below(rng, 4) * span + rng_below(rng, 5) * PAGE_SIZE;

	if (rng_below(rng, 16) == 0)
		addr = TASK_SIZE - rng_below(rng, 5) * PAGE_SIZE;
	return rng_below(rng, 2) && addr > 2 * PAGE_SIZE ? addr - 2 * PAGE_SIZE : addr;
}

static struct bounds random_bounds(struct rng *rng)
{
	unsigned long cut[4];

	for (unsigned int i = 0; i < 4; i++) {
		cut[i] = random_address(rng);
		for (unsigned int j = i; j > 0 && cut[j] < cut[j - 1]; j--) {
			unsigned long other = cut[j];

			cut[j] = cut[j - 1];
			cut[j - 1] = other;
		}
	}
	if (cut[1] == cut[2])
		cut[2] += PAGE_SIZE;
	return (struct bounds){ cut[0], cut[1], cut[2], rng_below(rng, 4) ? max(cut[3], cut[2]) : 0 };
}

/* Where a VMA may be: in the range that is unmapped, or outside the bounds. */
static bool may_be_mapped(unsigned long addr, const struct bounds *b)
{
	if (addr >= TASK_SIZE)
		return false;
	return addr < b->floor || (addr >= b->start && addr < b->end) || (b->ceiling && addr >= b->ceiling);
}

/* Row: L8. */
static void random_sets_against_the_model(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned int gone = 0, stayed = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, test_seed());
	for (unsigned int round = 0; round < test_rounds(3000); round++) {
		struct bounds bounds = random_bounds(&rng);

		for (unsigned int i = 0; i < 12; i++) {
			unsigned long addr = random_address(&rng);

			if (may_be_mapped(addr, &bounds))
				tree_make(mm, addr);
		}
		gone += check_bounds(mm, &bounds);
		stayed += tables_of(mm).nr;
		tree_clear(mm);
	}
	assert_true(gone && stayed);
	mm_free(mm);
}

/*
 * One page on either side of a table keeps it; without them it goes, and with it every table above that is empty then.
 */
static void a_neighbour_keeps_its_tables(void **state)
{
	const unsigned long at = 3 * PGDIR_SIZE + 2 * PMD_SIZE;
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	tree_make(mm, at);
	assert_int_equal(check_bounds(mm, &(struct bounds){ at + PAGE_SIZE, at + PAGE_SIZE, at + PMD_SIZE, 0 }), 0);
	assert_int_equal(
		check_bounds(mm, &(struct bounds){ 0, at, at + PMD_SIZE - PAGE_SIZE, at + PMD_SIZE - PAGE_SIZE }), 0);
	assert_int_equal(check_bounds(mm, &(struct bounds){ at, at, at + PMD_SIZE, at + PMD_SIZE }), 1);
	tree_make(mm, at);
	assert_int_equal(check_bounds(mm, &(struct bounds){ 0, at, at + PMD_SIZE, 0 }), FAULTLINE_LEVELS - 1);
	assert_int_equal(tables_of(mm).nr, 0);
	mm_free(mm);
}

static void the_last_page_of_the_address_space(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	tree_make(mm, TASK_SIZE - PAGE_SIZE);
	tree_make(mm, 0);
	assert_int_equal(check_bounds(mm, &(struct bounds){ PAGE_SIZE, TASK_SIZE - PAGE_SIZE, TASK_SIZE, 0 }),
			 FAULTLINE_LEVELS - 1);
	tree_clear(mm);
	mm_free(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sets_against_the_model),
		cmocka_unit_test(a_neighbour_keeps_its_tables),
		cmocka_unit_test(the_last_page_of_the_address_space),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
