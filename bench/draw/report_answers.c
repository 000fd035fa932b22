/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_answers.c - what comes first: the questions that faultline is for, and what this run says to each. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/eras.h"
#include "bench/data/shown.h"
#include "bench/data/trust.h"
#include "bench/data/twins.h"
#include "bench/draw/plot.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

/* ---- what a policy buys ---- */

/* Steps of the eras by the policy that they lead to. */
static const struct {
	const char *id, *question, *policy;
} steps[] = {
	{ "split-lock", "What does a page-table lock per PTE table buy over one per address space?", "linux-2.6.15" },
	{ "vma-lock", "What does a lock per VMA buy over mmap_lock?", "linux-6.4" },
	{ "vma-refcount", "What does a reference count per VMA buy over a lock per VMA?", "linux-6.15" },
};

struct tally {
	unsigned int better, worse, noise, marked;
	const struct result *best, *worst;
	double most, least;			/* factors of these */
};

static struct tally tally_of(const struct eras *eras, unsigned int step)
{
	struct tally tally = { .most = 1, .least = 1 };
	const struct result *row;
	struct era_step bought;

	for (unsigned int i = 0; (row = eras_row(eras, i)); i++) {
		if (!eras_step(eras, row, step, &bought))
			continue;
		if (bought.marks) {
			tally.marked++;
			continue;
		}
		tally.noise += bought.noise;
		tally.better += !bought.noise && bought.factor > 1;
		tally.worse += !bought.noise && bought.factor <= 1;
		if (!bought.noise && bought.factor > tally.most) {
			tally.most = bought.factor;
			tally.best = row;
		}
		if (!bought.noise && bought.factor < tally.least) {
			tally.least = bought.factor;
			tally.worst = row;
		}
	}
	return tally;
}

static void put_extreme(struct html *page, const char *what, const struct result *row, double factor)
{
	if (row)
		html_print(page, " %s: %s with %u thread%s, × %.2f.", what, row->workload, row->threads,
			   row->threads == 1 ? "" : "s",
			   factor);
}

static void put_tally(struct html *page, const struct eras *eras, unsigned int step, const struct tally *tally)
{
	html_put(page, "<p>");
	html_print(page,
		   "Throughput of %s against %s, over %u combinations of workload and threads: %u faster, %u slower, "
		   "%u without a significant difference (p < 0.01).", eras->policies[step + 1], eras->policies[step],
		   tally->better + tally->worse + tally->noise, tally->better, tally->worse, tally->noise);
	if (tally->marked)
		html_print(page, " Excluded: %u with a mark on either side.", tally->marked);
	put_extreme(page, "Largest gain", tally->best, tally->most);
	put_extreme(page, "Largest loss", tally->worst, tally->least);
	html_put(page, "</p>\n");
}

/* Steps that are significant, one row each. */
static void put_significant(struct html *page, const struct eras *eras, unsigned int step)
{
	static const char *const columns[] = { "workload", "choices", "threads", "before", "after", "factor",
					       "interval", NULL };
	const struct result *row, *after;
	struct era_step bought;

	html_table(page, columns);
	for (unsigned int i = 0; (row = eras_row(eras, i)); i++) {
		const struct result *before = results_find(eras->results, row, eras->policies[step], row->threads);

		after = results_find(eras->results, row, eras->policies[step + 1], row->threads);
		if (!eras_step(eras, row, step, &bought) || bought.noise)
			continue;
		html_row(page);
		html_cell(page, "%s", row->workload);
		html_cell(page, "%s", row->choices);
		html_number(page, row->threads, "%u", row->threads);
		html_number(page, result_median(before), "%s/s", report_rate(result_median(before)));
		html_number(page, result_median(after), "%s/s", report_rate(result_median(after)));
		html_number(page, bought.factor, "× %.2f", bought.factor);
		html_number(page, bought.low, "%.2f … %.2f", bought.low, bought.high);
		html_row_end(page);
	}
	html_table_end(page);
}

