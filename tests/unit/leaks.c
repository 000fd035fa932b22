/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leaks.c - objects that are never freed are listed where a run ends, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/faultline.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"

DEFINE_OBJECT_KIND(gadget, "gadgets");

static struct object_probe gadgets[100];	/* each is its object too */

static void link_gadgets(unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++)
		object_linked(&kind_gadget, &gadgets[i], &gadgets[i]);
}

static void free_gadgets(unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++)
		object_freed(&kind_gadget, &gadgets[i], &gadgets[i], 0);
}

/* The caller frees the text. */
static char *text_at_end(unsigned long *faults)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	*faults = detectors_at_end(out);
	fclose(out);
	return text;
}

static void assert_ends_clean(void)
{
	unsigned long faults;
	char *text = text_at_end(&faults);

	assert_string_equal(text, "");
	assert_int_equal(faults, 0);
	free(text);
}

static void freed_objects_are_no_leak(void **state)
{
	(void)state;
	link_gadgets(0, 100);
	free_gadgets(0, 100);
	free_gadgets(0, 10);	/* were not linked again */
	assert_ends_clean();
}

static void a_planted_leak_is_listed_the_oldest_first(void **state)
{
	char first[64], *text;
	unsigned long faults;

	(void)state;
	needs_checks();
	link_gadgets(0, 100);
	free_gadgets(0, 40);
	free_gadgets(45, 100);
	text = text_at_end(&faults);
	snprintf(first, sizeof(first), "the oldest: %#lx since ", (unsigned long)&gadgets[40]);
	assert_int_equal(faults, 5);
	assert_non_null(strstr(text, "object leak: 5 of the gadgets linked and not freed, the oldest: "));
	assert_non_null(strstr(text, first));
	free(text);
	assert_ends_clean();
}

static void live_objects_are_reported(void **state)
{
	const struct detector *leaks = detector_find("leaks");
	size_t length;
	char *text;
	FILE *out;

	(void)state;
	needs_checks();
	link_gadgets(0, 2);
	out = open_memstream(&text, &length);
	leaks->report(out, false);
	fclose(out);
	assert_non_null(strstr(text, "live objects:\n  2 of the gadgets"));
	free(text);
	detectors_reset();
	assert_ends_clean();
}

/* More than the table holds: leaks are missed, and none is made up. */
static void a_full_table_makes_no_leak_up(void **state)
{
	char *objects = malloc(100000 * 64);

	(void)state;
	assert_non_null(objects);
	for (unsigned int i = 0; i < 100000; i++)
		object_linked(&kind_gadget, gadgets, objects + 64 * i);
	for (unsigned int i = 0; i < 100000; i++)
		object_freed(&kind_gadget, gadgets, objects + 64 * i, 0);
	assert_ends_clean();
	free(objects);
}

static bool map_and_exit(void *arg)
{
	struct mm_struct *mm;
	bool leak = *(bool *)arg;

	world_start(1024, 0);
	mm = world_mm("linux-6.15");
	BUG_ON(sys_mmap(mm, 0, 16 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0) < 0);
	if (!leak)
		mm_exit(mm);
	return world_stop();
}

static void a_lost_address_space_is_listed_by_kind(void **state)
{
	char said[4096];
	bool leak = false;

	(void)state;
	needs_checks();
	assert_true(child_ends_well(map_and_exit, &leak, said, sizeof(said)));
	leak = true;
	assert_false(child_ends_well(map_and_exit, &leak, said, sizeof(said)));
	assert_non_null(strstr(said, "object leak: 1 of the mm_structs"));
	assert_non_null(strstr(said, "object leak: 1 of the VMAs"));
	assert_non_null(strstr(said, "object leak: 1 of the page tables"));
}

static void nothing(void **state)
{
	(void)state;
}

static int leaves_something(void **state)
{
	(void)state;
	return teardown(false);
}

static int leaves_nothing(void **state)
{
	(void)state;
	return teardown(true);
}

/* The exit status of a process whose group of tests ends so. */
static int group_ends(int (*down)(void **state))
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing) };
	pid_t pid = (fflush(NULL), fork());
	int status;

	if (!pid) {
		BUG_ON(!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr));
		exit(cmocka_run_group_tests(tests, NULL, down));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_group_fails_with_its_teardown(void **state)
{
	(void)state;
	assert_int_equal(group_ends(leaves_nothing), EXIT_SUCCESS);
	assert_int_equal(group_ends(leaves_something), EXIT_FAILURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(freed_objects_are_no_leak),
		cmocka_unit_test(a_planted_leak_is_listed_the_oldest_first),
		cmocka_unit_test(live_objects_are_reported),
		cmocka_unit_test(a_full_table_makes_no_leak_up),
		cmocka_unit_test(a_lost_address_space_is_listed_by_kind),
		cmocka_unit_test(a_group_fails_with_its_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
