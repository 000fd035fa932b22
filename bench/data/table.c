/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - results for people, as text. */
#include "bench/data/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/trust.h"
#include "core/faultline.h"

void format_si(char *text, size_t size, double number)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T" };
	size_t prefix = 0;

	while (fabs(number) >= 999.5 && prefix + 1 < ARRAY_SIZE(prefixes)) {
		number /= 1000;
		prefix++;
	}
	if (fabs(number) >= 999.5) {
		snprintf(text, size, "%.3g %s", number, prefixes[prefix]);
		return;
	}
	snprintf(text, size, "%.*f %s",
		 fabs(number) < 9.995 ? 2 :
		 fabs(number) < 99.95 ? 1 :
					0,
		 number, prefixes[prefix]);
}

void format_time(char *text, size_t size, double nanoseconds)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };
	size_t unit = 0;

	while (nanoseconds >= 999.5 && unit + 1 < ARRAY_SIZE(units)) {
		nanoseconds /= 1000;
		unit++;
	}
	snprintf(text, size, "%.3g %s", nanoseconds, units[unit]);
}

double as_shown(double number)
{
	return rounded_to(number, 3);
}

double rounded_to(double number, int digits)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*e", digits - 1, number);
	return strtod(text, NULL);
}

double nanoseconds_as_shown(double nanoseconds)
{
	return nanoseconds < 10 ? round(nanoseconds * 100) / 100 : round(nanoseconds * 10) / 10;
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

/* Half of the median's interval, in percent of it. */
static double reach(const struct result *result)
{
	double median = result_median(result), low, high;

	result_interval(result, &low, &high);
	return median > 0 ? 50 * (high - low) / median : 0;
}

static void print_fairness(FILE *out, const struct result *result)
{
	if (result->fairness >= 0 && result->threads > 1)
		fprintf(out, " %8.2f", result->fairness);
	else
		fprintf(out, " %8s", "-");
}

static void print_scaling(FILE *out, const struct results *results, const struct result *result)
{
	const struct result *alone = results_find(results, result, result->policy, 1);

	if (alone && trust_row(alone) && trust_row(result))
		fprintf(out, "%9.2f", as_shown(result_median(result)) / as_shown(result_median(alone)));
	else
		fprintf(out, "%9s", "-");
}

void table_print(FILE *out, const struct results *results)
{
	int workload = widest(results, workload_of), choices = widest(results, choices_of),
	    policy = widest(results, policy_of);

	fprintf(out, "%-*s  %-*s  %-*s %7s %12s %12s %8s %9s %8s\n", workload, "workload", choices, "choices", policy,
		"policy", "threads", "ns/item", "items/s", "+-", "x 1 thr.", "fairness");
	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];
		char rate[32], marks[MARKS_TEXT];

		fprintf(out, "%-*s  %-*s  %-*s %7u ", workload, result->workload, choices, result->choices, policy,
			policy_of(result), result->threads);
		if (!result->nr) {
			fprintf(out, "%s%s\n", result_skipped(result) ? "" : "failed: ", result->error);
			continue;
		}
		format_si(rate, sizeof(rate), result_median(result));
		fprintf(out, "%12.*f %12s %7.1f%% ", result_nanoseconds(result) < 10 ? 2 : 1,
			result_nanoseconds(result), rate, reach(result));
		print_scaling(out, results, result);
		print_fairness(out, result);
		fprintf(out, "%s%s\n", result->marks ? "  " : "", marks_text(result->marks, marks));
	}
	fprintf(out,
		"\nMedians of the repetitions; ns/item is what one thread spends on one item; +- is half of the "
		"median's 95 %% interval (of\n"
		"5 repetitions or fewer: of their range); fairness is Jain's index over the threads, 1 when all got "
		"the same done.\n"
		"A/A noise floor of this run: %.1f %%. Ignore smaller differences between two benchmarks.\n",
		results_noise_floor(results) * 100);
	trust_explain(out, results);
}
