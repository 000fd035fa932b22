/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_scaling.c - throughput against threads, and what two models make of it: one figure a workload. Rows with
 * marks (trust.h) are in the figures' tables, and no points of curves.
 */
#include <math.h>
#include <string.h>

#include "bench/data/shown.h"
#include "bench/data/trust.h"
#include "bench/draw/plot.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

#define MAX_LINES	16
#define LEAST_POINTS	2	/* numbers of threads that are a curve at all */
#define BOUND_COLOUR	"#c2185b"
#define DOTTED		"dt (2,4) lw 1.2 lc rgb '#888888'"

/* One figure: all lines of a workload and its choices. */
struct panel {
	const struct report_run *run;
	const struct results *results;
	const struct usl_fits *fits;
	const struct result *of;
	const char *policies[MAX_LINES];	/* "" stands for none */
	unsigned int nr_policies;		/* in this figure */
	unsigned int nr_colours;		/* policies in all results */
	unsigned int colours[MAX_LINES];
	const char *excluded[MAX_LINES];	/* policies with rows, all of which have marks */
	unsigned int nr_excluded;
	unsigned int measured;			/* rows of the longest line, with those that have marks */
	unsigned int most_threads, least_threads;
	double highest;				/* of all intervals */
	struct lock_bound bound;
	bool bounded;
};

static bool is_row(const struct panel *panel, const struct result *result, const char *policy)
{
	return result_median(result) > 0 && !strcmp(result->workload, panel->of->workload) &&
	       !strcmp(result->choices, panel->of->choices) && !strcmp(result->policy, policy);
}

static bool is_point(const struct panel *panel, const struct result *result, const char *policy)
{
	return trust_row(result) && is_row(panel, result, policy);
}

static unsigned int rows_of(const struct panel *panel, const char *policy)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < panel->results->nr; i++)
		nr += is_row(panel, &panel->results->all[i], policy);
	return nr;
}

static unsigned int points_of(struct panel *panel, const char *policy)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < panel->results->nr; i++) {
		const struct result *result = &panel->results->all[i];

		if (!is_point(panel, result, policy))
			continue;
		nr++;
		panel->highest = fmax(panel->highest, result_most(result));
		panel->most_threads = max(panel->most_threads, result->threads);
		panel->least_threads = min(panel->least_threads, result->threads);
	}
	return nr;
}

/* The newest policy stands for the workload: it is what a reader runs today. */
static void find_bound(struct panel *panel)
{
	for (unsigned int i = 0; i < panel->results->nr; i++)
		if (is_point(panel, &panel->results->all[i], panel->policies[panel->nr_policies - 1]))
			panel->bounded |= report_lock_bound(panel->run->profile, &panel->results->all[i],
							    &panel->bound);
}

/* Returns the points of the longest line. */
static unsigned int gather(struct panel *panel)
{
	const char *names[MAX_LINES];
	unsigned int most = 0;

	panel->least_threads = -1u;
	panel->nr_colours = results_policies(panel->results, names, MAX_LINES - 1);
	for (unsigned int p = 0; p <= panel->nr_colours; p++) {
		const char *policy = p < panel->nr_colours ? names[p] : "";
		unsigned int points = points_of(panel, policy), rows = rows_of(panel, policy);

		most = max(most, points);
		panel->measured = max(panel->measured, rows);
		if (rows && !points)
			panel->excluded[panel->nr_excluded++] = policy;
		if (!points)
			continue;
		panel->colours[panel->nr_policies] = p;
		panel->policies[panel->nr_policies++] = policy;
	}
	if (most)
		find_bound(panel);
	return most;
}

static const char *colour_of(const struct panel *panel, unsigned int line)
{
	unsigned int colour = panel->colours[line];

	return colour < panel->nr_colours ? plot_policy_colour(colour, panel->nr_colours) : "black";
}

static const struct usl *model_of(const struct panel *panel, unsigned int line)
{
	const struct usl *usl = usl_find(panel->fits, panel->of, panel->policies[line]);

	return usl && usl->fitted ? usl : NULL;
}

/* Rates are drawn in thousands of thousands, as need be. */
static double unit_of(const struct panel *panel, const char **name)
{
	static const char *const names[] = { "items/s", "k items/s", "M items/s", "G items/s" };
	double unit = 1;
	size_t i = 0;

	for (; panel->highest >= 1000 * unit && i + 1 < ARRAY_SIZE(names); i++)
		unit *= 1000;
	*name = names[i];
	return unit;
}

