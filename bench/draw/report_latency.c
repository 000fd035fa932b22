/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_latency.c - how long single operations took: the longest tails as figures, all of them as a table. */
#include <math.h>
#include <string.h>

#include "bench/draw/plot.h"
#include "bench/draw/profile_case.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

#define MOST_FIGURES	9
#define MOST_LINES	8	/* in a figure */
#define LEAST_COUNT	2000	/* operations of which p99.9 says something */
#define HEIGHT		230	/* pixels of a picture, and of each line of its key */
#define KEY_HEIGHT	17

static const struct {
	const char *key, *name;
} quantiles[] = { { "p50", "p50" }, { "p90", "p90" }, { "p99", "p99" }, { "p999", "p99.9" }, { "max", "max" } };

/* ---- the longest tails ---- */

/* The operations of a workload itself; the others, which they contain, are in the table. */
static bool is_shown(const json_t *latency)
{
	return !strcmp(profile_text(latency, "operation"), "op") && profile_number(latency, "count") > 0;
}

/* p99.9 as a multiple of p50, of the case's operation whose tail is longest. */
static double tail_of(const json_t *one)
{
	const json_t *latency;
	double longest = 0;
	size_t i;

	json_array_foreach(json_object_get(one, "latency"), i,
			   latency) if (is_shown(latency) && profile_number(latency, "count") >= LEAST_COUNT &&
					profile_number(latency, "p50") > 0)
		longest = fmax(longest, profile_number(latency, "p999") / profile_number(latency, "p50"));
	return longest;
}

static bool same_workload(const json_t *one, const json_t *other)
{
	const char *name = profile_text(one, "name"), *than = profile_text(other, "name");
	size_t length = strcspn(name, "/");

	return length == strcspn(than, "/") && !strncmp(name, than, length);
}

/* Of the workloads that are not in @chosen yet, the case with the longest tail; NULL: there is none. */
static const json_t *next_tail(const json_t *cases, const json_t *const *chosen, unsigned int nr)
{
	const json_t *one, *longest = NULL;
	size_t i;

	json_array_foreach(cases, i, one) {
		bool had = tail_of(one) <= (longest ? tail_of(longest) : 0);

		for (unsigned int c = 0; !had && c < nr; c++)
			had = same_workload(chosen[c], one);
		if (!had)
			longest = one;
	}
	return longest;
}

/* ---- a figure ---- */
struct line {
	const json_t *one, *latency;
	unsigned int mark;		/* the same for a role and operation in all cases of a workload */
};

static unsigned int lines_of(const json_t *cases, const json_t *of, struct line *lines)
{
	const json_t *one, *latency;
	unsigned int nr = 0;
	size_t i, j;

	json_array_foreach(cases, i, one) {
		unsigned int mark = 0;

		if (!same_workload(one, of))
			continue;
		json_array_foreach(json_object_get(one, "latency"), j, latency)
			if (nr < MOST_LINES && is_shown(latency))
				lines[nr++] = (struct line){ one, latency, mark++ };
	}
	return nr;
}

static void put_line_data(struct gnuplot *gnuplot, const struct line *line, unsigned int index, double *low,
			  double *high)
{
	gnuplot_data(gnuplot, "q%u", index);
	for (size_t q = 0; q < ARRAY_SIZE(quantiles); q++) {
		double ns = fmax(profile_number(line->latency, quantiles[q].key), 1);
		char text[256];

		snprintf(text, sizeof(text), "%.60s %.40s, %s: %s", profile_policy(line->one),
			 profile_text(line->latency, "role"), quantiles[q].name, report_time(ns));
		gnuplot_row(gnuplot, "%zu %g %s", q, ns, text);
		*low = fmin(*low, ns);
		*high = fmax(*high, ns);
	}
	gnuplot_data_end(gnuplot);
}

