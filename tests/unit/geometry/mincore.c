/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mincore: every refusal, what counts as there, and a table that vanishes under it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/pagewalk.h"
#include "core/op/exit.h"
#include "core/op/mincore.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(3 * PGDIR_SIZE)
#define LEN	(2 * PMD_SIZE)

static unsigned char vec[LEN / PAGE_SIZE + 1];

static struct mm_struct *mm_with_area(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	map_at(mm, AREA, LEN, READ_WRITE);
	memset(vec, 0xaa, sizeof(vec));
	return mm;
}

static void every_refusal(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	assert_int_equal(sys_mincore(mm, AREA + 1, PAGE_SIZE, vec), -EINVAL);
	assert_int_equal(sys_mincore(mm, AREA + 1, 0, vec), -EINVAL);
	assert_int_equal(sys_mincore(mm, TASK_SIZE + PAGE_SIZE, PAGE_SIZE, vec), -ENOMEM);
	assert_int_equal(sys_mincore(mm, TASK_SIZE, PAGE_SIZE, vec), -ENOMEM);
	assert_int_equal(sys_mincore(mm, AREA, TASK_SIZE, vec), -ENOMEM);
	assert_int_equal(sys_mincore(mm, AREA - PAGE_SIZE, PAGE_SIZE, vec), -ENOMEM);
	assert_int_equal(sys_mincore(mm, TASK_SIZE, 0, vec), 0);
	assert_int_equal(vec[0], 0xaa);
	mm_exit(mm);
}

/* Row: G2. */
static void present_is_what_is_mapped_whatever_it_allows(void **state)
{
	static const unsigned char want[] = { 1, 0, 1, 0, 1, 0xaa };
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	write_at(mm, AREA);
	read_at(mm, AREA + 2 * PAGE_SIZE);
	assert_int_equal(sys_madvise(mm, AREA + 3 * PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	write_at(mm, AREA + 4 * PAGE_SIZE);
	assert_int_equal(sys_mprotect(mm, AREA + 4 * PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(sys_mincore(mm, AREA, 4 * PAGE_SIZE + 1, vec), 0);
	assert_memory_equal(vec, want, sizeof(want));
	mm_exit(mm);
}

/* Over tables, holes of every level, and up to a gap. */
static void the_vector_is_filled_up_to_the_gap(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	write_at(mm, AREA + LEN - PAGE_SIZE);
	assert_int_equal(sys_mincore(mm, AREA, LEN, vec), 0);
	for (unsigned long i = 0; i < LEN / PAGE_SIZE; i++)
		assert_int_equal(vec[i], i == LEN / PAGE_SIZE - 1);
	assert_int_equal(vec[LEN / PAGE_SIZE], 0xaa);
	memset(vec, 0xaa, sizeof(vec));
	assert_int_equal(sys_munmap(mm, AREA + 3 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(sys_mincore(mm, AREA, LEN, vec), -ENOMEM);
	assert_int_equal(vec[2], 0);
	assert_int_equal(vec[3], 0xaa);
	mm_exit(mm);
}

#if FAULTLINE_CHECK
static void drop(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, PMD_SIZE, MADV_DONTNEED));
}

static void a_table_that_vanishes_is_a_hole(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");
	uint64_t agains = events_total(EV_WALK_AGAIN);

	(void)state;
	write_at(mm, AREA);
	meanwhile("ptl.map.read_pmd", drop, mm);
	assert_int_equal(sys_mincore(mm, AREA, PMD_SIZE, vec), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(events_total(EV_WALK_AGAIN) - agains, 1);
	for (unsigned long i = 0; i < PMD_SIZE / PAGE_SIZE; i++)
		assert_int_equal(vec[i], 0);
	assert_int_equal(vec[PMD_SIZE / PAGE_SIZE], 0xaa);
	mm_exit(mm);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal),
		cmocka_unit_test(present_is_what_is_mapped_whatever_it_allows),
		cmocka_unit_test(the_vector_is_filled_up_to_the_gap),
#if FAULTLINE_CHECK
		cmocka_unit_test(a_table_that_vanishes_is_a_hole),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
