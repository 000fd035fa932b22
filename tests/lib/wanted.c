/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wanted.c - storms that go on with further seeds until they have met what they are for. */
#include "tests/lib/wanted.h"

#include <stdio.h>

#include "tests/lib/world.h"

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

bool another_storm(struct storms *storms)
{
	if (storms->begun >= storms->least) {
		const struct wanted *missing = not_met(storms);
		char text[128];

		if (!missing)
			return false;
		snprintf(text, sizeof(text), "after %u storms met %lu times of %lu: %s", storms->begun, (unsigned long)met(missing),
			 (unsigned long)missing->times, missing->count ? missing->name : cpu_event_name(missing->event));
		if (storms->begun == STORMS_PATIENCE * storms->least)
			BUG("%s", text);
		if (storms->begun == storms->least)
			fprintf(stderr, "%s; so it goes on\n", text);
	}
	storms->index = storms->begun++;
	storms->seed = test_seed() + storms->index;
	return true;
}
