/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of huge pages from the pool: reserved pages are never refused in storms, also beside forks; and storms with
 * pins and migrations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "core/op/copy_page_range.h"
#include "core/op/hugetlb.h"
#include "core/op/try_to_unmap.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/storm/hugetlb_storm.h"

/* In all storms of a test. */
static uint64_t walked, forks_refused;

/* Under all policies. */
static void run(const struct wanted *wanted, unsigned int nr_wanted, struct hugetlb_storm settings)
{
	struct storms storms = storms_begin(wanted, nr_wanted, nr_world_policies);

	walked = forks_refused = 0;
	while (another_storm(&storms)) {
		struct hugetlb_storm storm = settings;

		run_seed = storms.seed;
		assert_true(hugetlb_storm(&storm, world_policies[storms.index % nr_world_policies], 4, 20));
		walked += storm.walked;
		forks_refused += storm.forks_refused;
	}
}

/* Row: L7. */
static void a_reserved_page_is_never_refused(void **state)
{
	const struct wanted wanted[] = { COUNTED(walked, 1), MET(EV_HUGETLB_TAKE, 10 * nr_world_policies + 1) };

	(void)state;
	run(wanted, ARRAY_SIZE(wanted), (struct hugetlb_storm){ .rounds = test_rounds(3000) });
}

/* Nor beside forks that share it: at worst the children lose it. Row: L8. */
static void nor_for_the_sake_of_forks(void **state)
{
	static const struct wanted wanted[] = { COUNTED(walked, 1), COUNTED(forks_refused, 1),
						MET(EV_HUGETLB_TAKE_BACK, 1) };

	(void)state;
	run(wanted, ARRAY_SIZE(wanted), (struct hugetlb_storm){ .rounds = test_rounds(2000), .forks = true });
}

/* Rows: A5, A9, L6. */
static void forks_pins_and_migrations(void **state)
{
	static const struct wanted wanted[] = {
		COUNTED(walked, 1), MET(EV_GUP_LEAF, 1), MET(EV_FORK_COPIED, 1), MET(EV_COW_COPY, 1),
		MET(EV_MIGRATE_LARGE, 1), MET(EV_UNMAP_PINNED, 1), MET(EV_MIGRATE_WAIT, 1),
	};

	(void)state;
	run(wanted, ARRAY_SIZE(wanted),
	    (struct hugetlb_storm){ .rounds = test_rounds(2000), .forks = true, .pins = true });
}

/* Huge pages that leaves of PUD tables map, in the same storm. Rows: A5, A9, L6, L8. */
static void leaves_of_pud_tables_too(void **state)
{
	static const struct wanted wanted[] = {
		COUNTED(walked, 1),	 COUNTED(forks_refused, 1), MET(EV_HUGETLB_TAKE_BACK, 1), MET(EV_GUP_LEAF, 1),
		MET(EV_FORK_COPIED, 1),	 MET(EV_COW_COPY, 1),	    MET(EV_MIGRATE_LARGE, 1),
		MET(EV_MIGRATE_WAIT, 1),
	};

	(void)state;
	run(wanted, ARRAY_SIZE(wanted),
	    (struct hugetlb_storm){ .rounds = test_rounds(300), .giants = true, .forks = true, .pins = true });
}

static int up_with_giants(void **state)
{
	(void)state;
	world_start(GIGANTIC_FRAMES(HUGETLB_STORM_GIANTS + 1), 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reserved_page_is_never_refused, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(nor_for_the_sake_of_forks, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(forks_pins_and_migrations, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(leaves_of_pud_tables_too, up_with_giants, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
