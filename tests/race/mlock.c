/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mlock.c - memory that is locked and unlocked beside what swaps it out, or moves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>

#include "core/mm/mlock.h"
#include "core/op/migrate.h"
#include "core/op/reclaim.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/wanted.h"

static const char *const policies[] = { "linux-6.15", "linux-6.15,anon=32k", "linux-2.6.14", "linux-6.19" };

static const struct wanted wanted[] = {
	MET(EV_MLOCK_FOLIO, 1000), MET(EV_MUNLOCK_FOLIO, 1000), MET(EV_MLOCK_MISSED, 100),
	MET(EV_MIGRATE, 100), MET(EV_RECLAIM, 100), MET(EV_RECLAIM_KEPT, 10),
};

/* Row: A9. */
static void counts_hold_among_others(void **state)
{
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		crew_storm(workload_find("mlock_vs_reclaim"), policies[storms.index % ARRAY_SIZE(policies)], 4,
			   storms.seed, 500);
}

/* ---- flags alone: what mlock() and munlock() set before their walk, and munlock() behind it ---- */
#define ROUNDS	200000

static struct vm_area_struct vma;
static struct folio folio;

static void set_flags_or_count(void *arg, unsigned int index)
{
	(void)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (index)
			mlock_vma_folio(&folio, &vma);
		else
			store_relaxed(&vma.vm_flags, i % 2 ? VM_LOCKED | VM_IO : 0ul);
		if (i % 64 == 0)
			sched_yield();
	}
}

/* No entry is counted: each VMA that has VM_LOCKED has VM_IO, too. Row: A9. */
static void flags_belong_together(void **state)
{
	unsigned long before = mlock_missed();

	(void)state;
	threads_run(2, set_flags_or_count, NULL);
	assert_true(mlock_missed() > before);
	assert_int_equal(folio.page.mlock_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_belong_together),
		cmocka_unit_test(counts_hold_among_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
