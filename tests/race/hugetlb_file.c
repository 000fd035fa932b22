/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_file.c - storms on a file of huge pages that several address spaces map: only truncation loses a write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "core/mm/hugetlb_share.h"
#include "core/op/hugetlb.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/storm/hugetlb_file_storm.h"

/* In all storms of a test. */
static uint64_t checked, lost, walked, pinned, moved;

static void run(const struct wanted *wanted, unsigned int nr_wanted, struct hugetlb_file_storm settings)
{
	struct storms storms = storms_begin(wanted, nr_wanted, nr_world_policies);

	checked = lost = walked = pinned = moved = 0;
	while (another_storm(&storms)) {
		struct hugetlb_file_storm storm = settings;

		run_seed = storms.seed;
		assert_true(hugetlb_file_storm(&storm, world_policies[storms.index % nr_world_policies], 20));
		checked += storm.checked;
		lost += storm.lost;
		walked += storm.walked;
		pinned += storm.pinned;
		moved += storm.moved;
	}
}

#define SEEN \
	COUNTED(checked, 1), COUNTED(walked, 1), COUNTED(pinned, 1), COUNTED(moved, 1), MET(EV_FORK, 1), \
	MET(EV_COW_COPY, 1)

/* Rows: L7, L8. */
static void each_write_is_seen_in_every_mapping(void **state)
{
	static const struct wanted wanted[] = { SEEN };

	(void)state;
	run(wanted, ARRAY_SIZE(wanted),
	    (struct hugetlb_file_storm){ .rounds = test_rounds(1500), .mapped = HUGETLB_FILE_PAGES });
}

/* Row: L8. */
static void truncation_loses_it_everywhere(void **state)
{
	static const struct wanted wanted[] = { SEEN, COUNTED(lost, 1) };

	(void)state;
	run(wanted, ARRAY_SIZE(wanted),
	    (struct hugetlb_file_storm){ .rounds = test_rounds(1500), .mapped = HUGETLB_FILE_PAGES,
					 .truncates = true });
}

/* Where PMD tables are shared, no two mms map a huge page by leaves of their own. Rows: L2, L8, W10. */
static void so_it_is_with_shared_tables(void **state)
{
	static const struct wanted wanted[] = {
		SEEN, COUNTED(lost, 1), MET(EV_PMD_SHARE, 10), MET(EV_PMD_UNSHARE, 10),
	};

	(void)state;
	run(wanted, ARRAY_SIZE(wanted),
	    (struct hugetlb_file_storm){ .rounds = test_rounds(600), .mapped = PTRS_PER_PMD, .truncates = true });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_write_is_seen_in_every_mapping),
		cmocka_unit_test(truncation_loses_it_everywhere),
		cmocka_unit_test(so_it_is_with_shared_tables),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
