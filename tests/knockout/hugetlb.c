/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb.c - faults in memory of huge pages with a knock-out: reserved huge pages are refused, or huge pages leak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/storm/hugetlb_storm.h"

static bool a_storm(void)
{
	struct hugetlb_storm storm = { .rounds = 4000 };

	return hugetlb_storm(&storm, "linux-6.15", 3, 50);
}

static void zap_it(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, PMD_SIZE, MADV_DONTNEED));
}

/*
 * A child has no reservation, so only the PTL protects its fault from a zap. The parent's page is freed during the
 * fault.
 */
static bool a_zap_while_a_copy_is_made(void)
{
	struct mm_struct *mm = hugetlb_mm("linux-6.15", 3, 1), *child, *mms[2];
	bool right;

	BUG_ON(huge_write(mm, AREA));
	child = fork_mm(mm);
	meanwhile_at("fault.before_pmd_lock", 2, zap_it, child);
	BUG_ON(huge_write(child, AREA) || meanwhile_ran() != 1);
	mms[0] = mm;
	mms[1] = child;
	right = rests(mms, 2);
	mm_exit(child);
	mm_exit(mm);
	return right;
}

static const struct knocked_steps scenes[] = {
	{ { "hugetlb:fault-mutex", { "reserved" } }, a_storm },
	{ { "hugetlb:zap-lock", { "reserved" } }, a_storm },
	{ { "hugetlb:fault-recheck", { "anon_vma is dead" } }, a_zap_while_a_copy_is_made },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), world_up_with_words);
}