/* The step that leads to @policy; false when the run has none. */
static bool find_step(const struct eras *eras, const char *policy, unsigned int *step)
{
	for (*step = 0; *step + 1 < eras->nr_policies; (*step)++)
		if (!strcmp(eras->policies[*step + 1], policy))
			return true;
	return false;
}

static void answer_steps(struct html *page, const struct report_run *run)
{
	const struct results *results = run->eras.nr ? &run->eras : &run->bench;
	struct eras eras = eras_of(results);

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct tally tally = { 0 };
		unsigned int step;
		bool found = find_step(&eras, steps[i].policy, &step);

		report_question(page, steps[i].id, steps[i].question);
		if (found)
			tally = tally_of(&eras, step);
		if (!found || !(tally.better + tally.worse + tally.noise)) {
			html_missing(page, tally.marked ? "All rows of the two policies have marks."
				     : "The two policies were not measured side by side.", "faultline eras");
			continue;
		}
		put_tally(page, &eras, step, &tally);
		if (tally.better + tally.worse)
			put_significant(page, &eras, step);
	}
}

/* ---- what an operation costs ---- */
static const struct {
	const char *operation, *workload, *limit;
} costs[] = {
	{ "walk, a callback per entry", "walk_dense", "limit_callback" },
	{ "walk, a callback per table", "walk_tables", "limit_read" },
	{ "install an entry", "install_empty", NULL },
	{ "fault on a fresh page", "fault_disjoint", "limit_frame" },
	{ "zap a page", "zap_populated", NULL },
	{ "fork a page", "fork_exit", NULL },
	{ "copy a page on write", "cow_after_fork", NULL },
	{ "pin and unpin a page", "gup_read", "limit_pin" },
	{ "snapshot for a device", "hmm_snapshot", "limit_callback" },
};

/*
 * Of a workload, the one to quote: without payload, of the default policy or the newest, one thread, the choices of
 * @like if it is measured with these, else its first ones. Rows with marks are not quoted. NULL: there is none.
 */
static const struct result *quoted(const struct results *results, const char *workload, const char *policy,
				   const char *like)
{
	const struct result *first = NULL;

	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];

		if (!trust_row(result) || result->threads != 1 || strcmp(result->workload, workload) ||
		    (*result->policy && strcmp(result->policy, policy)) || strstr(result->choices, "payload:"))
			continue;
		if (like && !strcmp(result->choices, like))
			return result;
		if (!first)
			first = result;
	}
	return first;
}

static const struct twin *twin_of(const struct twin *twins, unsigned int nr, const char *workload)
{
	for (unsigned int i = 0; i < nr; i++)
		if (twins[i].core && !twins[i].skipped && twins[i].trusted &&
		    !strcmp(twins[i].core->workload, workload) && twins[i].core->threads == 1)
			return &twins[i];
	return NULL;
}

static void put_limit(struct html *page, const struct result *core, const struct result *limit)
{
	if (!limit) {
		html_cell(page, "-");
		html_number(page, NAN, "-");
		html_number(page, NAN, "-");
		return;
	}
	html_cell(page, "%s", limit->workload);
	html_number(page, result_nanoseconds(limit), "%s", report_time(result_nanoseconds(limit)));
	html_number(page, result_nanoseconds(core) / result_nanoseconds(limit), "× %.2f",
		    result_nanoseconds(core) / result_nanoseconds(limit));
}

static void put_live(struct html *page, const struct twin *twin)
{
	if (!twin) {
		html_cell(page, "-");
		html_number(page, NAN, "-");
		html_number(page, NAN, "-");
		return;
	}
	html_cell(page, "%s", twin->live->workload);
	html_number(page, result_nanoseconds(twin->live), "%s", report_time(result_nanoseconds(twin->live)));
	html_number(page, twin->ratio, "× %.3g%s", twin->ratio, strstr(twin->core->choices, "payload:") ? " *" : "");
}

