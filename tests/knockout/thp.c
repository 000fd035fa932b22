/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp.c - huge pages with one thing left out, step by step: what is at rest afterwards, or dies, says so; and not without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/op/madvise.h"
#include "core/op/protect.h"
#include "tests/lib/child.h"
#include "tests/lib/meanwhile.h"
#include "tests/lib/thp_scene.h"

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

/* What is left out, what then happens, and what the check that sees it says. */
struct knocked {
	const char *knockout;
	void (*steps)(struct mm_struct *mm);
	const char *seen;
	bool leave_out;
};

static const struct knocked cases[] = {
	{ .knockout = "thp:split-exclusive", .steps = protect_a_part, .seen = "which is not exclusive" },
	{ .knockout = "thp:vma-split", .steps = protect_a_part, .seen = "lies in no VMA as a whole" },
	{ .knockout = "thp:fault-recheck", .steps = two_first_writes, .seen = "tables put by" },
	{ .knockout = "thp:lock-recheck", .steps = split_and_zap, .seen = "folio_test_pmd_mappable" },
};

static bool right_at_rest(void *arg)
{
	const struct knocked *knocked = arg;
	struct mm_struct *mm;
	char why[256] = "";
	bool good;

	world_start(16384, 0);
	if (knocked->leave_out && knockout_enable(knocked->knockout))
		return true;
	mm = world_mm(THP_POLICY);
	BUG_ON(sys_mmap(mm, AREA, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	knocked->steps(mm);
	rcu_barrier();
	good = oracle_at_rest(&mm, 1, why, sizeof(why));
	fprintf(stderr, "%s", why);
	return good;
}

static void each_is_seen(void **state)
{
	char said[2048];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct knocked knocked = cases[i];

		if (!child_ends_well(right_at_rest, &knocked, said, sizeof(said)))
			fail_msg("nothing was left out, and yet: %s", said);
		knocked.leave_out = true;
		if (child_ends_well(right_at_rest, &knocked, said, sizeof(said)))
			fail_msg("%s was not seen", knocked.knockout);
		if (!strstr(said, knocked.seen))
			fail_msg("%s was seen, but by another check: %s", knocked.knockout, said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_is_seen) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
