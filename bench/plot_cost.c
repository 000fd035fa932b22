/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_cost.c - time per item of each benchmark with its fewest threads: one bar each. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "bench/plot.h"
#include "core/faultline.h"

#define TOP		(PLOT_TOP + 30)	/* pixels above the bars */
#define BOTTOM		55
#define BAR_HEIGHT	21

static const struct {
	const char *title, *colour;
} kinds[NR_PLOT_KINDS] = {
	[PLOT_CORE] = { "the core, ", "#2b8c9e" },
	[PLOT_LIMIT] = { "its parts alone", "#9aa5b1" },
	[PLOT_LIVE] = { "the live kernel", "#d95f02" },
};

struct cost {
	const struct result **bars;	/* from the bottom up */
	unsigned int nr;
	const char *policy;		/* of those that have one */
};

/* "812 ns", "1.24 µs". */
static void format_time(char *text, size_t size, double nanoseconds)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };
	size_t unit = 0;

	while (nanoseconds >= 999.5 && unit + 1 < ARRAY_SIZE(units)) {
		nanoseconds /= 1000;
		unit++;
	}
	snprintf(text, size, "%.3g %s", nanoseconds, units[unit]);
}

static void put_label(FILE *out, const struct result *result)
{
	char label[512];

	snprintf(label, sizeof(label), "%s%s%s", result->workload, *result->choices ? "  " : "", result->choices);
	if (result->threads > 1)
		snprintf(label + strlen(label), sizeof(label) - strlen(label), "  threads:%u", result->threads);
	gnuplot_put_quoted(out, label);
}

/* Each kind is a block of its own: row, median, least, most time, the time as text. */
static void put_data(FILE *out, const void *what)
{
	const struct cost *cost = what;

	for (enum plot_kind kind = 0; kind < NR_PLOT_KINDS; kind++) {
		fprintf(out, "$kind%u << EOD\n", kind);
		for (unsigned int i = 0; i < cost->nr; i++) {
			const struct result *result = cost->bars[i];
			char text[32];

			if (plot_kind_of(result) != kind)
				continue;
			format_time(text, sizeof(text), result_nanoseconds(result));
			fprintf(out, "%u %g %g %g \"%s\"\n", i, result_nanoseconds(result), result->threads * 1e9 / result_most(result),
				result->threads * 1e9 / result_least(result), text);
		}
		fputs("EOD\n", out);
	}
}

static bool has_kind(const struct cost *cost, enum plot_kind kind)
{
	for (unsigned int i = 0; i < cost->nr; i++)
		if (plot_kind_of(cost->bars[i]) == kind)
			return true;
	return false;
}

/* A tic at each power of ten from @low on, with its unit. */
static void put_time_tics(FILE *out, double low, double high)
{
	static const char *const units[] = { "ps", "ns", "µs", "ms", "s" };

	fputs("set xtics (", out);
	for (int power = (int)lround(log10(low)); pow(10, power) <= high; power++) {
		int unit = (power + 3) / 3;

		fprintf(out, "%s'%g %s' %g", pow(10, power) > low * 2 ? ", " : "", pow(10, power + 3 - 3 * unit), units[unit],
			pow(10, power));
	}
	fputs(") font ',9.5'\n", out);
}

/* A logarithmic axis has no zero: bars begin at the power of ten below the shortest. */
static void put_axes(FILE *out, const struct cost *cost, double *low)
{
	double least = INFINITY, most = 0;
	size_t width = 0;

	fputs("set ytics (", out);
	for (unsigned int i = 0; i < cost->nr; i++) {
		const struct result *result = cost->bars[i];

		least = min(least, result_nanoseconds(result));
		most = max(most, result->threads * 1e9 / result_least(result));
		width = max(width, strlen(result->workload) + strlen(result->choices));
		fputs(i ? ", " : "", out);
		put_label(out, result);
		fprintf(out, " %u", i);
	}
	*low = max(1e-3, pow(10, floor(log10(least) - 0.3)));
	fprintf(out, ") font ',9.5'\nset logscale x 10\nset xrange [%g:%g]\nset yrange [-0.7:%g]\nset lmargin %zu\n", *low,
		most * 6, cost->nr - 0.3, width + 6);
	put_time_tics(out, *low, most * 6);
}

