/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meets.c - operations meet if they have a page in common, and are not over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "workloads/lib/meets.h"

enum { MAP, UNMAP, FAULT };

static const struct meets_names names = { .ops = { "map", "unmap", "fault" }, .kinds = { "files", "raw frames" } };
static struct meets *meets;

/* What is printed has @text, or has it not. */
static void expect(const char *text, int has)
{
	char printed[1024] = "";
	FILE *out = fmemopen(printed, sizeof(printed), "w");

	assert_non_null(out);
	meets_print(meets, out);
	fclose(out);
	if ((strstr(printed, text) != NULL) != has)
		fail_msg("'%s' %s in: %s", text, has ? "is not" : "is", printed);
}

static int up(void **state)
{
	(void)state;
	meets = meets_create(3, &names);
	return !meets;
}

static int down(void **state)
{
	(void)state;
	meets_free(meets);
	return 0;
}

static void those_with_a_page_in_common_meet(void **state)
{
	(void)state;
	meets_begin(meets, 0, MAP, 2, 3);
	meets_begin(meets, 1, FAULT, 4, 1);
	expect("met on a page: 1 of 6 pairs of operations, 1 times", 1);
	expect("  map never met map, unmap\n", 1);
	expect("  unmap never met unmap, fault\n", 1);
	meets_begin(meets, 2, FAULT, 4, 1);
	expect("met on a page: 2 of 6 pairs of operations, 3 times", 1);
	expect("fault never met", 0);
}

static void others_do_not(void **state)
{
	(void)state;
	meets_begin(meets, 0, MAP, 2, 3);
	meets_begin(meets, 1, FAULT, 5, 1);
	meets_begin(meets, 2, FAULT, 0, 2);
	expect("met on a page: 0 of 6", 1);
	meets_end(meets, 0);
	meets_begin(meets, 1, UNMAP, 2, 1);
	expect("met on a page: 0 of 6", 1);
}

static void kinds_of_memory_are_counted(void **state)
{
	(void)state;
	expect("ran: 0 of 6 operations", 1);
	meets_saw(meets, 2, UNMAP, 1);
	expect("ran: 1 of 6 operations", 1);
	expect("  unmap never ran on files\n", 1);
	meets_saw(meets, 0, UNMAP, 0);
	expect("unmap never ran on", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(those_with_a_page_in_common_meet, up, down),
		cmocka_unit_test_setup_teardown(others_do_not, up, down),
		cmocka_unit_test_setup_teardown(kinds_of_memory_are_counted, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
