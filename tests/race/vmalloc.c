/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmalloc.c - areas of kernel addresses that come and go, some with leaves, beside walks of all kernel tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/mmap_lock.h"
#include "core/mm/pagewalk.h"
#include "core/mm/vmalloc.h"
#include "core/op/exit.h"
#include "core/policy/policy.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"

#define MAPPERS	3u
#define HELD	4u		/* areas of each mapper */

static unsigned int mapping;		/* (A) mappers left */
static uint64_t met;			/* (A) entries */

static int count_entry(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	if (pte_present(ptep_get(ptep)))
		fetch_add_relaxed(&met, 1u);
	return 0;
}

static void walk_all(void)
{
	static const struct mm_walk_ops ops = { .pte_entry = count_entry };

	while (load_acquire(&mapping)) {
		mmap_read_lock(init_mm);
		BUG_ON(walk_kernel_page_table_range(VMALLOC_START, VMALLOC_END, &ops, NULL, NULL));
		mmap_read_unlock(init_mm);
		rcu_quiescent();
	}
}

/* What an owner reads without a lock is its own. */
static void check_own(unsigned long addr, unsigned long nr)
{
	static const struct mm_walk_ops ops = { .pte_entry = count_entry };

	for (unsigned long i = 0; i < nr; i++)
		BUG_ON(!vmalloc_to_page(addr + i * PAGE_SIZE));
	BUG_ON(walk_kernel_page_table_range_lockless(addr, addr + nr * PAGE_SIZE, &ops, NULL, NULL));
}

static void map_and_unmap(struct rng *rng)
{
	unsigned long area[HELD] = { 0 };

	for (unsigned int i = 0; i < test_rounds(2000); i++) {
		unsigned long *at = &area[rng_below(rng, HELD)], nr = 1 + rng_below(rng, 8);

		if (*at) {
			vfree(*at);
			*at = 0;
		} else if (rng_below(rng, 4) == 0) {
			*at = vmalloc_huge(HPAGE_PMD_NR);
		} else {
			*at = vmalloc(nr);
			if (*at)
				check_own(*at, nr);
		}
		rcu_quiescent();
	}
	for (unsigned int i = 0; i < HELD; i++)
		if (area[i])
			vfree(area[i]);
	fetch_sub_release(&mapping, 1u);
}

static void one_side(void *arg, unsigned int index)
{
	const unsigned int *round = arg;
	struct rng rng;

	rng_init(&rng, test_seed() + *round * (MAPPERS + 2) + index);
	if (index < MAPPERS)
		map_and_unmap(&rng);
	else
		walk_all();
	frame_drain_cpu();
}

/* A few rounds may place no leaf where an earlier area left a table. */
static bool tables_were_freed(void)
{
	return !THP_POSSIBLE || events_total(EV_KERNEL_TABLE_FREE);
}

static void walks_of_kernel_tables_find_only_tables(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	assert_int_equal(vmalloc_init(&policy_default()->policy), 0);
	for (unsigned int round = 0; !round || (round < 100 && !tables_were_freed()); round++) {
		store_relaxed(&mapping, MAPPERS);
		threads_run(MAPPERS + 2, one_side, &round);
	}
	assert_true(load_relaxed(&met) > 0);
	assert_true(tables_were_freed());
	assert_at_rest(mm);
	vmalloc_exit();
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(walks_of_kernel_tables_find_only_tables, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
