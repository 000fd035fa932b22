/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results.c - any bytes are results, that can be printed and compared, or are refused with one line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/data/compare.h"
#include "bench/data/table.h"
#include "tests/lib/harness/fuzz.h"

static void check_result(const struct result *result)
{
	HOLDS(result->name && result->workload && *result->workload && result->policy && result->choices);
	HOLDS(result->nr || result->error || result->empty);
	for (unsigned int i = 0; i < result->nr; i++) {
		HOLDS(isfinite(result->rates[i]) && result->rates[i] >= 0);
		HOLDS(!i || result->rates[i - 1] <= result->rates[i]);
	}
}

static void print(const struct results *results)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	HOLDS(nowhere);
	table_print(nowhere, results);
}

/* Nothing is faster or slower than itself. */
static void compare(const char *path)
{
	struct side before = { .nr = 0 }, after = { .nr = 0 };
	struct comparison comparison;

	if (side_load(&before, path))
		return;		/* a smoke run */
	HOLDS(!side_load(&after, path));
	compare_sides(&comparison, &before, &after, COMPARE_THRESHOLD);
	for (unsigned int i = 0; i < comparison.nr; i++)
		HOLDS(comparison.changes[i].verdict != VERDICT_FASTER &&
		      comparison.changes[i].verdict != VERDICT_SLOWER);
	comparison_free(&comparison);
	side_free(&before);
	side_free(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);
	struct results results;
	char why[512] = "";

	if (results_load(path, &results, why, sizeof(why))) {
		HOLDS(*why && !strpbrk(why, "\n\r\x1b") && !results.all);
		return 0;
	}
	HOLDS(results.nr);
	for (unsigned int i = 0; i < results.nr; i++)
		check_result(&results.all[i]);
	print(&results);
	HOLDS(isfinite(results_noise_floor(&results)));
	results_free(&results);
	compare(path);
	return 0;
}
