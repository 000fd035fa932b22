/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_compare.c - `faultline compare`: which benchmarks changed, which are the same, and about which it cannot tell. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/cmd/commands.h"
#include "bench/data/compare.h"
#include "bench/data/facts.h"
#include "bench/data/run_folder.h"
#include "bench/data/statistics.h"
#include "bench/data/table.h"
#include "bench/data/trust.h"
#include "core/faultline.h"

enum { OPT_THRESHOLD = 1 };

static const struct poptOption options[] = {
	{ "threshold", 't', POPT_ARG_STRING, NULL, OPT_THRESHOLD, "smallest change that counts (default: 1)",
	  "PERCENT" },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	double *threshold = target, percent;

	(void)option;
	if (!read_fraction(text, 0, 1000, &percent))
		return complain("invalid threshold '%s': give 0 to 1000 percent", text);
	*threshold = percent / 100;
	return 0;
}

/* ---- text ---- */
static const char *verdict_text(enum change_verdict verdict)
{
	static const char *const texts[NR_VERDICTS] = {
		[VERDICT_UNKNOWN] = "cannot tell", [VERDICT_SAME] = "same",
		[VERDICT_FASTER] = "faster", [VERDICT_SLOWER] = "slower",
		[VERDICT_CONTROL] = "control", [VERDICT_MARKED] = "excluded: ",
	};

	return texts[verdict];
}

/* With COMPARE_DIGITS digits: the ratio beside it is made of what stands there. */
static void format_rate(char *text, size_t size, double rate)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T" };
	size_t prefix = 0;
	int decimals = COMPARE_DIGITS - 1;

	for (; rate >= 1000 && prefix + 1 < ARRAY_SIZE(prefixes); prefix++)
		rate /= 1000;
	for (double left = rate; left >= 10 && decimals; left /= 10)
		decimals--;
	snprintf(text, size, "%.*f %s", decimals, rate, prefixes[prefix]);
}

static void print_change(FILE *out, int width, const struct change *change)
{
	char before[32], after[32], marks[MARKS_TEXT];

	format_rate(before, sizeof(before), change->before);
	format_rate(after, sizeof(after), change->after);
	fprintf(out, "%-*s %-4s %9s %9s %7.4f  %6.3f … %-6.3f %8.2g %8.1f%%  %s%s\n", width, change->result->name,
		change->by_processor ? "cpu" : "real", before, after, change->ratio, change->low, change->high,
		change->p, change->threshold * 100, verdict_text(change->verdict),
		change->verdict == VERDICT_MARKED ? marks_text(change->marks, marks) : "");
}

/* The largest change in the direction of @verdict. */
static const struct change *largest_change(const struct comparison *comparison, enum change_verdict verdict)
{
	const struct change *found = NULL;

	for (unsigned int i = 0; i < comparison->nr; i++) {
		const struct change *change = &comparison->changes[i];

		if (change->verdict == verdict && (!found || fabs(log(change->ratio)) > fabs(log(found->ratio))))
			found = change;
	}
	return found;
}

static void print_verdict(FILE *out, const struct comparison *comparison)
{
	const enum change_verdict verdict = comparison_verdict(comparison);
	const unsigned int *counts = comparison->counts, judged = comparison->judged;
	const struct change *change = largest_change(comparison, verdict);

	if (verdict == VERDICT_SAME)
		fprintf(out, "same: all of %u benchmarks are within their thresholds\n", judged);
	else if (verdict == VERDICT_UNKNOWN)
		fprintf(out, "cannot tell: %u of %u benchmarks may have changed or not: measure more rounds\n",
			counts[VERDICT_UNKNOWN], judged);
	else
		fprintf(out, "%s: %u of %u benchmarks are slower, %u faster; the largest change: %s by %.1f %%\n",
			verdict_text(verdict), counts[VERDICT_SLOWER], judged, counts[VERDICT_FASTER],
			change->result->name,
			verdict == VERDICT_SLOWER ? (1 / change->ratio - 1) * 100 : (change->ratio - 1) * 100);
}

