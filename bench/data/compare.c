/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.c - sets two sides of runs against each other. */
#include "bench/data/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/shown.h"
#include "bench/data/statistics.h"
#include "bench/data/table.h"
#include "bench/data/trust.h"
#include "bench/ground/command.h"
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
	if (side->runs[side->nr++].quick)
		return complain("%s: made by --quick, which measures too briefly for comparisons", path);
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

static double rate_of(const struct result *result, unsigned int repetition, bool by_processor)
{
	return result->in_turn[repetition] / (by_processor ? result->on_cpu[repetition] : 1);
}

/* One thread, whose processor time all repetitions know. */
static bool has_processor_time(const struct side *side, const char *name)
{
	for (unsigned int i = 0; i < side->nr; i++) {
		const struct result *result = results_by_name(&side->runs[i], name);

		if (!result || result->threads != 1)
			return false;
		for (unsigned int r = 0; r < result->nr; r++)
			if (result->on_cpu[r] <= 0)
				return false;
	}
	return true;
}

/* All of its repetitions, run by run, as they were measured. Empty unless all runs have some. */
static struct samples repetitions_of(const struct side *side, const char *name, bool by_processor)
{
	struct samples samples;
	unsigned int room = 0;

	for (unsigned int i = 0; i < side->nr; i++) {
		const struct result *result = results_by_name(&side->runs[i], name);

		if (!result || !trust_measured(result))
			return samples_room(0);
		room += result->nr;
	}
	samples = samples_room(room);
	for (unsigned int i = 0; i < side->nr; i++) {
		const struct result *result = results_by_name(&side->runs[i], name);

		for (unsigned int r = 0; r < result->nr; r++)
			samples.values[samples.nr++] = rate_of(result, r, by_processor);
	}
	return samples;
}

static struct samples samples_copy(struct samples of)
{
	struct samples samples = samples_room(of.nr);

	memcpy(samples.values, of.values, of.nr * sizeof(*samples.values));
	samples.nr = of.nr;
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

/*
 * How far the repetitions of two runs of one round lie apart: those that were made side by side, if both have as many.
 */
static double round_apart(const struct result *before, const struct result *after, bool by_processor)
{
	struct samples apart = samples_room(before->nr);
	double estimate;

	if (before->nr != after->nr) {
		free(apart.values);
		return log(result_median(after) / result_median(before));
	}
	for (; apart.nr < before->nr; apart.nr++)
		apart.values[apart.nr] =
			log(rate_of(after, apart.nr, by_processor) / rate_of(before, apart.nr, by_processor));
	estimate = differ_in_pairs(apart.values, apart.nr).estimate;
	free(apart.values);
	return estimate;
}

/* One sample for each round. */
static struct samples rounds_apart(const struct side *before, const struct side *after, const struct change *change)
{
	const char *name = change->result->name;
	struct samples apart = samples_room(before->nr);

	for (; apart.nr < before->nr; apart.nr++)
		apart.values[apart.nr] = round_apart(results_by_name(&before->runs[apart.nr], name),
						     results_by_name(&after->runs[apart.nr], name),
						     change->by_processor);
	return apart;
}

static struct difference rounds_differ(const struct side *before, const struct side *after, const struct change *change)
{
	struct samples apart = rounds_apart(before, after, change);
	struct difference difference = differ_sequentially(apart.values, apart.nr);

	free(apart.values);
	return difference;
}

/* Frees both. */
static struct difference repetitions_differ(struct samples before, struct samples after)
{
	struct difference difference;

