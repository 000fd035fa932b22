/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_profile.c - what the instruments saw: latencies, locks, and the rate that a lock lets through. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot.h"
#include "bench/report.h"
#include "core/faultline.h"

#define MOST_LINES	24	/* in a figure */

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static double number_in(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* ---- names of cases ---- */

/* "fault_one_vma", of WORKLOAD/key:value...: its length. */
static int workload_length(const json_t *one)
{
	return (int)strcspn(text_in(one, "name"), "/");
}

static bool same_workload(const json_t *one, const json_t *other)
{
	int length = workload_length(one);

	return length == workload_length(other) && !strncmp(text_in(one, "name"), text_in(other, "name"), (size_t)length);
}

/* "linux-6.15 2 threads": what tells a case from others of its workload. */
static void variant_of(const json_t *one, char *text, size_t size)
{
	const char *rest = text_in(one, "name") + workload_length(one), *policy = strstr(rest, "/policy:");
	int length = policy ? (int)strcspn(policy + 8, "/") : 1;

	snprintf(text, size, "%.*s · %.0f thr.", length, policy ? policy + 8 : "-", number_in(one, "threads"));
}

static const char *colour_of(const json_t *one)
{
	const char *policy = strstr(text_in(one, "name"), "/policy:");

	for (unsigned int i = 0; policy && i < nr_policy_presets; i++)
		if (!strncmp(policy + 8, policy_presets[i].name, strlen(policy_presets[i].name)) &&
		    strchr("/", policy[8 + strlen(policy_presets[i].name)]))
			return plot_policy_colour(i, nr_policy_presets);
	return "#66a61e";
}

/* The first case of each workload; NULL past the last. */
static const json_t *nth_workload(const json_t *cases, size_t nth)
{
	const json_t *one;
	size_t i, j;

	json_array_foreach(cases, i, one) {
		for (j = 0; j < i && !same_workload(json_array_get(cases, j), one); j++)
			;
		if (j == i && !nth--)
			return one;
	}
	return NULL;
}

static const char *again(const struct report_run *run, const json_t *one)
{
	static char text[PATH_MAX + 512];

	snprintf(text, sizeof(text), "faultline profile %.*s\nfaultline report %s", workload_length(one),
		 text_in(one, "name"), run->name);
	return text;
}

/* ---- latencies ---- */
static const char *const quantiles[] = { "p50", "p90", "p99", "p999", "max" };

/* One line for each role of each case: a block of gnuplot's. Returns how many there are. */
static unsigned int put_latency_blocks(FILE *in, const json_t *cases, const json_t *of)
{
	const json_t *one, *latency;
	unsigned int nr = 0;
	size_t i, j;

	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "latency"), j, latency) {
			if (!same_workload(one, of) || nr == MOST_LINES || number_in(latency, "count") <= 0)
				continue;
			fprintf(in, "$q%u << EOD\n", nr++);
			for (size_t q = 0; q < ARRAY_SIZE(quantiles); q++)
				fprintf(in, "%zu %g\n", q, fmax(number_in(latency, quantiles[q]), 1));
			fputs("EOD\n", in);
		}
	return nr;
}

static void put_latency_lines(FILE *in, const json_t *cases, const json_t *of)
{
	const json_t *one, *latency;
	unsigned int nr = 0;
	size_t i, j;

	fputs("set logscale y\nset yrange [*<50:5000<*]\nset xrange [-0.3:4.3]\nset grid y ls 100\nset format y '%.0s%c'\n"
	      "set ylabel 'ns' offset 1,0\n"
	      "set xtics ('p50' 0, 'p90' 1, 'p99' 2, 'p99.9' 3, 'max' 4)\n", in);
	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "latency"), j, latency) {
			if (!same_workload(one, of) || nr == MOST_LINES || number_in(latency, "count") <= 0)
				continue;
			fprintf(in, "%s$q%u using 1:2 with linespoints lw 1.4 ps 0.7 pt %zu lc rgb '%s'",
				nr ? ", " : "plot ", nr, 5 + 2 * (j % 4), colour_of(one));
			nr++;
		}
	putc('\n', in);
}

static void put_latency_rows(struct html *page, const json_t *cases, const json_t *of)
{
	const json_t *one, *latency;
	size_t i, j;

	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "latency"), j, latency) {
			char variant[256];

			if (!same_workload(one, of))
				continue;
			variant_of(one, variant, sizeof(variant));
			html_row(page);
			html_cell(page, "%s", variant);
			html_cell(page, "%s", text_in(latency, "role"));
			html_cell(page, "%s", text_in(latency, "operation"));
			html_number(page, "%.0f", number_in(latency, "count"));
			html_number(page, "%.0f", number_in(latency,
							    json_object_get(latency, "samples") ? "samples" : "count"));
			for (size_t q = 0; q < ARRAY_SIZE(quantiles); q++)
				html_number(page, "%s", report_time(number_in(latency, quantiles[q])));
			html_row_end(page);
		}
}