/* One row a cost; returns how many there are. */
static void put_costs(struct html *page, const struct results *results, const char *policy)
{
	static const char *const columns[] = { "operation", "workload", "choices", "time", "bare loop",
					       "time, bare loop", "core / bare loop", "live kernel",
					       "time, live kernel", "core / live kernel", NULL };
	unsigned int nr;
	struct twin *twins = twins_find(results, &nr);

	html_table(page, columns);
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
		const struct result *core = quoted(results, costs[i].workload, policy, NULL);

		if (!core)
			continue;
		html_row(page);
		html_cell(page, "%s", costs[i].operation);
		html_cell(page, "%s", core->workload);
		html_cell(page, "%s", core->choices);
		html_number(page, result_nanoseconds(core), "%s", report_time(result_nanoseconds(core)));
		put_limit(page, core, costs[i].limit ? quoted(results, costs[i].limit, policy, core->choices) : NULL);
		put_live(page, twin_of(twins, nr, costs[i].workload));
		html_row_end(page);
	}
	html_table_end(page);
	free(twins);
}

static bool any_cost(const struct results *results, const char *policy)
{
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++)
		if (quoted(results, costs[i].workload, policy, NULL))
			return true;
	return false;
}

static void answer_costs(struct html *page, const struct report_run *run)
{
	const char *policy = results_policy_shown(&run->bench);

	report_question(page, "costs",
		     "What does a walk, an installed entry, a fault, a zapped page, a forked page, a pin or a device's "
		     "snapshot cost, against a bare loop and against the live kernel?");
	if (run->bench.nr && any_cost(&run->bench, policy)) {
		html_paragraph(page,
			       "Time of one thread for one item, policy %s, payload 0. Ignore differences below the "
			       "noise floor of this run, %.1f %%. * Payload 4096: both sides clear and copy whole "
			       "pages.", policy, 100 * results_noise_floor(&run->bench));
		put_costs(page, &run->bench, policy);
	} else {
		html_missing(page, "No row of these operations with one thread is without marks.",
			     "faultline bench");
	}
}

/* ---- what can be removed ---- */
static void put_survivors(struct html *page, const json_t *knockouts)
{
	static const char *const columns[] = { "knock-out", "verdict", "searched by", NULL };
	const json_t *one;
	size_t i;

	html_table(page, columns);
	json_array_foreach(knockouts, i, one) {
		const char *verdict = json_string_value(json_object_get(one, "verdict"));

		if (verdict && !strcmp(verdict, "killed"))
			continue;
		html_row(page);
		for (size_t field = 0; field < ARRAY_SIZE(columns) - 1; field++) {
			static const char *const keys[] = { "name", "verdict", "how" };
			const char *text = json_string_value(json_object_get(one, keys[field]));

			html_cell(page, "%s", text ? text : "-");
		}
		html_row_end(page);
	}
	html_table_end(page);
}

static void answer_knockouts(struct html *page, const struct report_run *run)
{
	const json_t *knockouts = json_object_get(run->knockouts, "knockouts"), *one;
	unsigned int killed = 0, nr = (unsigned int)json_array_size(knockouts);
	size_t i;

	report_question(page, "knockouts",
		     "Which barrier, re-check or grace period can be removed, and do the checks notice?");
	if (!nr) {
		html_missing(page, "This run has no knockouts.json.",
			     "build/check/faultline knockouts --out RUN/knockouts.json");
		return;
	}
	json_array_foreach(knockouts, i, one) {
		const char *verdict = json_string_value(json_object_get(one, "verdict"));

		killed += verdict && !strcmp(verdict, "killed");
	}
	html_paragraph(page,
		       "Each was disabled until a detector fired. Detected: %u of %u, the median after %s, the "
		       "slowest after %s. %s",
		       killed, nr, report_time(1e9 * json_number_value(json_object_get(run->knockouts, "median"))),
		       report_time(1e9 * json_number_value(json_object_get(run->knockouts, "longest"))),
		       killed == nr ? "Each removal is detected." : "Not detected:");
	if (killed < nr)
		put_survivors(page, knockouts);
}

void report_answers(struct html *page, const struct report_run *run)
{
	html_section(page, "answers", "Answers");
	answer_steps(page, run);
	answer_costs(page, run);
	answer_knockouts(page, run);
	report_referee(page, run);
	html_section_end(page);
}
