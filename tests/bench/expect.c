/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect.c - an expectation that is not met is reported, one that is met is not; other lines are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/conform/expect.h"
#include "bench/ground/message.h"	/* before cmocka.h, whose fail() is a macro */
#include "tests/lib/harness/scratch.h"
#include "tests/lib/harness/world.h"

#include <cmocka.h>

#define MAP2	"case two pages\n0 mmap 0+2 read,write private,anonymous,fixed = 0\n0 write 0 7\n"

static struct side *core;

/* Runs a file of @text on the core alone. Returns the exit status. */
static int run(const char *text, struct expect_totals *totals)
{
	char path[PATH_MAX];
	int fd = mkstemp(scratch_name(path, "expect")), status;

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	*totals = (struct expect_totals){ 0 };
	status = expect_run(path, NULL, core, totals);
	unlink(path);
	return status;
}

static void what_is_met_passes(void **state)
{
	static const char *const lines[] = {
		"vmas 0 0-2\n", "vmas 0 0-2:rw\n", "pages 0 0-1 present,exclusive,!guard\n", "pages 0 1-2 !present\n",
		"0 read 0 = 7\n", "0 read 2 = SIGSEGV MAPERR\n", "0 munmap 0.1+1 = EINVAL\n",
		"0 fork 1\n1 write 0 8\n0 read 0 = 7\n1 exit\n", "0 mprotect 0+2 none\n0 read 0 = SIGSEGV ACCERR\n",
		"since 2.6\nneeds root\n# a comment\n\n", "0 mmap 0+1 read private,anonymous = elsewhere\n",
	};
	struct expect_totals totals;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		char text[512];

		snprintf(text, sizeof(text), "%s%s", MAP2, lines[i]);
		assert_int_equal(run(text, &totals), 0);
		assert_true(totals.cases == 1 && totals.failed == 0 && totals.checks >= 2);
	}
}

/* Each is reported, and only the first of a case. */
static void what_is_not_met_fails(void **state)
{
	static const char *const lines[] = {
		"vmas 0 0-1\n", "vmas 0\n", "vmas 0 0-2:r\n", "vmas 0 0-2 3-4\n", "pages 0 0-1 !present\n",
		"pages 0 0-2 present\n", "pages 0 0-1 guard\n", "0 read 0 = 8\n", "0 read 0 = SIGSEGV MAPERR\n",
		"0 read 5 = SIGSEGV ACCERR\n", "0 munmap 0.1+1\n", "0 munmap 0.1+1 = ENOMEM\n",
		"0 munmap 0+1 = EINVAL\n", "vmas 0 0-1\nvmas 0 0-1\n",
	};
	struct expect_totals totals;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		char text[512];

		snprintf(text, sizeof(text), "%s%s%s", MAP2, lines[i], MAP2);
		assert_int_equal(run(text, &totals), 0);
		assert_true(totals.cases == 2 && totals.failed == 1);
	}
}

static void what_differs_must(void **state)
{
	struct expect_totals totals;

	(void)state;
	assert_int_equal(run(MAP2 "core differs: planted\n0 read 0 = 9\n", &totals), 0);
	assert_true(totals.known == 1 && totals.failed == 0);
	assert_int_equal(run(MAP2 "core differs: planted\n0 read 0 = 7\n", &totals), 0);
	assert_true(totals.known == 1 && totals.failed == 1);
}

static void other_lines_are_refused(void **state)
{
	static const char *const texts[] = {
		"0 munmap 0+1\n", MAP2 "fly\n", MAP2 "0 fly\n", MAP2 "0 munmap 0+1 = EFLY\n", MAP2 "1 munmap 0+1\n",
		MAP2 "window 8\n", "case a\nwindow 0\n", "case a\nwindow 2000\n", MAP2 "since then\n",
		MAP2 "needs luck\n", MAP2 "vmas 9 0-2\n",
		MAP2 "vmas 1 0-2\n", MAP2 "pages 0 0-99 present\n", MAP2 "pages 0 0-1 fly\n",
		MAP2 "pages 0 2-1 present\n", MAP2 "0 unpin 0\n", MAP2 "0 munmap 0+1 = \n",
	};
	struct expect_totals totals;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(run(texts[i], &totals), EXIT_MISUSE);
	assert_int_equal(expect_run("/nowhere/at/all", NULL, core, &totals), EXIT_MISUSE);
}

static int up(void **state)
{
	struct mm_policy policy;

	(void)state;
	world_start(4096, 64);
	policy = world_policy("linux-6.15");
	core = core_side(&policy, false);
	return 0;
}

static int down(void **state)
{
	core->end(core);
	return world_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_met_passes),
		cmocka_unit_test(what_is_not_met_fails),
		cmocka_unit_test(what_differs_must),
		cmocka_unit_test(other_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, up, down);
}