static void put_picture(struct gnuplot *gnuplot, const struct line *lines, unsigned int nr)
{
	double low = INFINITY, high = 0;

	for (unsigned int i = 0; i < nr; i++)
		put_line_data(gnuplot, &lines[i], i, &low, &high);
	gnuplot_put(gnuplot, "set logscale y\nset yrange [%g:%g]\nset xrange [-0.3:4.3]\nset grid y ls 100\n"
		    "set xtics ('p50' 0, 'p90' 1, 'p99' 2, 'p99.9' 3, 'max' 4)\n"
		    "set key outside below left Left reverse samplen 1.5 maxcols 1 font ',10'\n", low / 2, high * 2);
	plot_time_tics(gnuplot, 'y', low / 2, high * 2);
	gnuplot_put(gnuplot, "plot ");
	for (unsigned int i = 0; i < nr; i++) {
		char title[256];

		snprintf(title, sizeof(title), "%.40s, %.40s", profile_policy(lines[i].one),
			 profile_text(lines[i].latency, "role"));
		gnuplot_put(gnuplot,
			    "$q%u using 1:2 with linespoints lw 1.4 ps 0.7 pt %u lc rgb %s title %s, '' "
			    "using 1:2:3 with labels hypertext point pt 7 ps 1 lc rgb '#ff000000' notitle, ",
			    i, 5 + 2 * (lines[i].mark % 4), profile_colour(lines[i].one), title);
	}
	gnuplot_put(gnuplot, "NaN notitle\n");
}

/* ---- the table ---- */
static const char *const columns[] = {
	"workload", "choices", "policy", "threads", "role", "operation", "count", "timed", "p50", "p90", "p99",
		"p99.9", "max", NULL,
};

static void put_row(struct html *page, const json_t *one, const json_t *latency)
{
	double count = profile_number(latency, "count");
	double samples = json_object_get(latency, "samples") ? profile_number(latency, "samples") : count;

	html_row(page);
	profile_put_cells(page, one);
	html_cell(page, "%s", profile_text(latency, "role"));
	html_cell(page, "%s", profile_text(latency, "operation"));
	html_number(page, count, "%s", report_rate(count));
	html_number(page, samples, "%s", report_rate(samples));
	for (size_t q = 0; q < ARRAY_SIZE(quantiles); q++) {
		double ns = profile_number(latency, quantiles[q].key);

		html_number(page, ns, "%s", report_time(ns));
	}
	html_row_end(page);
}

/* Of the workload of @of; NULL: of all. */
static void put_rows(struct html *page, const json_t *cases, const json_t *of)
{
	const json_t *one, *latency;
	size_t i, j;

	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "latency"), j, latency)
			if (!of || same_workload(one, of))
				put_row(page, one, latency);
}

static void put_figure(struct html *page, const struct report_run *run, const json_t *cases, const json_t *of)
{
	struct line lines[MOST_LINES];
	unsigned int nr = lines_of(cases, of, lines);
	char note[128], command[512];

	snprintf(note, sizeof(note), "p99.9 is up to %s × p50; %u threads", report_rate(tail_of(of)),
		 profile_threads(of));
	put_picture(html_figure(page, profile_workload(of), note, HEIGHT + KEY_HEIGHT * nr), lines, nr);
	html_figure_data(page, columns);
	put_rows(page, cases, of);
	html_table_end(page);
	report_word(command, sizeof(command), "profile ", profile_workload(of));
	html_figure_end(page, report_shell(run, command));
}

static void put_figures(struct html *page, const struct report_run *run, const json_t *cases)
{
	const json_t *chosen[MOST_FIGURES], *of;
	unsigned int nr = 0;

	html_figures(page);
	while (nr < MOST_FIGURES && (of = next_tail(cases, chosen, nr))) {
		put_figure(page, run, cases, of);
		chosen[nr++] = of;
	}
	html_figures_end(page);
}

void report_latency(struct html *page, const struct report_run *run)
{
	const json_t *cases = json_object_get(run->profile, "cases");

	html_section(page, "latency", "Latency");
	if (run->profile) {
		html_paragraph(page,
			       "Durations of single operations in the profile build, clock readings included. Short "
			       "operations are sampled. The operation op is one of the workload, which may contain "
			       "many of the others. Figures show the %d workloads with the longest tails (p99.9 "
			       "against p50); the table has all.",
				       MOST_FIGURES);
		put_figures(page, run, cases);
		html_details(page, "latencies of all workloads");
		html_table(page, columns);
		put_rows(page, cases, NULL);
		html_table_end(page);
		html_details_end(page);
	} else {
		html_missing(page, "Latencies of single operations were not measured.", "faultline profile");
	}
	html_section_end(page);
}
