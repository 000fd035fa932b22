/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thp.c - huge pages with a knock-out, step by step: the quiescent oracle or an assertion detects it, and nothing
 * without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>

#include "core/op/madvise.h"
#include "core/op/protect.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/thp_scene.h"

static void write_there(void *arg)
{
	BUG_ON(do_user_addr_fault(arg, AREA + PAGE_SIZE, FAULT_FLAG_WRITE));
}

static void split_there(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA + PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED));
}

static void protect_a_part(struct mm_struct *mm)
{
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	BUG_ON(sys_mprotect(mm, AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ));
}

static void two_first_writes(struct mm_struct *mm)
{
	meanwhile("fault.before_pmd_lock", write_there, mm);
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	BUG_ON(meanwhile_ran() != 1);
}

static void split_and_zap(struct mm_struct *mm)
{
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	meanwhile("ptl.pmd_leaf", split_there, mm);
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED));
	BUG_ON(meanwhile_ran() != 1);
}

/* The knock-out, the message of its detector, and the scene. */
static const struct scene_of_one {
	struct knocked knocked;
	void (*steps)(struct mm_struct *mm);
} cases[] = {
	{ { "thp:split-exclusive", { "which is not exclusive" } }, protect_a_part },
	{ { "thp:vma-split", { "lies in no VMA as a whole" } }, protect_a_part },
	{ { "thp:fault-recheck", { "deposits" } }, two_first_writes },
	{ { "thp:lock-recheck", { "folio_order(folio) < order" } }, split_and_zap },
};

static bool right_at_rest(const struct attempt *attempt)
{
	const struct scene_of_one *scene = attempt->scene;
	struct mm_struct *mm;

	world_start(16384, 0);
	mm = world_mm(THP_POLICY);
	BUG_ON(sys_mmap(mm, AREA, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	scene->steps(mm);
	return rests(&mm, 1);
}

static void each_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(only_knocked_is_seen(&cases[i].knocked, right_at_rest, &cases[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_is_seen) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
