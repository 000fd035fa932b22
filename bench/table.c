/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - results for people, as text. */
#include "bench/table.h"

#include <math.h>
#include <string.h>

#include "core/faultline.h"

void format_si(char *text, size_t size, double number)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T" };
	size_t prefix = 0;

	while (fabs(number) >= 999.5 && prefix + 1 < ARRAY_SIZE(prefixes)) {
		number /= 1000;
		prefix++;
	}
	snprintf(text, size, "%.*f %s", fabs(number) < 9.995 ? 2 : fabs(number) < 99.95 ? 1 : 0, number, prefixes[prefix]);
}

static int widest(const struct results *results, const char *(*text)(const struct result *))
{
	size_t width = 8;

	for (unsigned int i = 0; i < results->nr; i++)
		width = max(width, strlen(text(&results->all[i])));
	return (int)width;
}

static const char *workload_of(const struct result *result) { return result->workload; }
static const char *choices_of(const struct result *result) { return result->choices; }
static const char *policy_of(const struct result *result) { return *result->policy ? result->policy : "-"; }
static const char *name_of(const struct result *result) { return result->name; }

/* How far the repetitions lie from the median, in percent of it. */
static double spread(const struct result *result)
{
	double median = result_median(result);

	return median > 0 ? 50 * (result_most(result) - result_least(result)) / median : 0;
}

static void print_scaling(FILE *out, const struct results *results, const struct result *result)
{
	const struct result *alone = results_find(results, result, result->policy, 1);

	if (alone && result_median(alone) > 0)
		fprintf(out, "%9.2f\n", result_median(result) / result_median(alone));
	else
		fprintf(out, "%9s\n", "-");
}

void table_print(FILE *out, const struct results *results)
{
	int workload = widest(results, workload_of), choices = widest(results, choices_of), policy = widest(results, policy_of);

	fprintf(out, "%-*s  %-*s  %-*s %7s %12s %12s %8s %9s\n", workload, "workload", choices, "choices", policy, "policy",
		"threads", "ns/item", "items/s", "spread", "x 1 thr.");
	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];
		char rate[32];

		fprintf(out, "%-*s  %-*s  %-*s %7u ", workload, result->workload, choices, result->choices, policy,
			policy_of(result), result->threads);
		if (!result->nr) {
			fprintf(out, "%s%s\n", result_skipped(result) ? "" : "failed: ", result->error);
			continue;
		}
		format_si(rate, sizeof(rate), result_median(result));
		fprintf(out, "%12.*f %12s %7.1f%% ", result_nanoseconds(result) < 10 ? 2 : 1, result_nanoseconds(result), rate,
			spread(result));
		print_scaling(out, results, result);
	}
	fprintf(out, "\nMedians of the repetitions; ns/item is what one thread spends on one item; spread is half of max - min.\n");
}

/* Outside both spreads a change is more than this machine's noise in these two runs. */
static const char *verdict(const struct result *before, const struct result *after)
{
	if (result_least(after) > result_most(before))
		return "faster";
	return result_most(after) < result_least(before) ? "slower" : "";
}

static void print_change(FILE *out, int width, const struct result *before, const struct result *after)
{
	char old[32], new[32];

	format_si(old, sizeof(old), result_median(before));
	format_si(new, sizeof(new), result_median(after));
	fprintf(out, "%-*s %12s %12s %8.3f  %s\n", width, after->name, old, new, result_median(after) / result_median(before),
		verdict(before, after));
}

unsigned int table_compare(FILE *out, const struct results *before, const struct results *after)
{
	int width = widest(after, name_of);
	unsigned int shared = 0;

	for (unsigned int i = 0; i < after->nr; i++) {
		const struct result *one = results_by_name(before, after->all[i].name), *other = &after->all[i];

		if (!one || !other->nr || result_median(one) <= 0)
			continue;
		if (!shared++)
			fprintf(out, "%-*s %12s %12s %8s\n", width, "benchmark", "before/s", "after/s", "ratio");
		print_change(out, width, one, other);
	}
	return shared;
}
