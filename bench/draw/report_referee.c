/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_referee.c - answers of the referees: the live kernel, and the search for an order of concurrent operations. */
#include <string.h>

#include "bench/draw/report.h"
#include "core/faultline.h"

/* What is no number is 0. */
static double number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

/* ---- conform ---- */
static void put_exceptions(struct html *page, const json_t *exceptions)
{
	static const char *const columns[] = { "exception", "times", "reason", NULL };
	const json_t *one;
	size_t i;

	html_table(page, columns);
	json_array_foreach(exceptions, i, one) {
		html_row(page);
		html_cell(page, "%s", text_of(one, "name"));
		html_number(page, number_of(one, "fired"), "%.0f", number_of(one, "fired"));
		html_cell(page, "%s", text_of(one, "reason"));
		html_row_end(page);
	}
	html_table_end(page);
}

static void answer_conform(struct html *page, const struct report_run *run)
{
	report_question(page, "conform", "Does the core answer as the live kernel does?");
	if (!run->conform) {
		html_missing(page, "This run has no conform.json.", "faultline conform --json RUN/conform.json");
		return;
	}
	html_paragraph(page,
		       "Results, signals, VMAs and pages were compared after each of %.0f operations, in %.0f random "
		       "sequences: %.0f divergences. Differences that were excused:",
		       number_of(run->conform, "operations"), number_of(run->conform, "sequences"),
		       number_of(run->conform, "divergences"));
	put_exceptions(page, json_object_get(run->conform, "exceptions"));
}

/* ---- linearize ---- */
static void put_cases(struct html *page, const json_t *cases)
{
	static const char *const columns[] = { "target", "name", "workload", "threads", "pages", "histories",
					       "overlapping", "not explained", NULL };
	static const char *const numbers[] = { "threads", "pages", "histories", "overlapping", "unexplained" };
	const json_t *one;
	size_t i;

	html_table(page, columns);
	json_array_foreach(cases, i, one) {
		html_row(page);
		html_cell(page, "%s", text_of(one, "target"));
		html_cell(page, "%s", text_of(one, "name"));
		html_cell(page, "%s", text_of(one, "workload"));
		for (size_t n = 0; n < ARRAY_SIZE(numbers); n++)
			html_number(page, number_of(one, numbers[n]), "%.0f", number_of(one, numbers[n]));
		html_row_end(page);
	}
	html_table_end(page);
}

static void answer_linearize(struct html *page, const struct report_run *run)
{
	report_question(page, "linearize", "Could concurrent operations have happened one after the other?");
	if (!run->linearize) {
		html_missing(page, "This run has no linearize.json.", "faultline linearize --json RUN/linearize.json");
		return;
	}
	html_paragraph(page,
		       "Each history of what threads asked for and got was searched for an order that the sequential "
		       "model allows. Overlapping: operations of two threads met on a page.");
	put_cases(page, json_object_get(run->linearize, "cases"));
}

void report_referee(struct html *page, const struct report_run *run)
{
	answer_conform(page, run);
	answer_linearize(page, run);
}
