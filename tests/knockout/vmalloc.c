/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmalloc.c - the kernel's address space with a knock-out, step by step: a PTE table that is freed under a walk, and a
 * range of addresses that has a second owner too early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/faultline.h"
#include "core/mm/vmalloc.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"

#define FREED_MS	300		/* a table without walks is freed within this time */

static unsigned int walker_stands, table_freed;	/* steps */
static bool freed_under_walk;

static int stand_still(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)ptep, (void)next, (void)walk;
	if (addr != VMALLOC_START)
		return 0;
	step_reach(&walker_stands, 1);
	freed_under_walk = step_within(&table_freed, 1, FREED_MS);
	return 0;
}

static void walk_or_free(void *arg, unsigned int index)
{
	static const struct mm_walk_ops ops = { .pte_entry = stand_still };
	unsigned long addr;

	(void)arg;
	if (index == 0) {
		mmap_read_lock(init_mm);
		walk_kernel_page_table_range(VMALLOC_START, VMALLOC_START + PMD_SIZE, &ops, NULL, NULL);
		mmap_read_unlock(init_mm);
	} else {
		step_await(&walker_stands, 1);
		addr = vmalloc_huge(HPAGE_PMD_NR);
		step_reach(&table_freed, 1);
		vfree(addr);
	}
	frame_drain_cpu();
}

/* The table of an area that was freed is empty: a leaf takes its place while the other thread walks it. */
static bool a_table_stays_while_it_is_walked(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	bool good;

	BUG_ON(vmalloc_init(&mm->pt.policy));
	vfree(vmalloc(1));
	store_relaxed(&walker_stands, 0u);
	store_relaxed(&table_freed, 0u);
	threads_run(2, walk_or_free, NULL);
	good = !freed_under_walk && rests(&mm, 1);
	vmalloc_exit();
	mm_exit(mm);
	return good;
}

static void take_a_range(void *addr)
{
	*(unsigned long *)addr = vmalloc(1);
}

static bool a_range_is_empty_for_its_next_owner(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned long second = 0;
	bool good;

	BUG_ON(vmalloc_init(&mm->pt.policy));
	meanwhile("vmalloc.unmap", take_a_range, &second);
	vfree(vmalloc(1));
	good = meanwhile_ran() == 1 && vmalloc_to_page(second);
	vfree(second);
	good &= rests(&mm, 1);
	vmalloc_exit();
	mm_exit(mm);
	return good;
}

static const struct knocked_steps scenes[] = {
	{ { "vmap:table-lock", { "page_life" } }, a_table_stays_while_it_is_walked },
	{ { "vunmap:clear", { "pte_none" } }, a_range_is_empty_for_its_next_owner },
};

/* Row: W9. */
static void kernel_tables_and_ranges_have_one_owner(void **state)
{
	(void)state;
	for (unsigned int i = THP_POSSIBLE ? 0 : 1; i < ARRAY_SIZE(scenes); i++)
		assert_true(only_knocked_steps_are_seen(&scenes[i], world_up));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_tables_and_ranges_have_one_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