static void put_bars(FILE *out, const struct cost *cost, enum plot_kind kind, double low)
{
	fprintf(out, "$kind%u using 2:1:(%g):2:($1-0.33):($1+0.33) with boxxyerror lc rgb '%s' title '%s%s', "
		"$kind%u using 2:1:3:4 with xerrorbars pt 0 lw 1.2 lc rgb '#222222' notitle, "
		"$kind%u using 4:1:5 with labels left offset 0.7,0 font ',8.5' textcolor '#333333' notitle",
		kind, low, kinds[kind].colour, kinds[kind].title, kind == PLOT_CORE ? cost->policy : "", kind, kind);
}

static void put_commands(FILE *out, const void *what)
{
	const struct cost *cost = what;
	double height = TOP + BOTTOM + cost->nr * BAR_HEIGHT, low;
	const char *before = "plot ";

	put_axes(out, cost, &low);
	fprintf(out, "set tmargin at screen %f\nset bmargin at screen %f\nset rmargin 3\n", 1 - TOP / height, BOTTOM / height);
	fputs("set xlabel 'time that one thread spends on one item' font ',10'\nset grid x ls 100\nset tics scale 0.4\n"
	      "set style fill solid 0.85 noborder\n"
	      "set key at graph 0.4,graph 1 center bottom horizontal font ',10' Left reverse samplen 1.5 width -3 maxrows 1\n", out);
	for (enum plot_kind kind = 0; kind < NR_PLOT_KINDS; kind++) {
		if (!has_kind(cost, kind))
			continue;
		fputs(before, out);
		put_bars(out, cost, kind, low);
		before = ", ";
	}
	putc('\n', out);
}

/* With the fewest threads it was measured with, and the newest of its policies. */
static bool stands_for_its_choices(const struct results *results, const struct result *result, const char *policy)
{
	if (!result->nr || (*result->policy && strcmp(result->policy, policy)))
		return false;
	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *other = &results->all[i];

		if (other->nr && !strcmp(other->workload, result->workload) && !strcmp(other->choices, result->choices) &&
		    !strcmp(other->policy, result->policy) && other->threads < result->threads)
			return false;
	}
	return true;
}

/* The default, where it was measured; else the newest. */
static const char *shown_policy(const struct results *results)
{
	const char *policies[64];
	unsigned int nr = plot_policy_names(results, policies, ARRAY_SIZE(policies));

	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(policies[i], policy_default()->name))
			return policies[i];
	return nr ? policies[nr - 1] : "";
}

/* By kind, then by name, from the top down. */
static void gather_bars(struct cost *cost, const struct results *results)
{
	cost->policy = shown_policy(results);
	for (enum plot_kind kind = NR_PLOT_KINDS; kind; kind--)
		for (unsigned int i = results->nr; i; i--) {
			const struct result *result = &results->all[i - 1];

			if (plot_kind_of(result) == kind - 1 && stands_for_its_choices(results, result, cost->policy))
				cost->bars[cost->nr++] = result;
		}
}

int plot_cost(const struct results *results)
{
	struct cost cost = { .bars = calloc(results->nr, sizeof(*cost.bars)) };
	struct picture picture = {
		.name = "cost",
		.title = "Time per item, fewest threads",
		.marks = "median, least and most of the repetitions",
		.width = 1000,
		.put_data = put_data,
		.put_commands = put_commands,
		.what = &cost,
	};
	int status = 0;

	if (!cost.bars)
		return fail("out of memory");
	gather_bars(&cost, results);
	picture.height = TOP + BOTTOM + cost.nr * BAR_HEIGHT;
	if (cost.nr)
		status = plot_write(&picture, results);
	else
		puts("no picture of cost: every benchmark failed");
	free(cost.bars);
	return status;
}
