/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_summary.c - what comes first: the run in a few figures, and several runs side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot.h"
#include "bench/report.h"
#include "bench/statistics.h"
#include "core/faultline.h"

static void card(struct html *page, const char *figure, const char *what)
{
	fputs("<div class=\"card\"><b>", page->body);
	html_put(page, figure);
	fputs("</b><span>", page->body);
	html_put(page, what);
	fputs("</span></div>\n", page->body);
}

static unsigned int failures(const struct results *results)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < results->nr; i++)
		nr += results->all[i].error && !result_skipped(&results->all[i]);
	return nr;
}

/* The newest policy's throughput against the oldest one's, a thread on every PU: the geometric mean of the workloads. */
static void card_policies(struct html *page, const struct results *results)
{
	const char *names[16];
	unsigned int nr_names = plot_policy_names(results, names, ARRAY_SIZE(names)), nr = 0;
	double logs = 0;
	char figure[64], what[256];

	for (unsigned int i = 0; nr_names > 1 && i < results->nr; i++) {
		const struct result *old = &results->all[i], *new;

		if (strcmp(old->policy, names[0]) || old->threads != results->cpus || result_median(old) <= 0)
			continue;
		new = results_find(results, old, names[nr_names - 1], old->threads);
		if (!new || result_median(new) <= 0)
			continue;
		logs += log(result_median(new) / result_median(old));
		nr++;
	}
	if (!nr)
		return;
	snprintf(figure, sizeof(figure), "× %.2f", exp(logs / nr));
	snprintf(what, sizeof(what), "%s against %s with %u threads, geometric mean of %u workloads", names[nr_names - 1],
		 names[0], results->cpus, nr);
	card(page, figure, what);
}

/* Half of the benchmarks have an interval no wider than that. */
static void card_noise(struct html *page, const struct results *results)
{
	double *widths = calloc(results->nr + 1, sizeof(*widths));
	unsigned int nr = 0;
	char figure[64], what[128];

	for (unsigned int i = 0; widths && i < results->nr; i++) {
		double low, high, median = result_median(&results->all[i]);

		if (median <= 0)
			continue;
		result_interval(&results->all[i], &low, &high);
		widths[nr++] = 50 * (high - low) / median;
	}
	if (nr) {
		sort_values(widths, nr);
		snprintf(figure, sizeof(figure), "± %.1f %%", median_of(widths, nr));
		snprintf(what, sizeof(what), "interval of a median, in the middle of all benchmarks; noise floor of the run %.1f %%",
			 100 * results_noise_floor(results));
		card(page, figure, what);
	}
	free(widths);
}

static void card_bottleneck(struct html *page, const struct report_run *run)
{
	const json_t *one, *worst = NULL, *lock;
	double share = 0;
	char figure[128], what[512];
	size_t i, j;

	json_array_foreach(json_object_get(run->profile, "cases"), i, one)
		json_array_foreach(json_object_get(one, "locks"), j, lock)
			if (json_number_value(json_object_get(lock, "wait_share")) > share) {
				share = json_number_value(json_object_get(lock, "wait_share"));
				worst = one;
				snprintf(figure, sizeof(figure), "%s", json_string_value(json_object_get(lock, "class")));
			}
	if (!worst)
		return;
	snprintf(what, sizeof(what), "the lock waited for most, %.0f %% of the time, in %s with %.0f threads", 100 * share,
		 json_string_value(json_object_get(worst, "name")), json_number_value(json_object_get(worst, "threads")));
	card(page, figure, what);
}

static void put_cards(struct html *page, const struct report_run *run)
{
	const struct results *facts = report_facts(run);
	char figure[64], what[128];

	fputs("<div class=\"cards\">\n", page->body);
	snprintf(figure, sizeof(figure), "%u", run->bench.nr + run->eras.nr);
	snprintf(what, sizeof(what), "benchmarks, %u of them failed", failures(&run->bench) + failures(&run->eras));
	card(page, figure, what);
	card_policies(page, run->eras.nr ? &run->eras : facts);
	card_noise(page, facts);
	card_bottleneck(page, run);
	fputs("</div>\n", page->body);
}

static void put_fact(struct html *page, const char *name, const struct report_run *runs, unsigned int nr, size_t offset)
{
	html_row(page);
	html_cell(page, "%s", name);
	for (unsigned int i = 0; i < nr; i++) {
		const char *const *fact = (const void *)((const char *)report_facts(&runs[i]) + offset);

		html_cell(page, "%s", *fact ? *fact : "");
	}
	html_row_end(page);
}

void report_summary(struct html *page, const struct report_run *runs, unsigned int nr)
{
	static const struct {
		const char *name;
		size_t offset;
	} facts[] = {
		{ "measured", offsetof(struct results, date) }, { "commit", offsetof(struct results, commit) },
		{ "processor", offsetof(struct results, cpu_model) }, { "topology", offsetof(struct results, topology) },
		{ "build", offsetof(struct results, build_type) },
	};
	static const char *const columns[] = { "", "", NULL };

	html_section(page, "summary", "Summary");
	put_cards(page, &runs[nr - 1]);
	html_table(page, columns);
	html_row(page);
	html_cell(page, "run");
	for (unsigned int i = 0; i < nr; i++)
		html_cell(page, "%s", runs[i].name);
	html_row_end(page);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		put_fact(page, facts[i].name, runs, nr, facts[i].offset);
	html_table_end(page);
	html_section_end(page);
}