	take_logarithms(before);
	take_logarithms(after);
	difference = differ(before.values, before.nr, after.values, after.nr);
	free(before.values);
	free(after.values);
	return difference;
}

/* As results_noise_floor(), of all runs of a side together: more repetitions have less noise. */
static double floor_of(const struct side *side)
{
	struct results together = { .all = calloc(side->runs[0].nr, sizeof(*together.all)) };
	double floor;

	BUG_ON(!together.all);
	for (unsigned int i = 0; i < side->runs[0].nr; i++) {
		struct samples samples = repetitions_of(side, side->runs[0].all[i].name, false);

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
	return result_kind(change->result) == RESULT_LIMIT;
}

static bool is_judged(const struct change *change)
{
	return !is_control(change) && !change->marks;
}

/*
 * The middle shift of the controls with as many threads; of all of them where there is none such. 0 without controls.
 */
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
	if (change->marks)
		return VERDICT_MARKED;
	if (change->p < SIGNIFICANCE && fabs(log(change->ratio)) > reach)
		return change->ratio > 1 ? VERDICT_FASTER : VERDICT_SLOWER;
	return log(change->low) >= -reach && log(change->high) <= reach ? VERDICT_SAME : VERDICT_UNKNOWN;
}

static void judge_changes(struct comparison *comparison)
{
	struct samples p = samples_room(comparison->nr);
	double floor = max(comparison->floor_before, comparison->floor_after), least = max(comparison->asked, floor);

	for (unsigned int i = 0; i < comparison->nr; i++)
		if (is_judged(&comparison->changes[i]))
			p.values[p.nr++] = comparison->changes[i].p;
	correct_for_many(p.values, p.nr);
	p.nr = 0;
	for (unsigned int i = 0; i < comparison->nr; i++) {
		struct change *change = &comparison->changes[i];

		if (is_judged(change))
			change->p = p.values[p.nr++];
		change->threshold = max(least, control_shift(comparison, change->result->threads));
		change->verdict = verdict_of(change);
		comparison->counts[change->verdict]++;
	}
	comparison->judged = p.nr;
	free(p.values);
}

/* Marks that half of a side's runs or more have on it, as far as they speak against the rates that are compared. */
static unsigned int marks_of(const struct side *side, const struct change *change)
{
	unsigned int counts[NR_MARKS] = { 0 }, marks = 0;

	for (unsigned int i = 0; i < side->nr; i++)
		for (enum mark mark = 0; mark < NR_MARKS; mark++)
			counts[mark] += !!(results_by_name(&side->runs[i], change->result->name)->marks & 1u << mark);
	for (enum mark mark = 0; mark < NR_MARKS; mark++)
		if (2 * counts[mark] >= side->nr &&
		    !(change->by_processor && (mark == MARK_STARVED || mark == MARK_TWO_GROUPS)))
			marks |= 1u << mark;
	return marks;
}

/* What stands there as before, after and ratio: the ratio is that of the two as they are printed. */
static void set_rates(struct change *change, double before, double ratio)
{
	change->before = rounded_to(before, COMPARE_DIGITS);
	change->after = rounded_to(before * ratio, COMPARE_DIGITS);
	change->ratio = change->after / change->before;
}

/* Items per second are set against items per second, iterations against iterations. */
static bool same_measure(const struct side *before, const struct side *after, const char *name)
{
	const bool by_time = results_by_name(&before->runs[0], name)->by_time;

	for (unsigned int i = 0; i < before->nr; i++)
		if (results_by_name(&before->runs[i], name)->by_time != by_time ||
		    results_by_name(&after->runs[i], name)->by_time != by_time)
			return false;
	return true;
}

static void add_change(struct comparison *comparison, const struct side *before, const struct side *after,
		       const struct result *result)
{
	const bool by_processor = has_processor_time(before, result->name) && has_processor_time(after, result->name);
	struct samples one = repetitions_of(before, result->name, by_processor);
	struct samples other = repetitions_of(after, result->name, by_processor);

	if (one.nr && other.nr && same_measure(before, after, result->name)) {
		struct change *change = &comparison->changes[comparison->nr++];
		struct difference difference;

		*change = (struct change){ .result = result, .by_processor = by_processor };
		change->marks = marks_of(before, change) | marks_of(after, change);
		difference = comparison->in_rounds ? rounds_differ(before, after, change)
						   : repetitions_differ(samples_copy(one), samples_copy(other));
		set_rates(change, middle_rate(one), exp(difference.estimate));
		change->low = exp(difference.low);
		change->high = exp(difference.high);
		change->p = difference.p;
	}
	free(one.values);
	free(other.values);
}

/* Of all that was judged; in rounds it has a mean for each, and so an interval that may be looked at after each. */
static void average(struct comparison *comparison, const struct side *before, const struct side *after)
{
	struct samples means = samples_room(before->nr);
	struct difference difference;

	for (unsigned int i = 0; i < comparison->nr; i++) {
		const struct change *change = &comparison->changes[i];
		struct samples apart;

		if (!is_judged(change))
			continue;
		comparison->mean += log(change->ratio) / comparison->judged;
		if (!comparison->in_rounds)
			continue;
		apart = rounds_apart(before, after, change);
		for (means.nr = 0; means.nr < apart.nr; means.nr++)
			means.values[means.nr] += apart.values[means.nr] / comparison->judged;
		free(apart.values);
	}
	comparison->mean = exp(comparison->mean);
	if (means.nr) {
		difference = differ_sequentially(means.values, means.nr);
		comparison->mean_low = exp(difference.low);
		comparison->mean_high = exp(difference.high);
	}
	free(means.values);
}

enum change_verdict comparison_verdict(const struct comparison *comparison)
{
	if (comparison->counts[VERDICT_SLOWER])
		return VERDICT_SLOWER;
	if (comparison->counts[VERDICT_FASTER])
		return VERDICT_FASTER;
	return comparison->judged && !comparison->counts[VERDICT_UNKNOWN] ? VERDICT_SAME : VERDICT_UNKNOWN;
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
	average(comparison, before, after);
}

void comparison_free(struct comparison *comparison)
{
	free(comparison->changes);
}
