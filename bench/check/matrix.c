/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix.c - which detector detects which knock-out, and how soon: as text and as JSON. */
#include "bench/check/matrix.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/data/statistics.h"
#include "bench/ground/command.h"
#include "bench/ground/out_file.h"
#include "bench/run/context.h"
#include "core/faultline.h"

/* ---- the detectors ---- */
static void add_detector(struct detectors *detectors, const char *name)
{
	unsigned int at = detectors->nr;

	for (unsigned int i = 0; i < detectors->nr; i++)
		if (!strcmp(detectors->names[i], name))
			return;
	BUG_ON(at == MAX_DETECTORS);
	for (; at && strcmp(detectors->names[at - 1], name) > 0; at--)
		detectors->names[at] = detectors->names[at - 1];
	detectors->names[at] = name;
	detectors->nr++;
}

void matrix_detectors(const struct campaign *campaign, struct detectors *detectors)
{
	detectors->nr = 0;
	for (unsigned int i = 0; i < campaign->nr; i++)
		for (unsigned int k = 0; k < campaign->hunts[i].nr_kills; k++)
			add_detector(detectors, campaign->hunts[i].kills[k].detector);
}

/* ---- text ---- */
unsigned int matrix_alive(const struct campaign *campaign)
{
	unsigned int alive = 0;

	for (unsigned int i = 0; i < campaign->nr; i++)
		alive += campaign->hunts[i].verdict != KILLED;
	return alive;
}

/* How many of the hunt's kills are one detector's, and their median time. */
static unsigned int kills_by(const struct hunt *hunt, const char *detector, double *median)
{
	struct hunt part = { .nr_kills = 0 };

	for (unsigned int i = 0; i < hunt->nr_kills; i++)
		if (!strcmp(hunt->kills[i].detector, detector))
			part.kills[part.nr_kills++] = hunt->kills[i];
	*median = hunt_median(&part);
	return part.nr_kills;
}

static int widest_name(const struct campaign *campaign)
{
	size_t width = 9;

	for (unsigned int i = 0; i < campaign->nr; i++)
		width = max(width, strlen(campaign->hunts[i].name));
	return (int)width;
}

/* Of a detector's times and its name above them. */
static int column_width(const char *detector)
{
	return (int)max(strlen(detector), (size_t)5) + 1;
}

static void print_row(FILE *out, const struct detectors *detectors, const struct hunt *hunt, int width)
{
	double median;

	fprintf(out, "%-*s", width, hunt->name);
	for (unsigned int i = 0; i < detectors->nr; i++)
		if (kills_by(hunt, detectors->names[i], &median))
			fprintf(out, "%*.2f", column_width(detectors->names[i]), median);
		else
			fprintf(out, "%*s", column_width(detectors->names[i]), ".");
	fprintf(out, "  %s%s\n", hunt->verdict == KILLED ? "" : verdict_name(hunt->verdict),
		hunt->verdict == KILLED ? hunt->how : "");
}

/* The median of the knock-outs' medians, and the longest kill of all. */
static void summarize(const struct campaign *campaign, double *median, double *longest)
{
	double *medians = calloc(campaign->nr + 1, sizeof(*medians));
	unsigned int nr = 0;

	*median = *longest = 0;
	for (unsigned int i = 0; medians && i < campaign->nr; i++) {
		const struct hunt *hunt = &campaign->hunts[i];

		for (unsigned int k = 0; k < hunt->nr_kills; k++)
			*longest = max(*longest, hunt->kills[k].seconds);
		if (hunt->verdict == KILLED)
			medians[nr++] = hunt_median(hunt);
	}
	if (nr) {
		sort_values(medians, nr);
		*median = median_of(medians, nr);
	}
	free(medians);
}

/* Accesses that remove less than this processor gives by itself. */
static void print_hidden(FILE *out, const struct campaign *campaign)
{
	const char *before = "\nWhat processors with strong ordering, such as x86, hide, and a model shows: ";

	for (unsigned int i = 0; i < campaign->nr; i++) {
		if (strncmp(campaign->hunts[i].how, "model ", 6))
			continue;
		fprintf(out, "%s%s", before, campaign->hunts[i].name);
		before = ", ";
	}
	if (*before == ',')
		fputs(".\n", out);
}

void matrix_print(FILE *out, const struct campaign *campaign)
{
	unsigned int alive = matrix_alive(campaign);
	int width = widest_name(campaign);
	struct detectors detectors;
	double median, longest;

	matrix_detectors(campaign, &detectors);
	fprintf(out, "\n%-*s", width, "knock-out");
	for (unsigned int i = 0; i < detectors.nr; i++)
		fprintf(out, "%*s", column_width(detectors.names[i]), detectors.names[i]);
	fputs("  how\n", out);
	for (unsigned int i = 0; i < campaign->nr; i++)
		print_row(out, &detectors, &campaign->hunts[i], width);
	print_hidden(out, campaign);
	summarize(campaign, &median, &longest);
	fprintf(out,
		"\nSeconds until the kill, the median of each detector.\n"
		"%u of %u knock-outs killed; median time %.2f s, longest %.2f s.\n",
		campaign->nr - alive, campaign->nr, median, longest);
	if (campaign->clean_runs)
		fprintf(out, "With nothing disabled: %u runs, %.0f s, %s.\n", campaign->clean_runs,
			campaign->clean_seconds, campaign->clean ? "no alarm" : "an alarm");
	fflush(out);
}

/* ---- JSON ---- */
static json_t *kills_of(const struct hunt *hunt)
{
	json_t *kills = json_array();

	for (unsigned int i = 0; i < hunt->nr_kills; i++)
		json_array_append_new(kills, json_pack("{s:s, s:f, s:I}",
						       "detector", hunt->kills[i].detector,
						       "seconds", hunt->kills[i].seconds,
						       "seed", (json_int_t)hunt->kills[i].seed));
	return kills;
}

static json_t *hunts_of(const struct campaign *campaign)
{
	json_t *hunts = json_array();

	for (unsigned int i = 0; i < campaign->nr; i++) {
		const struct hunt *hunt = &campaign->hunts[i];

		json_array_append_new(hunts,
				      json_pack("{s:s, s:s, s:s, s:f, s:I, s:o}", "name", hunt->name, "how", hunt->how,
						"verdict", verdict_name(hunt->verdict), "median", hunt_median(hunt),
						"disabled", (json_int_t)hunt->disabled, "kills", kills_of(hunt)));
	}
	return hunts;
}

int matrix_write(const char *path, const struct campaign *campaign, int argc, const char **argv, struct results *facts)
{
	struct choices choices;
	double median, longest;
	json_t *context, *root;

	choices_init(&choices);
	context = context_json(&choices, argc, argv);
	choices_free(&choices);
	*facts = (struct results){ 0 };
	results_take_facts(facts, context);
	summarize(campaign, &median, &longest);
	root = json_pack("{s:o, s:f, s:f, s:i, s:{s:f, s:i, s:b}, s:o}", "context", context, "median", median,
			 "longest", longest, "alive", (int)matrix_alive(campaign), "clean", "seconds",
			 campaign->clean_seconds, "runs", (int)campaign->clean_runs, "quiet", campaign->clean,
			 "knockouts", hunts_of(campaign));
	return out_file_write_json(path, root, JSON_INDENT(1));
}