static bool has_latencies(const json_t *cases, const json_t *of)
{
	const json_t *one, *latency;
	size_t i, j;

	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "latency"), j, latency)
			if (same_workload(one, of) && number_in(latency, "count") > 0)
				return true;
	return false;
}

static void put_policy_legend(struct html *page)
{
	html_legend(page);
	for (unsigned int i = 0; i < nr_policy_presets; i++)
		html_legend_entry(page, plot_policy_colour(i, nr_policy_presets), policy_presets[i].name);
	html_legend_end(page);
}

void report_latency(struct html *page, const struct report_run *run)
{
	static const char *const columns[] = {
		"case", "role", "operation", "count", "timed", "p50", "p90", "p99", "p99.9", "max", NULL,
	};
	const json_t *cases = json_object_get(run->profile, "cases"), *of;

	html_section(page, "latency", "Latency");
	if (!run->profile) {
		html_missing(page, "How long operations took one by one was not measured.", "faultline profile");
		html_section_end(page);
		return;
	}
	html_paragraph(page, "How long single operations took, in the profile build: its clock readings are in them. "
		       "Colours are policies, marks are roles and operations; each line is in the table. Of short "
		       "operations a sample was timed; op is one of the workload's own, and may contain many of the "
		       "others.");
	put_policy_legend(page);
	html_figures(page);
	for (size_t nth = 0; (of = nth_workload(cases, nth)); nth++) {
		char title[256];
		FILE *in;

		if (!has_latencies(cases, of))
			continue;
		snprintf(title, sizeof(title), "%.*s", workload_length(of), text_in(of, "name"));
		in = html_figure(page, title, "", 250);
		put_latency_blocks(in, cases, of);
		put_latency_lines(in, cases, of);
		html_figure_data(page, columns);
		put_latency_rows(page, cases, of);
		html_table_end(page);
		html_figure_end(page, again(run, of));
	}
	html_figures_end(page);
	html_section_end(page);
}

/* ---- locks ---- */

/* Of the classes of a case, the one that was waited for most; NULL when none was. */
static const json_t *most_awaited(const json_t *one)
{
	const json_t *lock, *most = NULL;
	size_t i;

	json_array_foreach(json_object_get(one, "locks"), i, lock)
		if (number_in(lock, "wait_share") > (most ? number_in(most, "wait_share") : 0))
			most = lock;
	return most;
}

static unsigned int cases_of(const json_t *cases, const json_t *of)
{
	const json_t *one;
	unsigned int nr = 0;
	size_t i;

	json_array_foreach(cases, i, one)
		nr += same_workload(one, of);
	return nr;
}

/* A bar a case: the share of all threads' time that went into waiting for the lock awaited most, with its name. */
static void put_lock_picture(FILE *in, const json_t *cases, const json_t *of, unsigned int nr)
{
	const json_t *one;
	char variant[256];
	unsigned int row = nr;
	size_t i;

	fputs("$b << EOD\n", in);
	json_array_foreach(cases, i, one) {
		const json_t *lock = same_workload(one, of) ? most_awaited(one) : NULL;

		if (!same_workload(one, of))
			continue;
		row--;
		fprintf(in, "%u %g %lu ", row, lock ? 100 * number_in(lock, "wait_share") : 0,
			strtoul(colour_of(one) + 1, NULL, 16));
		gnuplot_put_quoted(in, lock ? text_in(lock, "class") : "nothing");
		putc('\n', in);
	}
	fputs("EOD\nset ytics (", in);
	row = nr;
	json_array_foreach(cases, i, one) {
		if (!same_workload(one, of))
			continue;
		variant_of(one, variant, sizeof(variant));
		fputs(row-- < nr ? ", " : "", in);
		gnuplot_put_quoted(in, variant);
		fprintf(in, " %u", row);
	}
	fprintf(in, ") font ',10'\nset xrange [0:160]\nset xtics 0,25,100\nset yrange [-0.6:%g]\nset grid x ls 100\n"
		"set style fill solid 0.85 noborder\n"
		"set xlabel 'threads'' time spent waiting, %%' offset 0,0.5\n"
		"plot $b using ($2/2):1:($2/2):(0.33):3 with boxxyerror lc rgb variable, "
		"$b using ($2+3):1:4 with labels left font ',10'\n", nr - 0.4);
}

