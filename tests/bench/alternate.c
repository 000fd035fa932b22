/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alternate.c - two processes take strict turns in any order of arrival; the longer one goes on alone; a bad socket is
 * refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/ground/command.h"	/* before cmocka.h, whose fail() is a macro */
#include <cmocka.h>

#include "bench/run/alternate.h"

#define TURNS	200

static char folder[80], meeting[96];	/* of this run, where temporary files go */

/* Writes @letter once a turn, with time for the other one to do so too, were it not to wait. Ends the process. */
static void write_turns(int out, char letter, unsigned int nr)
{
	bool well = alternate_begin(meeting) == 0;

	for (unsigned int i = 0; i < nr && well; i++) {
		alternate_take();
		well = write(out, &letter, 1) == 1;
		usleep(i % 3 * 50);
		alternate_pass();
	}
	alternate_end();
	_exit(!well);
}

static pid_t writer(int out, char letter, unsigned int nr)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		write_turns(out, letter, nr);
	return pid;
}

/* What two writers wrote, @nr_a and @nr_b times, in @text. */
static void written(char *text, unsigned int nr_a, unsigned int nr_b)
{
	int ends[2], status;
	pid_t pids[2];

	assert_int_equal(pipe(ends), 0);
	pids[0] = writer(ends[1], 'a', nr_a);
	pids[1] = writer(ends[1], 'b', nr_b);
	close(ends[1]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(read(ends[0], text, nr_a + nr_b), nr_a + nr_b);
	close(ends[0]);
	assert_int_equal(access(meeting, F_OK), -1);
}

static void turns_are_strict(void **state)
{
	char text[2 * TURNS];

	(void)state;
	for (int tries = 0; tries < 5; tries++) {
		written(text, TURNS, TURNS);
		assert_true(text[0] != text[1]);
		for (int i = 2; i < 2 * TURNS; i++)
			assert_int_equal(text[i], text[i - 2]);
	}
}

/* The process that has more to do goes on alone. */
static void the_remaining_process_goes_on(void **state)
{
	char text[TURNS + 3];
	unsigned int seen = 0;

	(void)state;
	written(text, 3, TURNS);
	for (int i = 0; i < TURNS + 3; i++) {
		assert_true(text[i] == 'b' || i <= 5);
		seen += text[i] == 'a';
	}
	assert_int_equal(seen, 3);
}

/* Without a partner each turn is granted at once. */
static void alone_is_free(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		alternate_take();
		alternate_pass();
	}
	alternate_end();
}

static void bad_places_are_refused(void **state)
{
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/no/such", folder);
	assert_int_equal(alternate_begin(path), EXIT_MISUSE);
	snprintf(path, sizeof(path), "%s/%0200d", folder, 0);
	assert_int_equal(alternate_begin(path), EXIT_MISUSE);
	assert_int_equal(alternate_begin(folder), EXIT_MISUSE);
}

static int make_folder(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/faultline-alternate.XXXXXX", base ? base : P_tmpdir);
	if (!mkdtemp(folder))
		return -1;
	snprintf(meeting, sizeof(meeting), "%s/socket", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_are_strict), cmocka_unit_test(the_remaining_process_goes_on),
		cmocka_unit_test(alone_is_free),
		cmocka_unit_test(bad_places_are_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