/* The next one of @line from the *@i-th result on; NULL: there is none. */
static const struct result *next_point(const struct panel *panel, unsigned int line, unsigned int *i)
{
	while (*i < panel->results->nr) {
		const struct result *result = &panel->results->all[(*i)++];

		if (is_point(panel, result, panel->policies[line]))
			return result;
	}
	return NULL;
}

/* For each line: threads, median, interval; what the pointer shows of it. */
static void put_blocks(struct gnuplot *gnuplot, const struct panel *panel, double unit)
{
	const struct result *result;
	double low, high;
	char text[256];

	for (unsigned int line = 0; line < panel->nr_policies; line++) {
		gnuplot_data(gnuplot, "l%u", line);
		for (unsigned int i = 0; (result = next_point(panel, line, &i)); ) {
			result_interval(result, &low, &high);
			snprintf(text, sizeof(text), "%.60s, %u threads: %s/s (%s … %s)", *result->policy
				 ? result->policy : "no policy",
				 result->threads, report_rate(result_median(result)), report_rate(low),
					 report_rate(high));
			gnuplot_row(gnuplot, "%u %g %g %g %s", result->threads, result_median(result) / unit,
				    low / unit, high / unit,
				    text);
		}
		gnuplot_data_end(gnuplot);
	}
}

/* A bound far above all that was measured says nothing of it, and would press that to the floor. */
static bool bound_is_near(const struct panel *panel)
{
	return panel->bounded && panel->bound.rate < 2 * panel->highest;
}

static void put_line(struct gnuplot *gnuplot, const struct panel *panel, unsigned int line, double unit)
{
	const struct usl *usl = model_of(panel, line);
	const char *colour = colour_of(panel, line);

	gnuplot_put(gnuplot, "$l%u using 1:2:3:4 with yerrorbars lw 1.1 pt 0 lc rgb %s, ", line, colour);
	if (usl)
		gnuplot_put(gnuplot, "$l%u using 1:2 with points pt 7 ps 0.6 lc rgb %s, "
				     "%.9g*x/(1+%.9g*(x-1)+%.9g*x*(x-1)) with lines dt (8,5) lw 1.4 lc rgb %s, ",
			    line, colour,
			    usl->alone / unit, usl->sigma, usl->kappa, colour);
	else
		gnuplot_put(gnuplot, "$l%u using 1:2 with linespoints lw 1.5 pt 7 ps 0.6 lc rgb %s, ", line, colour);
	gnuplot_put(gnuplot, "$l%u using 1:2:5 with labels hypertext point pt 7 ps 1.2 lc rgb '#ff000000', ", line);
}

static void put_picture(struct gnuplot *gnuplot, const struct panel *panel)
{
	unsigned int cpus = panel->results->cpus;
	const char *unit_name;
	double unit = unit_of(panel, &unit_name);

	put_blocks(gnuplot, panel, unit);
	gnuplot_put(gnuplot, "set logscale x 2\nset xrange [%g:%g]\nset yrange [0:*]\nset grid y ls 100\nset xtics 2\n"
		    "set xlabel 'threads' offset 0,0.5\nset ylabel %s offset 1,0\n", panel->least_threads / 1.25,
		    panel->most_threads * 1.25, unit_name);
	if (cpus && panel->most_threads > cpus)
		gnuplot_put(gnuplot, "set arrow 1 from %u,graph 0 to %u,graph 1 nohead " DOTTED " back\n", cpus, cpus);
	gnuplot_put(gnuplot, "plot ");
	for (unsigned int line = 0; line < panel->nr_policies; line++)
		put_line(gnuplot, panel, line, unit);
	if (bound_is_near(panel))
		gnuplot_put(gnuplot, "%.9g with lines dt (10,4,2,4) lw 1.4 lc rgb '" BOUND_COLOUR "', ",
			    panel->bound.rate / unit);
	gnuplot_put(gnuplot, "NaN\n");
}

/* All of a policy, with their marks. */
static void put_rows(struct html *page, const struct panel *panel, const char *policy, const struct usl *usl)
{
	char marks[MARKS_TEXT];
	double low, high;

	for (unsigned int i = 0; i < panel->results->nr; i++) {
		const struct result *result = &panel->results->all[i];

		if (!is_row(panel, result, policy))
			continue;
		result_interval(result, &low, &high);
		html_row(page);
		html_cell(page, "%s", *result->policy ? result->policy : "-");
		html_number(page, result->threads, "%u", result->threads);
		html_number(page, result_median(result), "%s", report_rate(result_median(result)));
		html_number(page, low, "%s … %s", report_rate(low), report_rate(high));
		html_number(page, result_nanoseconds(result), "%s", report_time(result_nanoseconds(result)));
		html_number(page, usl ? usl_rate(usl, result->threads) : NAN, "%s",
			    usl ? report_rate(usl_rate(usl, result->threads)) : "-");
		html_cell(page, "%s", marks_text(result->marks, marks));
		html_row_end(page);
	}
}

