/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.c - sets two sides of runs against each other. */
#include "bench/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "bench/plot.h"
#include "bench/statistics.h"
#include "core/faultline.h"

#define LEAST_RUNS	3	/* of a side, to take each as one sample */

/* ---- sides ---- */
static int load_run(struct side *side, const char *path)
{
	char why[512];

	if (side->nr == MAX_RUNS)
		return complain("more than %d runs on one side", MAX_RUNS);
	if (results_load(path, &side->runs[side->nr], why, sizeof(why)))
		return complain_text(why);
	side->nr++;
	return 0;
}

int side_load(struct side *side, const char *text)
{
	char *list = strdup(text), *next = NULL;
	int status = list ? 0 : fail("out of memory");

	side->nr = 0;
	for (char *path = strtok_r(list, ",", &next); !status && path; path = strtok_r(NULL, ",", &next))
		status = load_run(side, path);
	free(list);
	if (!status && !side->nr)
		status = complain("'%s' names no results", text);
	if (status)
		side_free(side);
	return status;
}

void side_free(struct side *side)
{
	while (side->nr)
		results_free(&side->runs[--side->nr]);
}

/* ---- samples of one benchmark ---- */
struct samples {
	double *values;
	unsigned int nr;
};

static struct samples samples_room(unsigned int room)
{
	struct samples samples = { .values = calloc(max(room, 1u), sizeof(*samples.values)) };

	BUG_ON(!samples.values);
	return samples;
}

/* All of its repetitions, run by run, as they were measured. Empty unless all runs have some. */
static struct samples repetitions_of(const struct side *side, const char *name)
{
	struct samples samples;
	unsigned int room = 0;

	for (unsigned int i = 0; i < side->nr; i++) {
		const struct result *result = results_by_name(&side->runs[i], name);

		if (!result || !result->nr || result->rates[0] <= 0)
			return samples_room(0);
		room += result->nr;
	}
	samples = samples_room(room);
	for (unsigned int i = 0; i < side->nr; i++) {
		const struct result *result = results_by_name(&side->runs[i], name);

		memcpy(samples.values + samples.nr, result->in_turn, result->nr * sizeof(*samples.values));
		samples.nr += result->nr;
	}
	return samples;
}

static struct samples medians_of(const struct side *side, const char *name)
{
	struct samples samples = samples_room(side->nr);

	for (; samples.nr < side->nr; samples.nr++)
		samples.values[samples.nr] = log(result_median(results_by_name(&side->runs[samples.nr], name)));
	return samples;
}

static double middle_rate(struct samples samples)
{
	sort_values(samples.values, samples.nr);
	return median_of(samples.values, samples.nr);
}

static void take_logarithms(struct samples samples)
{
	for (unsigned int i = 0; i < samples.nr; i++)
		samples.values[i] = log(samples.values[i]);
}

/* Both sides have the benchmark in all runs. */
static struct difference difference_of(const struct side *before, const struct side *after, const char *name)
{
	bool by_run = before->nr >= LEAST_RUNS && after->nr >= LEAST_RUNS;
	struct samples one = by_run ? medians_of(before, name) : repetitions_of(before, name);
	struct samples other = by_run ? medians_of(after, name) : repetitions_of(after, name);
	struct difference difference;

	if (!by_run) {
		take_logarithms(one);
		take_logarithms(other);
	}
	if (by_run && one.nr == other.nr)
		difference = differ_in_pairs(one.values, other.values, one.nr);
	else
		difference = differ(one.values, one.nr, other.values, other.nr);
	free(one.values);
	free(other.values);
	return difference;
}