static void print_thresholds(FILE *out, const struct comparison *comparison)
{
	fprintf(out,
		"\nRates are per second of real time or, with one thread, of processor time (cpu). A change counts "
		"when p, corrected for\n"
		"%u benchmarks, is below %g, and beyond its threshold: the largest of %.1f %%, ",
		comparison->judged, SIGNIFICANCE, comparison->asked * 100);
	if (comparison->in_rounds)
		fprintf(out,
			"and what the controls with as many threads\nshifted by. Intervals and p hold however often "
			"rounds are added.\n");
	else
		fprintf(out,
			"the noise floors (before %.1f %%,\nafter %.1f %%) and what the controls with as many threads "
			"shifted by.\n",
			comparison->floor_before * 100, comparison->floor_after * 100);
	fprintf(out, "Geometric mean of the ratios of %u benchmarks: %.4f", comparison->judged, comparison->mean);
	if (comparison->mean_high > 0)
		fprintf(out, ", interval %.3f … %.3f", comparison->mean_low, comparison->mean_high);
	fprintf(out, ".\n");
}

/* One line for each change, what the thresholds are made of, and last one line that begins with the verdict. */
static void print_comparison(FILE *out, const struct comparison *comparison)
{
	int width = 9;

	for (unsigned int i = 0; i < comparison->nr; i++)
		width = max(width, (int)strlen(comparison->changes[i].result->name));
	fprintf(out, "%-*s %-4s %9s %9s %7s  %15s %8s %9s\n", width, "benchmark", "time", "before/s", "after/s",
		"ratio", "95 % interval", "p", "threshold");
	for (unsigned int i = 0; i < comparison->nr; i++)
		print_change(out, width, &comparison->changes[i]);
	print_thresholds(out, comparison);
	print_verdict(out, comparison);
}

/* ---- the command ---- */
static int status_of(enum change_verdict verdict)
{
	return verdict == VERDICT_SAME ? EXIT_DONE : verdict == VERDICT_UNKNOWN ? EXIT_UNDECIDED : EXIT_CHECK_FAILED;
}

static int compare(const struct side *before, const struct side *after, double threshold)
{
	struct comparison comparison;
	int status;

	if (before->nr != after->nr)
		return complain("%u runs before and %u after: each round has one of both", before->nr, after->nr);
	compare_sides(&comparison, before, after, threshold);
	if (comparison.nr == comparison.counts[VERDICT_CONTROL]) {
		status = complain("no benchmark is on both sides, but for controls");
	} else {
		facts_warn(stdout, before, after);
		print_comparison(stdout, &comparison);
		status = status_of(comparison_verdict(&comparison));
	}
	comparison_free(&comparison);
	return status;
}

/* One word alone is set against the baseline of this host. */
static int load_and_compare(const struct command_line *line, double threshold)
{
	static struct side before, after;
	char baseline[PATH_MAX];
	int status;

	if (line->nr_words < 1 || line->nr_words > 2)
		return complain("one side, or two (see %s --help)", program_name);
	status = line->nr_words == 1 ? run_folder_baseline(baseline, sizeof(baseline)) : 0;
	if (!status)
		status = side_load(&before, line->nr_words == 1 ? baseline : line->words[0]);
	if (status)
		return status;
	status = side_load(&after, line->words[line->nr_words - 1]);
	if (!status) {
		status = compare(&before, &after, threshold);
		side_free(&after);
	}
	side_free(&before);
	return status;
}

static int run_compare(int argc, const char **argv)
{
	double threshold = COMPARE_THRESHOLD;
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] [BEFORE] AFTER", take, &threshold);

	if (status)
		return status;
	status = load_and_compare(&line, threshold);
	command_line_free(&line);
	return status;
}

const struct command compare_command = {
	.name = "compare",
	.arguments = "[BEFORE] AFTER",
	.what = "compare results: slower, faster, same or cannot tell",
	.run = run_compare,
};
