/* SPDX-License-Identifier: GPL-2.0-or-later */
/* company.c - another run beside this one is seen, from either side; partners of an alternation are one run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/ground/company.h"
#include "tests/lib/harness/scratch.h"

/* The test's own: no other run of the host is in it. */
static char records[PATH_MAX];

/* The other process runs from before this call until after it; returns what this one found. */
static bool seen_beside(const char *partner, const char *others_partner, bool begin_first)
{
	int ready[2], go[2];
	struct company found;
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	if (begin_first)
		company_begin_in(records, partner);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		company_begin_in(records, others_partner);
		_exit(write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	if (!begin_first)
		company_begin_in(records, partner);
	found = company_end();
	assert_true(found.share >= 0 && found.share <= 1);
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
	return found.beside;
}

static void another_run_is_seen(void **state)
{
	(void)state;
	assert_true(seen_beside(NULL, NULL, false));
	assert_true(seen_beside(NULL, NULL, true));
	assert_true(seen_beside("one socket", "another socket", true));
}

static void partners_are_one_run(void **state)
{
	(void)state;
	assert_false(seen_beside("a socket", "a socket", true));
	assert_false(seen_beside("a socket", "./a socket", true));
	assert_false(seen_beside("/tmp/../tmp/a socket", "/tmp/a socket", true));
	assert_true(seen_beside("a socket", "/a socket", true));
	assert_true(seen_beside("/tmp/a socket", "/a socket", true));
}

/* Two folders may hold sockets of one name: these are two runs. */
static void one_name_in_two_folders_is_two_sockets(void **state)
{
	char here[PATH_MAX], there[PATH_MAX], before[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir("/"), 0);
	company_socket("a socket", here);
	assert_int_equal(chdir("/usr"), 0);
	company_socket("a socket", there);
	assert_string_not_equal(here, there);
	company_socket("../a socket", there);
	assert_string_equal(here, there);
	assert_int_equal(chdir(before), 0);
}

static int make_records(void **state)
{
	int fd = mkstemp(scratch_name(records, "company"));

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int drop_records(void **state)
{
	(void)state;
	return unlink(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_run_is_seen),
		cmocka_unit_test(partners_are_one_run),
		cmocka_unit_test(one_name_in_two_folders_is_two_sockets),
	};

	return cmocka_run_group_tests(tests, make_records, drop_records);
}
