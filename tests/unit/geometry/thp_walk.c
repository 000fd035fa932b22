/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page walks over huge pages: who splits one, and who passes it by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/mm/pagewalk.h"
#include "core/mm/vma.h"
#include "tests/lib/scene/thp_scene.h"

static int count_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	long *calls = walk->private;

	(void)addr, (void)next;
	calls[0] += pmd_trans_huge(pmdp_get(pmdp));
	return 0;
}

static int skip_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	walk->action = ACTION_CONTINUE;
	return count_pmd(pmdp, addr, next, walk);
}

static int count_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	long *calls = walk->private;

	(void)addr, (void)next;
	calls[1] += pte_present(ptep_get(ptep));
	return 0;
}

static int no_install(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	long *calls = walk->private;

	(void)addr, (void)next;
	calls[2]++;
	*ptep = make_swapent(SWAPENT_GUARD, 0);
	return 0;
}

/*
 * A walk descends below a leaf only with a callback for PTEs, inside a VMA, and not to install; the leaf is split
 * first.
 */
/* Row: W11. Row: W7. */
static void walks_below_a_leaf(void **state)
{
	static const struct {
		struct mm_walk_ops ops;
		bool novma, splits;
		long pmds, ptes;
	} walks[] = {
		{ { .pmd_entry = count_pmd }, false, false, 1, 0 },
		{ { .pte_entry = count_pte }, false, true, 0, 512 },
		{ { .pmd_entry = count_pmd, .pte_entry = count_pte }, false, true, 1, 512 },
		{ { .pmd_entry = skip_pmd, .pte_entry = count_pte }, false, false, 1, 0 },
		{ { .install_pte = no_install }, false, false, 0, 0 },
		{ { .install_pte = no_install, .pte_entry = count_pte }, false, true, 0, 512 },
		{ { .pte_entry = count_pte }, true, false, 0, 0 },
		{ { .pmd_entry = count_pmd, .pte_entry = count_pte }, true, false, 1, 0 },
	};

	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(walks); i++) {
		struct scene s = thp_scene(THP_POLICY);
		long calls[3] = { 0 };
		int err;

		mmap_write_lock(s.mm);
		if (walks[i].novma)
			err = walk_page_range_novma(s.mm, AREA, AREA + PMD_SIZE, &walks[i].ops, NULL, calls);
		else
			err = walk_page_range_mm(s.mm, AREA, AREA + PMD_SIZE, &walks[i].ops, calls);
		mmap_write_unlock(s.mm);
		assert_int_equal(err, 0);
		assert_int_equal(is_huge(s.mm, AREA), !walks[i].splits);
		assert_int_equal(calls[0], walks[i].pmds);
		assert_int_equal(calls[1], walks[i].ptes);
		assert_int_equal(calls[2], 0);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(walks_below_a_leaf) };

	return cmocka_run_group_tests(tests, world_up, world_down);
}
