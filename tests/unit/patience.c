/* SPDX-License-Identifier: GPL-2.0-or-later */
/* patience: a bound on waiting is seconds of an idle machine, however many others want its processors. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/assert.h"
#include "tests/lib/harness/patience.h"

#define MAX_BUSY	64

static pid_t busy[MAX_BUSY];
static unsigned int nr_busy;

/* Processes of a group of their own that only compute: four for each processor, so that each gets a fifth at most. */
static int start_others(void **state)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	(void)state;
	for (nr_busy = 0; nr_busy < 4 * cpus && nr_busy < MAX_BUSY; nr_busy++) {
		busy[nr_busy] = fork();
		if (!busy[nr_busy])
			for (;;)
				;
		setpgid(busy[nr_busy], busy[0]);
	}
	return 0;
}

static int stop_others(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_busy; i++) {
		kill(busy[i], SIGKILL);
		waitpid(busy[i], NULL, 0);
	}
	return 0;
}

static void others_slow_us_down_and_not_themselves(void **state)
{
	(void)state;
	if (nr_busy == MAX_BUSY)
		skip();		/* they are too few for this machine */
	assert_true(machine_slowdown(getpgrp()) >= 3);
	assert_true(machine_slowdown(getpgrp()) > machine_slowdown(busy[0]));
}

static void nap(long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static void a_wait_ends(void **state)
{
	struct patience patience;

	(void)state;
	patience_begin(&patience, 0.01, getpgrp());
	assert_false(patience_over(&patience) && patience.elapsed < 0.01);
	nap(11);
	assert_true(patience_over(&patience));
}

/* What the clock says after the first step counts for less. */
static void a_wait_is_stretched(void **state)
{
	struct patience patience;

	(void)state;
	if (nr_busy == MAX_BUSY)
		skip();
	patience_begin(&patience, 2.5 * PATIENCE_STEP_MS / 1000, getpgrp());
	while (!patience_over(&patience))
		nap(PATIENCE_STEP_MS / 5);
	assert_true(patience.elapsed > 3 * PATIENCE_STEP_MS / 1000.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_ends),
		cmocka_unit_test_setup_teardown(others_slow_us_down_and_not_themselves, start_others, stop_others),
		cmocka_unit_test_setup_teardown(a_wait_is_stretched, start_others, stop_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
