/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_compare.c - `faultline compare`: what is faster, what is slower, and what is noise. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/command.h"
#include "bench/compare.h"
#include "bench/run_folder.h"
#include "bench/statistics.h"
#include "bench/table.h"
#include "core/faultline.h"

enum { OPT_THRESHOLD = 1 };

static const struct poptOption options[] = {
	{ "threshold", 't', POPT_ARG_STRING, NULL, OPT_THRESHOLD, "ignore changes below PERCENT (default: 5)", "PERCENT" },
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
	static const char *const texts[] = {
		[VERDICT_NOISE] = "noise", [VERDICT_FASTER] = "faster", [VERDICT_SLOWER] = "slower", [VERDICT_CONTROL] = "control",
	};

	return texts[verdict];
}

static void print_change(FILE *out, int width, const struct change *change)
{
	char before[32], after[32];

	format_si(before, sizeof(before), change->before);
	format_si(after, sizeof(after), change->after);
	fprintf(out, "%-*s %9s %9s %7.3f  %6.3f … %-6.3f %8.2g %8.1f%%  %s\n", width, change->result->name, before, after, change->ratio,
		change->low, change->high, change->p, change->threshold * 100, verdict_text(change->verdict));
}

/* The change that went farthest the way of @verdict. */
static const struct change *farthest(const struct comparison *comparison, enum change_verdict verdict)
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
	enum change_verdict verdict = comparison->slower ? VERDICT_SLOWER : comparison->faster ? VERDICT_FASTER : VERDICT_NOISE;
	unsigned int judged = comparison->nr - comparison->controls;
	const struct change *change = farthest(comparison, verdict);

	if (verdict == VERDICT_NOISE)
		fprintf(out, "noise: none of %u benchmarks changed\n", judged);
	else
		fprintf(out, "%s: %u of %u benchmarks are slower, %u faster; the farthest %s by %.1f %%\n", verdict_text(verdict),
			comparison->slower, judged, comparison->faster, change->result->name,
			verdict == VERDICT_SLOWER ? (1 / change->ratio - 1) * 100 : (change->ratio - 1) * 100);
}

static void print_thresholds(FILE *out, const struct comparison *comparison)
{
	fprintf(out, "\nA change counts when p, corrected for %u benchmarks, is below %g, and beyond its threshold: the largest of %.1f %%,\n",
		comparison->nr - comparison->controls, SIGNIFICANCE, comparison->asked * 100);
	if (comparison->in_rounds)
		fprintf(out, "and what the controls with as many threads shifted by.\n");
	else
		fprintf(out, "the noise floors (before %.1f %%, after %.1f %%) and what the controls with as many threads shifted by.\n",
			comparison->floor_before * 100, comparison->floor_after * 100);
}

/* One line for each change, what the thresholds are made of, and last one line that begins with the verdict. */
static void print_comparison(FILE *out, const struct comparison *comparison)
{
	int width = 9;

	for (unsigned int i = 0; i < comparison->nr; i++)
		width = max(width, (int)strlen(comparison->changes[i].result->name));
	fprintf(out, "%-*s %9s %9s %7s  %15s %8s %9s\n", width, "benchmark", "before/s", "after/s", "ratio", "95 % interval", "p", "threshold");
	for (unsigned int i = 0; i < comparison->nr; i++)
		print_change(out, width, &comparison->changes[i]);
	print_thresholds(out, comparison);
	print_verdict(out, comparison);
}

/* ---- the command ---- */
static int compare(const struct side *before, const struct side *after, double threshold)
{
	struct comparison comparison;
	int status = EXIT_DONE;

	if (before->nr != after->nr)
		return complain("%u runs before and %u after: each round has one of both", before->nr, after->nr);
	compare_sides(&comparison, before, after, threshold);
	if (comparison.nr == comparison.controls)
		status = complain("no benchmark is on both sides, but for controls");
	else
		print_comparison(stdout, &comparison);
	if (comparison.slower)
		status = EXIT_CHECK_FAILED;
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
	.what = "compare results: faster, slower or noise",
	.run = run_compare,
};
