/* SPDX-License-Identifier: GPL-2.0-or-later */
/* company.c - another run beside this one is seen, from either side; partners of an alternation are one run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/company.h"

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
		company_begin(partner);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		company_begin(others_partner);
		_exit(write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	if (!begin_first)
		company_begin(partner);
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

/* Runs of other programs' tests may measure meanwhile: only the byte of the partner is looked at, not those of the host. */
static void partners_are_one_run(void **state)
{
	struct company alone;

	(void)state;
	company_begin("a socket");
	alone = company_end();
	if (alone.beside)
		skip();
	assert_false(seen_beside("a socket", "a socket", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(another_run_is_seen), cmocka_unit_test(partners_are_one_run) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
