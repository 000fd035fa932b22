/* SPDX-License-Identifier: GPL-2.0-or-later */
/* operation.c - what a cpu is in, as another sees it: entered, nested, left on every way out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cpu.h"
#include "core/probe/current_operation.h"
#include "core/probe/operation.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

static char seen[1024];

static void look(void)
{
	FILE *out = fmemopen(seen, sizeof(seen), "w");

	assert_non_null(out);
	operations_print(out, this_cpu->id);
	fputc('\0', out);
	fclose(out);
}

#if FAULTLINE_CHECK
static char heard[300];

static void hear(const char *what, const struct operation_event *event)
{
	size_t length = strlen(heard);

	snprintf(heard + length, sizeof(heard) - length, "%s %s %p 0x%lx; ", what, event->site->name, event->on,
		 event->at);
}

static void hear_begin(const struct operation_event *event)
{
	hear("begins", event);
}

static void hear_end(const struct operation_event *event)
{
	hear("ends", event);
}

static const struct operation_subscriber listener = { .begins = hear_begin, .ends = hear_end };
OPERATION_SUBSCRIBER(listener);
#endif

static int inner(bool early)
{
	OPERATION("inner", NULL, 0);
	if (early)
		return 1;
	look();
	return 0;
}

static void outer(void)
{
	OPERATION("outer", (void *)0x1000, 0x40000000);
	inner(true);
	inner(false);
}

#if FAULTLINE_CHECK
static void subscribers_are_notified_of_both_ends(void **state)
{
	(void)state;
	heard[0] = '\0';
	outer();
	assert_string_equal(heard, "begins outer 0x1000 0x40000000; begins inner (nil) 0x0; ends inner (nil) 0x0; "
				   "begins inner (nil) 0x0; ends inner (nil) 0x0; ends outer 0x1000 0x40000000; ");
}
#endif

static void one_inside_the_other(void **state)
{
	(void)state;
	needs_checks();
	outer();
	assert_string_equal(seen, ", in outer of 0x1000 at 0x40000000, inner of (nil)");
	look();
	assert_string_equal(seen, "");
}

static void deep(unsigned int levels)
{
	OPERATION("deep", NULL, levels);
	if (levels)
		deep(levels - 1);
	else
		look();
}

static void what_is_too_deep_is_not_shown_and_left_all_the_same(void **state)
{
	(void)state;
	needs_checks();
	deep(100);
	assert_string_equal(
		seen, ", in deep of (nil) at 0x64, deep of (nil) at 0x63, deep of (nil) at 0x62, deep of (nil) at 0x61,"
		      " deep of (nil) at 0x60, deep of (nil) at 0x5f, deep of (nil) at 0x5e, deep of (nil) at 0x5d");
	look();
	assert_string_equal(seen, "");
}

static void *not_a_cpu(void *unused)
{
	(void)unused;
	inner(true);
	return NULL;
}

static void a_thread_that_is_no_cpu_is_in_no_operation(void **state)
{
	pthread_t thread;

	(void)state;
	needs_checks();
	assert_int_equal(pthread_create(&thread, NULL, not_a_cpu, NULL), 0);
	pthread_join(thread, NULL);
	look();
	assert_string_equal(seen, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_inside_the_other),
		cmocka_unit_test(what_is_too_deep_is_not_shown_and_left_all_the_same),
#if FAULTLINE_CHECK
		cmocka_unit_test(subscribers_are_notified_of_both_ends),
#endif
		cmocka_unit_test(a_thread_that_is_no_cpu_is_in_no_operation),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
