/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assert: the three tiers, and what die() prints. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/assert.h"
#include "tests/lib/harness/dies.h"

static void bugs_die_in_every_build(void **state)
{
	volatile int one = 1;

	(void)state;
	assert_dies("one == 1", BUG_ON(one == 1));
	assert_dies("page 7 of 9", BUG("page %d of %d", 7, 9));
	assert_string_equal(died_by(), "BUG_ON");
	BUG_ON(one == 2);
}

static void assertions_are_of_check_builds(void **state)
{
	volatile int one = 1;
	int evaluated = 0;

	(void)state;
	ASSERT(one == 1);
	ASSERT(++evaluated == 1);
	assert_int_equal(evaluated, FAULTLINE_CHECK);
#if FAULTLINE_CHECK
	assert_dies("assertion failed: one == 2", ASSERT(one == 2));
	assert_string_equal(died_by(), "assertion");
#else
	ASSERT(one == 2);
#endif
}

static void slow_ones_only_when_asked_for(void **state)
{
	int evaluated = 0;

	(void)state;
	ASSERT_SLOW(evaluated++ == 0);
	assert_int_equal(evaluated, 0);
	slow_checks = true;
	ASSERT_SLOW(evaluated++ == 0);
	slow_checks = false;
	assert_int_equal(evaluated, FAULTLINE_CHECK);
}

/* The whole text of a real death, in a child. */
static void death_prints_place_seed_and_detector(void **state)
{
	char text[512] = "";
	size_t len = 0;
	ssize_t got;
	int fds[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		run_seed = 1234567;
		BUG_BY("searcher", "lost %s", "everything");
	}
	close(fds[1]);
	while (len < sizeof(text) - 1 && (got = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(text, "lost everything"));
	assert_non_null(strstr(text, "tests/unit/assert.c:"));
	assert_non_null(strstr(text, "seed 1234567\n"));
	assert_non_null(strstr(text, "\n  detector: searcher\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bugs_die_in_every_build),
		cmocka_unit_test(assertions_are_of_check_builds),
		cmocka_unit_test(slow_ones_only_when_asked_for),
		cmocka_unit_test(death_prints_place_seed_and_detector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
