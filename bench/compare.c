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

#define LEAST_ROUNDS	3	/* to take each as one sample */

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

/* How far the repetitions of two runs of one round lie apart: those that were made side by side, if both have as many. */
static double round_apart(const struct result *before, const struct result *after)
{
	struct samples apart = samples_room(before->nr);
	double estimate;

	if (before->nr != after->nr) {
		free(apart.values);
		return log(result_median(after) / result_median(before));
	}
	for (; apart.nr < before->nr; apart.nr++)
		apart.values[apart.nr] = log(after->in_turn[apart.nr] / before->in_turn[apart.nr]);
	estimate = differ_in_pairs(apart.values, apart.nr).estimate;
	free(apart.values);
	return estimate;
}

static struct difference rounds_differ(const struct side *before, const struct side *after, const char *name)
{
	struct samples apart = samples_room(before->nr);
	struct difference difference;

	for (; apart.nr < before->nr; apart.nr++)
		apart.values[apart.nr] = round_apart(results_by_name(&before->runs[apart.nr], name),
						     results_by_name(&after->runs[apart.nr], name));
	difference = differ_in_pairs(apart.values, apart.nr);
	free(apart.values);
	return difference;
}

static struct difference repetitions_differ(struct samples before, struct samples after)
{
	take_logarithms(before);
	take_logarithms(after);
	return differ(before.values, before.nr, after.values, after.nr);
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

static enum change_verdict verdict_of(const struct change *change)
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
		struct change *change = &comparison->changes[comparison->nr++];
		struct difference difference;

		*change = (struct change){ .result = result, .before = middle_rate(one), .after = middle_rate(other) };
		difference = comparison->in_rounds ? rounds_differ(before, after, result->name) : repetitions_differ(one, other);
		change->ratio = exp(difference.estimate);
		change->low = exp(difference.low);
		change->high = exp(difference.high);
		change->p = difference.p;
	}
	free(one.values);
	free(other.values);
}

void compare_sides(struct comparison *comparison, const struct side *before, const struct side *after, double threshold)
{
	const struct results *first = &after->runs[0];

	BUG_ON(before->nr != after->nr);
	*comparison = (struct comparison){
		.changes = calloc(max(first->nr, 1u), sizeof(*comparison->changes)),
		.asked = threshold, .in_rounds = after->nr >= LEAST_ROUNDS,
	};
	BUG_ON(!comparison->changes);
	if (!comparison->in_rounds) {
		comparison->floor_before = floor_of(before);
		comparison->floor_after = floor_of(after);
	}
	for (unsigned int i = 0; i < first->nr; i++)
		add_change(comparison, before, after, &first->all[i]);
	judge_changes(comparison);
}

void comparison_free(struct comparison *comparison)
{
	free(comparison->changes);
}