/* Of one line, as text; or why there are none. */
static void put_coefficients(struct html *page, const struct usl *usl)
{
	if (!usl->fitted) {
		html_print(page, "no fit: %u numbers of threads, and %u are needed", usl->points, USL_POINTS);
		return;
	}
	html_print(page, "σ %.3g ± %.2g, κ %.3g ± %.2g, ", usl->sigma, usl->sigma_error, usl->kappa, usl->kappa_error);
	if (isfinite(usl_peak(usl)))
		html_print(page, "peak at %.1f threads", usl_peak(usl));
	else
		html_print(page, "no peak");
	html_print(page, ", misfit %.0f %%%s", 100 * usl->misfit, usl->crowded ? " *" : "");
}

/* Below the picture, for the newest policy; the others' are in the data. */
static void put_models(struct html *page, const struct panel *panel)
{
	const char *newest = panel->policies[panel->nr_policies - 1];
	const struct usl *usl = usl_find(panel->fits, panel->of, newest);

	html_put(page, "<p class=\"note\">");
	for (unsigned int i = 0; i < panel->nr_excluded; i++) {
		html_print(page, "%s: no curve, since all its rows have marks",
			   *panel->excluded[i] ? panel->excluded[i] : "no policy");
		html_put(page, "<br/>");
	}
	html_print(page, "model, %s: ", *newest ? newest : "scaling");
	if (usl)
		put_coefficients(page, usl);
	if (panel->bounded) {
		html_put(page, "<br/>");
		html_print(page,
			   "model, lock bound: at most %s items/s%s if all locks of class %s are one (hold time %s, "
			   "acquired %.3g times per item, %.0f %% of the time of %u threads is waiting)",
			   report_rate(panel->bound.rate), bound_is_near(panel) ? "" : ", above the figure,",
			   panel->bound.class, report_time(panel->bound.hold_ns), panel->bound.per_item,
			   100 * panel->bound.wait_share, panel->bound.threads);
	}
	html_put(page, "</p>\n");
}

static void put_all_coefficients(struct html *page, const struct panel *panel)
{
	static const char *const columns[] = { "policy", "model: universal scalability law", NULL };

	html_table(page, columns);
	for (unsigned int line = 0; line < panel->nr_policies; line++) {
		const struct usl *usl = usl_find(panel->fits, panel->of, panel->policies[line]);

		if (!usl)
			continue;
		html_row(page);
		html_cell(page, "%s", *panel->policies[line] ? panel->policies[line] : "-");
		html_put(page, "<td>");
		put_coefficients(page, usl);
		html_put(page, "</td>");
		html_row_end(page);
	}
	html_table_end(page);
}

static void put_panel(struct html *page, const struct panel *panel, const char *command)
{
	static const char *const columns[] = { "policy", "threads", "items/s", "interval", "time per item",
					      "model: items/s", "marks", NULL };

	put_picture(html_figure(page, panel->of->workload, panel->of->choices, 270), panel);
	put_models(page, panel);
	html_figure_data(page, columns);
	for (unsigned int line = 0; line < panel->nr_policies; line++)
		put_rows(page, panel, panel->policies[line], model_of(panel, line));
	for (unsigned int i = 0; i < panel->nr_excluded; i++)
		put_rows(page, panel, panel->excluded[i], NULL);
	html_table_end(page);
	put_all_coefficients(page, panel);
	html_figure_end(page, report_again(panel->run, command, panel->results, panel->of));
}

/* Whether eras.json has the workload: with more numbers of threads and all policies. */
static bool in_eras(const struct report_run *run, const struct result *of)
{
	for (unsigned int i = 0; i < run->eras.nr; i++)
		if (!strcmp(run->eras.all[i].workload, of->workload) && !strcmp(run->eras.all[i].choices, of->choices))
			return true;
	return false;
}

/* What is known of all figures before the first one is written. */
struct curves {
	unsigned int points;			/* numbers of threads that a workload must have been measured with */
	unsigned int measured;			/* rows of the longest line, with those that have marks */
	bool without_policy, bounded;		/* some figure has such a line */
};

