/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twins.c - finds the two sides of each twin in results, and compares them. */
#include "bench/data/twins.h"

#include <stdlib.h>
#include <string.h>

#include "bench/data/statistics.h"
#include "bench/data/table.h"
#include "bench/data/trust.h"
#include "core/faultline.h"
#include "workloads/lib/workload.h"

#define PAYLOAD_KEY	"payload:"
#define MOST_CHOICES	512	/* bytes */

/* ---- pairs ---- */

/* The choices of a core workload without its payload, which no live workload has. */
static void without_payload(char *text, size_t size, const char *choices)
{
	const char *payload = strstr(choices, PAYLOAD_KEY), *rest = payload ? payload + strcspn(payload, " ") : "";
	size_t length = payload ? (size_t)(payload - choices) : strlen(choices);

	rest += *rest == ' ';
	if (!*rest && length && choices[length - 1] == ' ')
		length--;
	snprintf(text, size, "%.*s%s", (int)length, choices, rest);
}

static bool has_payload(const struct result *result)
{
	return strstr(result->choices, PAYLOAD_KEY);
}

/* Whole pages before none, the default policy before others, a newer one before an older one. */
static bool stands_better(const struct result *result, const struct result *than)
{
	const char *usual = policy_default()->name;

	if (!than || has_payload(result) != has_payload(than))
		return !than || has_payload(result);
	return strcmp(than->policy, usual) != 0;
}

static const struct result *core_of(const struct results *results, const struct result *live, const char *name)
{
	const struct result *best = NULL;

	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];
		char choices[MOST_CHOICES];

		if (!result->nr || result->threads != live->threads || strcmp(result->workload, name))
			continue;
		without_payload(choices, sizeof(choices), result->choices);
		if (!strcmp(choices, live->choices) && stands_better(result, best))
			best = result;
	}
	return best;
}

/* No benchmark of the same workload and choices has fewer threads. */
static bool has_fewest_threads(const struct results *results, const struct result *result)
{
	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *other = &results->all[i];

		if (other->threads < result->threads && !strcmp(other->workload, result->workload) &&
		    !strcmp(other->choices, result->choices))
			return false;
	}
	return true;
}

static bool is_usual(const struct result *live, const struct workload *workload)
{
	char choices[MOST_CHOICES] = "";

	for (unsigned int i = 0; i < workload->nr_axes; i++)
		snprintf(choices + strlen(choices), sizeof(choices) - strlen(choices), "%s%s:%lld", i ? " " : "",
			 workload->axes[i].key, (long long)workload->axes[i].values[0]);
	return !strncmp(live->choices, choices, strlen(choices)) && strchr(" ", live->choices[strlen(choices)]);
}

/* ---- figures ---- */

static double scaling(const struct results *results, const struct result *one)
{
	const struct result *two = results_find(results, one, one->policy, 2);

	return one->threads == 1 && two && trust_row(one) && trust_row(two) ? result_median(two) / result_median(one) :
									      0;
}

static void compare(const struct results *results, struct twin *twin)
{
	const double core = nanoseconds_as_shown(result_nanoseconds(twin->core)),
		     live = nanoseconds_as_shown(result_nanoseconds(twin->live));
	double core_low, core_high, live_low, live_high;

	result_interval(twin->core, &core_low, &core_high);
	result_interval(twin->live, &live_low, &live_high);
	twin->ratio = live > 0 ? core / live : 0;
	twin->trusted = trust_row(twin->live) && trust_row(twin->core);
	twin->low = live_low / core_high;
	twin->high = live_high / core_low;
	twin->core_scaling = scaling(results, twin->core);
	twin->live_scaling = scaling(results, twin->live);
}

/* False: there is nothing to compare @live with. */
static bool find(const struct results *results, const struct result *live, struct twin *twin)
{
	const struct workload *workload = workload_find(live->workload);

	if (!workload || !workload->twin_of || !has_fewest_threads(results, live))
		return false;
	*twin = (struct twin){ .live = live,
			       .core = core_of(results, live, workload->twin_of),
			       .usual = is_usual(live, workload) };
	twin->skipped = live->nr ? NULL : result_skipped(live);
	if (twin->skipped)
		return true;
	if (!live->nr || !twin->core)
		return false;
	compare(results, twin);
	return true;
}

struct twin *twins_find(const struct results *results, unsigned int *nr)
{
	struct twin *twins = calloc(results->nr + 1, sizeof(*twins));

	*nr = 0;
	for (unsigned int i = 0; twins && i < results->nr; i++)
		*nr += find(results, &results->all[i], &twins[*nr]);
	if (*nr)
		return twins;
	free(twins);
	return NULL;
}

/* ---- as text ---- */

static void put_scaling(FILE *out, double scaling)
{
	if (scaling > 0)
		fprintf(out, " %8.2f", scaling);
	else
		fprintf(out, " %8s", "-");
}

static void put_twin(FILE *out, const struct twin *twin)
{
	const struct result *live = twin->live, *core = twin->core;
	char marks[MARKS_TEXT];

	fprintf(out, "%-24s %-24s %-22s ", workload_find(live->workload)->twin_of, live->workload, live->choices);
	if (twin->skipped) {
		fprintf(out, "skipped: %s\n", twin->skipped);
		return;
	}
	fprintf(out, "%9.*f %9.*f %6.3f %6.3f-%-6.3f", result_nanoseconds(core) < 10 ? 2 : 1, result_nanoseconds(core),
		result_nanoseconds(live) < 10 ? 2 : 1, result_nanoseconds(live), twin->ratio, twin->low, twin->high);
	put_scaling(out, twin->core_scaling);
	put_scaling(out, twin->live_scaling);
	fprintf(out, "  %s%s%s%s\n", core->policy, has_payload(core) ? ", whole pages" : "", twin->trusted ? "" : "  ",
		marks_text(core->marks | live->marks, marks));
}

/* Each workload counts once: with its usual choices. */
static void put_summary(FILE *out, const struct twin *twins, unsigned int nr)
{
	double *ratios = calloc(nr, sizeof(*ratios));
	unsigned int usual = 0, skipped = 0;

	for (unsigned int i = 0; ratios && i < nr; i++) {
		skipped += twins[i].usual && twins[i].skipped;
		if (twins[i].usual && !twins[i].skipped && twins[i].trusted)
			ratios[usual++] = twins[i].ratio;
	}
	if (usual) {
		sort_values(ratios, usual);
		fprintf(out,
			"%u twins, %u skipped; with their first choices the core takes %.3f of the live kernel's time "
			"at the median,"
			" %.3f to %.3f.\n",
			usual, skipped, median_of(ratios, usual), ratios[0], ratios[usual - 1]);
	}
	free(ratios);
}

void table_twins(FILE *out, const struct results *results)
{
	unsigned int nr;
	struct twin *twins = twins_find(results, &nr);

	if (!twins)
		return;
	fprintf(out, "\n%-24s %-24s %-22s %9s %9s %6s %-13s %8s %8s\n", "core", "live kernel", "choices", "ns/item",
		"ns/item", "ratio", "interval", "x2 core", "x2 live");
	for (unsigned int i = 0; i < nr; i++)
		put_twin(out, &twins[i]);
	put_summary(out, twins, nr);
	free(twins);
}