static void put_lock_rows(struct html *page, const json_t *cases, const json_t *of)
{
	const json_t *one, *lock;
	size_t i, j;

	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "locks"), j, lock) {
			char variant[256];

			if (!same_workload(one, of) || number_in(lock, "acquired") <= 0)
				continue;
			variant_of(one, variant, sizeof(variant));
			html_row(page);
			html_cell(page, "%s", variant);
			html_cell(page, "%s%s", text_in(lock, "class"),
				  !strcmp(text_in(one, "bottleneck"), text_in(lock, "class")) ? " (bottleneck)" : "");
			html_number(page, "%s", report_rate(number_in(lock, "acquired")));
			html_number(page, "%.2f %%", 100 * number_in(lock, "contended") / number_in(lock, "acquired"));
			html_number(page, "%.1f %%", 100 * number_in(lock, "wait_share"));
			html_number(page, "%s", report_time(number_in(lock, "wait_max_ns")));
			if (number_in(lock, "hold_samples") > 0)
				html_number(page, "%s", report_time(number_in(lock, "hold_ns_mean")));
			else
				html_number(page, "-");
			html_row_end(page);
		}
}

/* Loops that went round more than once, in all cases. */
static void put_retries(struct html *page, const json_t *cases)
{
	static const char *const columns[] = { "case", "threads", "loop", "times", "rounds: p99.9", "most", NULL };
	const json_t *one, *loop;
	size_t i, j;

	fputs("<details><summary>loops that tried again</summary>\n", page->body);
	html_table(page, columns);
	json_array_foreach(cases, i, one)
		json_array_foreach(json_object_get(one, "retries"), j, loop) {
			if (number_in(loop, "max") <= 0)
				continue;
			html_row(page);
			html_cell(page, "%s", text_in(one, "name"));
			html_number(page, "%.0f", number_in(one, "threads"));
			html_cell(page, "%s", text_in(loop, "loop"));
			html_number(page, "%.0f", number_in(loop, "count"));
			html_number(page, "%.0f", number_in(loop, "p999"));
			html_number(page, "%.0f", number_in(loop, "max"));
			html_row_end(page);
		}
	html_table_end(page);
	fputs("</details>\n", page->body);
}

void report_locks(struct html *page, const struct report_run *run)
{
	static const char *const columns[] = { "case", "lock", "taken", "contended", "waited", "longest wait", "held",
					      NULL };
	const json_t *cases = json_object_get(run->profile, "cases"), *of;

	html_section(page, "locks", "Locks");
	if (!run->profile) {
		html_missing(page, "Waits for locks were not measured.", "faultline profile");
		html_section_end(page);
		return;
	}
	html_paragraph(page, "The class of locks that was waited for most, and how much of all threads' time that took. "
		       "Times that locks were held are the mean of a sample.");
	html_figures(page);
	for (size_t nth = 0; (of = nth_workload(cases, nth)); nth++) {
		unsigned int nr = cases_of(cases, of);
		char title[256];

		snprintf(title, sizeof(title), "%.*s", workload_length(of), text_in(of, "name"));
		put_lock_picture(html_figure(page, title, "", 70 + 24 * nr), cases, of, nr);
		html_figure_data(page, columns);
		put_lock_rows(page, cases, of);
		html_table_end(page);
		html_figure_end(page, again(run, of));
	}
	html_figures_end(page);
	put_retries(page, cases);
	html_section_end(page);
}

/* Times of a lock that readers share bound nothing. */
static bool is_exclusive(const char *class)
{
	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++)
		if (!strcmp(lockrank_name(rank), class))
			return lockrank_is_exclusive(rank);
	return false;
}

bool report_lock_bound(const json_t *profile, const struct result *of, struct lock_bound *bound)
{
	const json_t *one, *lock;
	const char *end = strstr(of->name, "/threads:");
	size_t i, j, length = end ? (size_t)(end - of->name) : strlen(of->name);
	bool found = false;

	json_array_foreach(json_object_get(profile, "cases"), i, one)
		json_array_foreach(json_object_get(one, "locks"), j, lock) {
			const char *name = text_in(one, "name");
			double threads = number_in(one, "threads"), held = number_in(lock, "hold_ns_mean");
			double per_item = number_in(lock, "acquired") / fmax(number_in(one, "items"), 1);

			if (strlen(name) != length || strncmp(name, of->name, length) ||
			    (found && threads < bound->threads) ||
			    strcmp(text_in(one, "bottleneck"), text_in(lock, "class")) || held <= 0 || per_item <= 0 ||
			    !is_exclusive(text_in(lock, "class")))
				continue;
			*bound = (struct lock_bound){ .class = text_in(lock, "class"), .hold_ns = held, .per_item = per_item,
						      .rate = 1e9 / (held * per_item),
						      .wait_share = number_in(lock, "wait_share"),
						      .threads = (unsigned int)threads };
			found = true;
		}
	return found;
}
