/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knockout: each of the list is complete, found and enabled by name, and counts its hits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/probe/knockout.h"

/* Two of this program's own, the later one by name first. */
DEFINE_KNOCKOUT(TEST_SECOND,
	.name = "test:second",
	.removes = "one thing",
	.breaks = "another",
	.detected_by = "this test",
	.hunt = "test unit.knockout");

DEFINE_KNOCKOUT(TEST_FIRST,
	.name = "test:first",
	.removes = "one thing",
	.breaks = "another",
	.detected_by = "this test",
	.hunt = "test unit.knockout",
	.mirrors = "mm: a title\nmm: another title");

static int clean(void **state)
{
	(void)state;
	knockout_clear();
	return 0;
}

static unsigned int index_of(const char *name)
{
	unsigned int i = 0;

	while (strcmp(knockout_get(i)->name, name))
		i++;
	return i;
}

static void each_is_complete(void **state)
{
	const struct knockout *knockout;
	unsigned int nr = 0;

	(void)state;
	for (; (knockout = knockout_get(nr)); nr++) {
		assert_true(knockout->name[0] && knockout->removes[0] && knockout->breaks[0]);
		assert_true(knockout->detected_by[0] && knockout->hunt[0]);
		assert_true(!knockout->mirrors || knockout->mirrors[0]);
	}
	assert_int_equal(nr, knockout_count());
	assert_null(knockout_get(nr + 1));
}

static void they_are_sorted_by_name(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < knockout_count(); i++)
		assert_true(strcmp(knockout_get(i - 1)->name, knockout_get(i)->name) < 0);
	assert_int_equal(index_of("test:second"), index_of("test:first") + 1);
}

static void they_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(knockout_find("test:first"), &knockout_TEST_FIRST);
	assert_ptr_equal(knockout_find("test:second"), &knockout_TEST_SECOND);
	assert_null(knockout_find("test:"));
	assert_int_equal(knockout_enable("no such thing"), -ENOENT);
}

static void only_the_named_one_is_enabled(void **state)
{
	(void)state;
	assert_false(KNOCKED_OUT(TEST_FIRST));
	assert_int_equal(knockout_enable("test:first"), FAULTLINE_CHECK ? 0 : -EOPNOTSUPP);
	assert_int_equal(KNOCKED_OUT(TEST_FIRST), FAULTLINE_CHECK);
	assert_int_equal(KNOCKED_OUT(TEST_FIRST), FAULTLINE_CHECK);
	assert_false(KNOCKED_OUT(TEST_SECOND));
	assert_int_equal(knockout_hits(index_of("test:first")), FAULTLINE_CHECK ? 2 : 0);
	assert_int_equal(knockout_hits(index_of("test:second")), 0);
	knockout_clear();
	assert_false(KNOCKED_OUT(TEST_FIRST));
	assert_int_equal(knockout_hits(index_of("test:first")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_complete),
		cmocka_unit_test(they_are_sorted_by_name),
		cmocka_unit_test(they_are_found_by_name),
		cmocka_unit_test_teardown(only_the_named_one_is_enabled, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