typedef void (*panel_fn)(struct html *page, const struct panel *panel, const char *command, unsigned int points,
			 struct curves *curves);

static void for_each_panel(struct html *page, const struct report_run *run, panel_fn act, struct curves *curves)
{
	for (unsigned int eras = 2; eras--; ) {
		const struct results *results = eras ? &run->eras : &run->bench;
		const struct result *of;

		for (enum result_kind kind = 0; results->nr && kind < NR_RESULT_KINDS; kind++)
			for (unsigned int nth = 0; (of = results_workload(results, nth)); nth++) {
				struct panel panel = { .run = run, .results = results, .of = of,
						       .fits = eras ? &run->eras_fits : &run->bench_fits };

				if (result_kind(of) == kind && (eras || !in_eras(run, of)))
					act(page, &panel, eras ? "eras" : "bench", gather(&panel), curves);
			}
	}
}

static void find_most(struct html *page, const struct panel *panel, const char *command, unsigned int points,
		      struct curves *curves)
{
	(void)page;
	(void)command;
	curves->points = max(curves->points, points);
	curves->measured = max(curves->measured, panel->measured);
}

static void find_lines(struct html *page, const struct panel *panel, const char *command, unsigned int points,
		       struct curves *curves)
{
	(void)page;
	(void)command;
	if (points < curves->points)
		return;
	curves->without_policy |= !*panel->policies[panel->nr_policies - 1];
	curves->bounded |= bound_is_near(panel);
}

static void put_curve(struct html *page, const struct panel *panel, const char *command, unsigned int points,
		      struct curves *curves)
{
	if (points >= curves->points)
		put_panel(page, panel, command);
}

/* Of what has too few rows without marks for a figure, one line. */
static void put_excluded(struct html *page, const struct panel *panel, const char *command, unsigned int points,
			 struct curves *curves)
{
	(void)command;
	if (points < curves->points && panel->measured >= curves->points)
		html_paragraph(page, "No figure of %s %s: at most %u of the %u rows of a policy are without marks.",
			       panel->of->workload, panel->of->choices, points, panel->measured);
}

/* Of the policies that have a curve. */
static void put_legend(struct html *page, const struct report_run *run, const struct curves *curves)
{
	const struct results *results = run->eras.nr ? &run->eras : &run->bench;
	const char *names[MAX_LINES];
	unsigned int nr = results_policies(results, names, MAX_LINES - 1);

	html_legend(page);
	for (unsigned int p = 0; p < nr; p++)
		html_legend_entry(page, plot_policy_colour(p, nr), names[p]);
	if (curves->without_policy)
		html_legend_entry(page, "var(--ink)", "limit_*, live_*: no policy");
	if (curves->bounded)
		html_legend_entry(page, BOUND_COLOUR, "dash-dotted: lock bound (model)");
	html_legend_end(page);
}

void report_scaling(struct html *page, const struct report_run *run)
{
	struct curves curves = { 0 };

	html_section(page, "scaling", "Scaling");
	for_each_panel(page, run, find_most, &curves);
	curves.points = min(curves.points, (unsigned int)USL_POINTS);
	if (curves.points < LEAST_POINTS) {
		html_missing(page, curves.measured < LEAST_POINTS
			     ? "No workload was measured with several numbers of threads."
			     : "No curve: too few rows with several numbers of threads have no mark.",
			     "faultline bench --threads 1,2,4,8");
		html_section_end(page);
		return;
	}
	html_paragraph(page,
		       "Throughput of all threads together, for workloads measured with at least %u numbers of "
		       "threads; the others are in the table of all benchmarks. Points are medians with their "
		       "intervals. Dashed curves are a model, the universal scalability law "
		       "N/(1 + σ(N−1) + κN(N−1)), fitted to the points. A dash-dotted line is a model too: the rate "
		       "that one lock allows if one thread at a time holds it for as long as in the profile. The "
		       "dotted line marks one thread on every PU; coefficients with a * use points beyond it, which "
		       "contain waits for a processor. Rows with marks are not drawn; the figures' tables list them.",
		       curves.points);
	for_each_panel(page, run, put_excluded, &curves);
	for_each_panel(page, run, find_lines, &curves);
	put_legend(page, run, &curves);
	html_figures(page);
	for_each_panel(page, run, put_curve, &curves);
	html_figures_end(page);
	html_section_end(page);
}
