/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_facts.c - the machine, the build and the choices behind a run; and the table of all its benchmarks. */
#include <math.h>
#include <string.h>

#include "bench/data/table.h"
#include "bench/data/trust.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

#define POLICY_KEY	"policy:"

static const struct {
	const char *name, *key;
} facts[] = {
	{ "measured", "date" }, { "host", "host_name" }, { "processor", "cpu_model" }, { "topology", "topology" },
	{ "kernel", "kernel" }, { "load, 1, 5 and 15 min", "load_avg" }, { "commit", "commit" }, { "build",
												   "build_type" },
	{ "compiler", "compiler" }, { "flags", "flags" }, { "page tables", "geometry" }, { "RCU", "rcu" },
	{ "threads on", "placement" }, { "frames from", "memory" }, { "page tables from", "tables" },
		{ "payload, bytes", "payload" },
	{ "seed", "seed" },
};

/* Of the files of a run, the first one that has a context. */
static const json_t *context_of(const struct report_run *run)
{
	const json_t *const all[] = {
		run->bench.context, run->eras.context, json_object_get(run->profile, "context"),
			run->numa.facts.context,
		json_object_get(run->knockouts, "context"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (json_object_size(all[i]))
			return all[i];
	return NULL;
}

/* A text, a number, or several of them. */
static void put_value(struct html *page, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (json_is_string(value))
		html_print(page, "%s", json_string_value(value));
	else if (json_is_number(value))
		html_print(page, "%.4g", json_number_value(value));
	else if (json_is_array(value))
		json_array_foreach(value, i, one)
			html_print(page, "%s%.2f", i ? ", " : "", json_number_value(one));
}

static void put_fact(struct html *page, const char *name, const struct report_run *runs, unsigned int nr,
		     const char *key)
{
	bool any = false;

	for (unsigned int i = 0; i < nr; i++)
		any |= json_object_get(context_of(&runs[i]), key) != NULL;
	if (!any)
		return;
	html_row(page);
	html_cell(page, "%s", name);
	for (unsigned int i = 0; i < nr; i++) {
		html_put(page, "<td>");
		put_value(page, json_object_get(context_of(&runs[i]), key));
		html_put(page, "</td>");
	}
	html_row_end(page);
}

/* Each file of a run was made by a command of its own. */
static void put_commands(struct html *page, const struct report_run *runs, unsigned int nr)
{
	html_row(page);
	html_cell(page, "commands");
	for (unsigned int i = 0; i < nr; i++) {
		const json_t *const all[] = {
			runs[i].bench.context, runs[i].eras.context, json_object_get(runs[i].profile, "context"),
				runs[i].numa.facts.context,
			json_object_get(runs[i].knockouts, "context"),
		};

		html_put(page, "<td>");
		for (size_t c = 0; c < ARRAY_SIZE(all); c++) {
			const char *command = json_string_value(json_object_get(all[c], "command"));

			if (command)
				html_put(page, "<code>%s</code><br/>", command);
		}
		html_put(page, "</td>");
	}
	html_row_end(page);
}

/* Why a run as a whole cannot be trusted. */
static void put_run_marks(struct html *page, const struct report_run *runs, unsigned int nr)
{
	html_row(page);
	html_cell(page, "marks");
	for (unsigned int i = 0; i < nr; i++) {
		const unsigned int marks = runs[i].bench.marks | runs[i].eras.marks;

		html_put(page, "<td>");
		if (!marks)
			html_put(page, "none");
		for (enum mark mark = 0; mark < NR_MARKS; mark++)
			if (marks & 1u << mark)
				html_put(page, "%s: %s<br/>", mark_name(mark), mark_meaning(mark));
		html_put(page, "</td>");
	}
	html_row_end(page);
}

/* The policies of the last run, field by field. */
static void put_policies(struct html *page, const struct report_run *run)
{
	static const char *const columns[] = { "policy", "choices", NULL };
	json_t *context = (json_t *)context_of(run), *value;
	const char *key;

	html_details(page, "policies of this run");
	html_table(page, columns);
	json_object_foreach(context, key, value) {
		if (strncmp(key, POLICY_KEY, strlen(POLICY_KEY)))
			continue;
		html_row(page);
		html_cell(page, "%s", key + strlen(POLICY_KEY));
		html_put(page, "<td>");
		put_value(page, value);
		html_put(page, "</td>");
		html_row_end(page);
	}
	html_table_end(page);
	html_details_end(page);
}

void report_facts_table(struct html *page, const struct report_run *runs, unsigned int nr)
{
	html_section(page, "run", nr > 1 ? "The runs" : "The run");
	html_put(page, "<div class=\"scroll whole\"><table><tbody>\n");
	html_row(page);
	html_cell(page, "run");
	for (unsigned int i = 0; i < nr; i++)
		html_cell(page, "%s", runs[i].name);
	html_row_end(page);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		put_fact(page, facts[i].name, runs, nr, facts[i].key);
	put_run_marks(page, runs, nr);
	put_commands(page, runs, nr);
	html_table_end(page);
	put_policies(page, &runs[nr - 1]);
	html_section_end(page);
}

/* ---- all benchmarks ---- */
static void put_scaling(struct html *page, const struct results *results, const struct result *result)
{
	const struct result *alone = results_find(results, result, result->policy, 1);

	if (alone && result->threads > 1 && trust_row(alone) && trust_row(result)) {
		const double ratio = as_shown(result_median(result)) / as_shown(result_median(alone));

		html_number(page, ratio, "× %.2f", ratio);
	} else {
		html_number(page, NAN, "-");
	}
}

/* What the marks of these rows mean. */
static void put_marks(struct html *page, const struct results *results)
{
	unsigned int marks = 0;

	for (unsigned int i = 0; i < results->nr; i++)
		marks |= results->all[i].marks;
	for (enum mark mark = 0; mark < NR_MARKS; mark++)
		if (marks & 1u << mark)
			html_paragraph(page, "Mark %s, which excludes a row from summaries: %s.", mark_name(mark),
				       mark_meaning(mark));
}

static void put_benchmark(struct html *page, const struct results *results, const struct result *result)
{
	double low, high, median = result_median(result);
	char marks[MARKS_TEXT];

	html_row(page);
	html_cell(page, "%s", result->workload);
	html_cell(page, "%s", result->choices);
	html_cell(page, "%s", *result->policy ? result->policy : "-");
	html_number(page, result->threads, "%u", result->threads);
	if (result->nr) {
		result_interval(result, &low, &high);
		html_number(page, result_nanoseconds(result), "%s", report_time(result_nanoseconds(result)));
		html_number(page, median, "%s/s", report_rate(median));
		html_number(page, 50 * (high - low) / median, "± %.1f %%", 50 * (high - low) / median);
		put_scaling(page, results, result);
		html_cell(page, "%s", marks_text(result->marks, marks));
	} else {
		html_cell(page, "%s%s", result_skipped(result) ? "skipped: " : "failed: ",
			  result_skipped(result) ? result_skipped(result) : result->error);
	}
	html_row_end(page);
}

void report_all(struct html *page, const struct report_run *run)
{
	static const char *const columns[] = { "workload", "choices", "policy", "threads", "time per item", "rate",
					       "interval", "× 1 thread", "marks", NULL };
	const struct results *results = run->bench.nr ? &run->bench : &run->eras;

	html_section(page, "all", "All benchmarks");
	if (results->nr) {
		html_paragraph(page,
			       "Time of one thread for one item, rate of all threads together: medians, with intervals "
			       "of 95 %%, or the range of fewer than six repetitions. Click on the head of a column to "
			       "sort the table.");
		put_marks(page, results);
		html_table(page, columns);
		for (unsigned int i = 0; i < results->nr; i++)
			put_benchmark(page, results, &results->all[i]);
		html_table_end(page);
	} else {
		html_missing(page, "Workloads were not measured.", "faultline bench");
	}
	html_section_end(page);
}
