/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.c - a thread that cannot be started is reported in one line, and none is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/ground/command.h"	/* before cmocka.h, whose fail() is a macro */
#include <cmocka.h>

#include "bench/ground/threads.h"

#define NOBODY	65534

static unsigned int threads_of_this_process(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	unsigned int nr = 0;

	assert_non_null(file);
	while (!nr && fgets(line, sizeof(line), file))
		if (sscanf(line, "Threads: %u", &nr) != 1)
			nr = 0;
	fclose(file);
	return nr;
}

static void as_many_as_asked_for_are_started_and_ended(void **state)
{
	(void)state;
	assert_int_equal(threads_check(1), 0);
	assert_int_equal(threads_check(700), 0);
	assert_int_equal(threads_of_this_process(), 1);
}

/* In a process of its own, of a user that the limit binds. */
static void __attribute__((noreturn)) ask_beyond_the_limit(void)
{
	const struct rlimit limit = { 1, 1 };
	int status;

	if ((!geteuid() && setuid(NOBODY)) || setrlimit(RLIMIT_NPROC, &limit))
		_exit(90);
	status = threads_check(3);
	_exit(threads_of_this_process() == 1 ? status : 91);
}

static void a_limit_is_printed_in_one_line(void **state)
{
	char text[512] = "";
	size_t length = 0;
	int ends[2], status;
	ssize_t got;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		ask_beyond_the_limit();
	}
	close(ends[1]);
	while ((got = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_CHECK_FAILED);
	assert_non_null(
		strstr(text, "cannot start 3 threads: Resource temporarily unavailable after 0 (ulimit -u is 1;"));
	assert_ptr_equal(strchr(text, '\n'), text + length - 1);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_asked_for_are_started_and_ended),
		cmocka_unit_test(a_limit_is_printed_in_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