/* As results_noise_floor(), of all runs of a side together: more repetitions have less noise. */
static double floor_of(const struct side *side)
{
	struct results together = { .all = calloc(side->runs[0].nr, sizeof(*together.all)) };
	double floor;

	BUG_ON(!together.all);
	for (unsigned int i = 0; i < side->runs[0].nr; i++) {
		struct samples samples = repetitions_of(side, side->runs[0].all[i].name);

		together.all[together.nr++] = (struct result){ .nr = samples.nr, .in_turn = samples.values };
	}
	floor = results_noise_floor(&together);
	for (unsigned int i = 0; i < together.nr; i++)
		free(together.all[i].in_turn);
	free(together.all);
	return floor;
}

/* ---- thresholds and verdicts ---- */
static bool is_control(const struct change *change)
{
	return plot_kind_of(change->result) == PLOT_LIMIT;
}

/* The middle shift of the controls with as many threads; of all of them where there is none such. 0 without controls. */
static double control_shift(const struct comparison *comparison, unsigned int threads)
{
	struct samples shifts = samples_room(comparison->nr);
	double shift;

	for (unsigned int i = 0; i < comparison->nr; i++) {
		const struct change *change = &comparison->changes[i];

		if (is_control(change) && (!threads || change->result->threads == threads))
			shifts.values[shifts.nr++] = log(change->ratio);
	}
	shift = expm1(fabs(middle_rate(shifts)));
	if (!shifts.nr && threads)
		shift = control_shift(comparison, 0);
	free(shifts.values);
	return shift;
}

static enum verdict verdict_of(const struct change *change)
{
	double reach = log1p(change->threshold);

	if (is_control(change))
		return VERDICT_CONTROL;
	if (change->p >= SIGNIFICANCE || fabs(log(change->ratio)) <= reach)
		return VERDICT_NOISE;
	return change->ratio > 1 ? VERDICT_FASTER : VERDICT_SLOWER;
}

static void judge_changes(struct comparison *comparison)
{
	struct samples p = samples_room(comparison->nr);
	double floor = max(comparison->floor_before, comparison->floor_after), least = max(comparison->asked, floor);

	for (unsigned int i = 0; i < comparison->nr; i++)
		if (!is_control(&comparison->changes[i]))
			p.values[p.nr++] = comparison->changes[i].p;
	correct_for_many(p.values, p.nr);
	p.nr = 0;
	for (unsigned int i = 0; i < comparison->nr; i++) {
		struct change *change = &comparison->changes[i];

		if (!is_control(change))
			change->p = p.values[p.nr++];
		change->threshold = max(least, control_shift(comparison, change->result->threads));
		change->verdict = verdict_of(change);
		comparison->faster += change->verdict == VERDICT_FASTER;
		comparison->slower += change->verdict == VERDICT_SLOWER;
		comparison->controls += change->verdict == VERDICT_CONTROL;
	}
	free(p.values);
}

static void add_change(struct comparison *comparison, const struct side *before, const struct side *after,
		       const struct result *result)
{
	struct samples one = repetitions_of(before, result->name), other = repetitions_of(after, result->name);

	if (one.nr && other.nr) {
		struct difference difference = difference_of(before, after, result->name);

		comparison->changes[comparison->nr++] = (struct change){
			.result = result, .before = middle_rate(one), .after = middle_rate(other),
			.ratio = exp(difference.estimate), .low = exp(difference.low), .high = exp(difference.high),
			.p = difference.p,
		};
	}
	free(one.values);
	free(other.values);
}

void compare_sides(struct comparison *comparison, const struct side *before, const struct side *after, double threshold)
{
	const struct results *first = &after->runs[0];

	*comparison = (struct comparison){
		.changes = calloc(max(first->nr, 1u), sizeof(*comparison->changes)),
		.asked = threshold, .floor_before = floor_of(before), .floor_after = floor_of(after),
	};
	BUG_ON(!comparison->changes);
	for (unsigned int i = 0; i < first->nr; i++)
		add_change(comparison, before, after, &first->all[i]);
	judge_changes(comparison);
}

void comparison_free(struct comparison *comparison)
{
	free(comparison->changes);
}
