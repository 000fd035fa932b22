/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_folder.c - hosts' folders, of hosts that are called like something else in the folder of results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/data/run_folder.h"
#include "core/faultline.h"
#include "tests/lib/harness/scratch.h"

static const char *host;	/* what this host is called */

/* Stands before the C library's. */
int gethostname(char *name, size_t size)
{
	snprintf(name, size, "%s", host);
	return 0;
}

/* The folder that runs of a host of this @name go to; each such run becomes the latest and the baseline. */
static const char *folder_of(const char *name)
{
	static char path[PATH_MAX];
	char latest[PATH_MAX], baseline[PATH_MAX];
	struct stat what;

	host = name;
	assert_int_equal(run_folder_new(path, sizeof(path)), 0);
	assert_int_equal(run_folder_keep(path, RUN_BASELINE), 0);
	assert_int_equal(lstat("results/latest", &what), 0);
	assert_true(S_ISLNK(what.st_mode));
	assert_int_equal(run_folder_latest(latest, sizeof(latest)), 0);
	assert_string_equal(latest, path);
	assert_int_equal(run_folder_baseline(baseline, sizeof(baseline)), 0);
	assert_string_equal(baseline, path);
	*strrchr(path, '/') = '\0';
	return path;
}

static void names_of_results_are_no_folders_of_hosts(void **state)
{
	(void)state;
	assert_string_equal(folder_of("latest"), "results/host-latest");
	assert_string_equal(folder_of("latest.unfinished"), "results/host-latest.unfinished");
	assert_string_equal(folder_of("reference"), "results/host-reference");
	assert_string_equal(folder_of("README.md"), "results/host-README.md");
	assert_string_equal(folder_of("usual"), "results/usual");
	assert_string_equal(folder_of("host-1"), "results/host-1");
}

/* Two hosts share no folder, and so no baseline. */
static void names_that_stand_for_others_are_moved_on(void **state)
{
	(void)state;
	assert_string_equal(folder_of("host-latest"), "results/host-host-latest");
	assert_string_equal(folder_of("host-host-reference"), "results/host-host-host-reference");
}

static void names_stay_within_the_folder(void **state)
{
	(void)state;
	assert_string_equal(folder_of("../up"), "results/-.-up");
	assert_string_equal(folder_of(".hidden"), "results/-hidden");
	assert_string_equal(folder_of(""), "results/unknown");
}

static char scratch[PATH_MAX];

static int enter(void **state)
{
	(void)state;
	return mkdtemp(scratch_name(scratch, "folder")) ? chdir(scratch) : -1;
}

static int leave(void **state)
{
	char command[PATH_MAX + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	return chdir("/") || system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_results_are_no_folders_of_hosts),
		cmocka_unit_test(names_that_stand_for_others_are_moved_on),
		cmocka_unit_test(names_stay_within_the_folder),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
