/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wanted.c - storms that go on with further seeds until they have met what they are for. */
#include "tests/lib/harness/wanted.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/lib/harness/world.h"

static unsigned int running;	/* (C) while threads run: the index of the storm */

/* FAULTLINE_TEST_ONLY names the tests that a program runs. */
static void __attribute__((constructor)) choose_tests(void)
{
	cmocka_set_test_filter(getenv("FAULTLINE_TEST_ONLY"));
}

/* The storm that FAULTLINE_TEST_STORM asks for, or -1. */
static long only_storm(void)
{
	const char *only = getenv("FAULTLINE_TEST_STORM");

	return only ? strtol(only, NULL, 0) : -1;
}

/* How the storm that dies is run alone. */
static void print_repeat(const char *detector, const char *text)
{
	(void)detector;
	(void)text;
	fprintf(stderr, "repeat with: FAULTLINE_TEST_SEED=%lu FAULTLINE_TEST_STORM=%u %s\n", (unsigned long)test_seed(),
		running, program_invocation_name);
}

static uint64_t met(const struct wanted *wanted)
{
	return wanted->count ? *wanted->count : events_total(wanted->event);
}

static const struct wanted *not_met(const struct storms *storms)
{
	for (unsigned int i = 0; i < storms->nr_wanted; i++)
		if (met(&storms->wanted[i]) < storms->wanted[i].times)
			return &storms->wanted[i];
	return NULL;
}

struct storms storms_begin(const struct wanted *wanted, unsigned int nr_wanted, unsigned int least)
{
	events_reset();
	return (struct storms){ .wanted = wanted, .nr_wanted = nr_wanted, .least = least };
}

static bool begin_storm(struct storms *storms, unsigned int index)
{
	storms->index = index;
	storms->begun = index + 1;
	storms->seed = test_seed() + index;
	running = index;
	if (!die_hook)
		die_hook = print_repeat;
	return true;
}

static bool end_storms(void)
{
	if (die_hook == print_repeat)
		die_hook = NULL;
	return false;
}

bool another_storm(struct storms *storms)
{
	long only = only_storm();

	if (only >= 0)
		return storms->begun ? end_storms() : begin_storm(storms, (unsigned int)only);
	if (storms->begun >= storms->least) {
		const struct wanted *missing = not_met(storms);
		char text[128];

		if (!missing)
			return end_storms();
		snprintf(text, sizeof(text), "after %u storms met %lu times of %lu: %s", storms->begun,
			 (unsigned long)met(missing), (unsigned long)missing->times,
			 missing->count ? missing->name : missing->event->name);
		if (storms->begun == STORMS_PATIENCE * storms->least) {
			end_storms();
			BUG("%s", text);
		}
		if (storms->begun == storms->least)
			fprintf(stderr, "%s; so it goes on\n", text);
	}
	return begin_storm(storms, storms->begun);
}
