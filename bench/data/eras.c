/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras.c - steps from policy to policy, and their table. */
#include "bench/data/eras.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/shown.h"
#include "bench/data/statistics.h"
#include "core/faultline.h"

static double *logarithms_of(const struct result *result)
{
	double *values = calloc(result->nr, sizeof(*values));

	BUG_ON(!values);
	for (unsigned int i = 0; i < result->nr; i++)
		values[i] = log(result->rates[i]);
	return values;
}

static bool bought_between(const struct eras *eras, const struct result *of, unsigned int from, unsigned int to,
			   struct era_step *bought)
{
	const struct result *before = results_find(eras->results, of, eras->policies[from], of->threads);
	const struct result *after = results_find(eras->results, of, eras->policies[to], of->threads);
	struct difference difference;
	double *one, *other;

	if (!before || !after || !(result_least(before) > 0) || !(result_least(after) > 0))
		return false;
	one = logarithms_of(before);
	other = logarithms_of(after);
	difference = differ(one, before->nr, other, after->nr);
	*bought = (struct era_step){ exp(difference.estimate), exp(difference.low), exp(difference.high), difference.p,
				     difference.p > eras->chance, before->marks | after->marks };
	if (bought->marks) {
		bought->p = 1;
		bought->noise = true;
	}
	free(one);
	free(other);
	return true;
}

bool eras_step(const struct eras *eras, const struct result *of, unsigned int step, struct era_step *bought)
{
	return step + 1 < eras->nr_policies && bought_between(eras, of, step, step + 1, bought);
}

unsigned int eras_last(const struct eras *eras)
{
	return (eras->nr_history > 1 ? eras->nr_history : eras->nr_policies) - 1;
}

bool eras_whole(const struct eras *eras, const struct result *of, struct era_step *bought)
{
	return eras->nr_policies > 1 && bought_between(eras, of, 0, eras_last(eras), bought);
}

const struct result *eras_row(const struct eras *eras, unsigned int nth)
{
	for (unsigned int i = 0; eras->nr_policies > 1 && i < eras->results->nr; i++) {
		const struct result *result = &eras->results->all[i];

		if (!strcmp(result->policy, eras->policies[0]) && result->nr && !nth--)
			return result;
	}
	return NULL;
}

static void find_chance(struct eras *eras)
{
	const struct result *row;
	struct era_step bought;
	double *p, *corrected;

	for (unsigned int i = 0; eras_row(eras, i); i++)
		eras->nr_steps += eras->nr_policies - 1;
	p = calloc(2 * eras->nr_steps + 1, sizeof(*p));
	BUG_ON(!p);
	corrected = p + eras->nr_steps;
	eras->nr_steps = 0;
	for (unsigned int i = 0; (row = eras_row(eras, i)); i++)
		for (unsigned int step = 0; step + 1 < eras->nr_policies; step++)
			if (eras_step(eras, row, step, &bought) && !bought.marks)
				p[eras->nr_steps++] = bought.p;
	memcpy(corrected, p, eras->nr_steps * sizeof(*p));
	correct_for_many(corrected, eras->nr_steps);
	for (unsigned int i = 0; i < eras->nr_steps; i++)
		if (corrected[i] < SIGNIFICANCE)
			eras->chance = fmax(eras->chance, p[i]);
	free(p);
}

struct eras eras_of(const struct results *results)
{
	struct eras eras = { .results = results };

	eras.nr_policies = results_policies(results, eras.policies, ERAS_MOST);
	for (unsigned int p = 0; p < eras.nr_policies; p++)
		eras.nr_history += policy_in_history(eras.policies[p]);
	find_chance(&eras);
	return eras;
}

const char *era_news(const char *policy)
{
	const struct policy_preset *preset = policy_find(policy);

	return preset ? preset->news : "";
}

/* ---- the table ---- */
static void put_factor(FILE *out, bool measured, const struct era_step *bought)
{
	char text[32];

	if (!measured)
		snprintf(text, sizeof(text), "-");
	else
		snprintf(text, sizeof(text), bought->noise ? "(%.2f)" : "%.2f ", bought->factor);
	fprintf(out, " %14s", text);
}

static void put_row(FILE *out, const struct eras *eras, const struct result *row, int width)
{
	struct era_step bought;

	fprintf(out, "%-*s %7u", width, row->workload, row->threads);
	for (unsigned int step = 0; step + 1 < eras->nr_policies; step++)
		put_factor(out, eras_step(eras, row, step, &bought), &bought);
	put_factor(out, eras_whole(eras, row, &bought), &bought);
	fprintf(out, "  %s\n", row->choices);
}

void table_eras(FILE *out, const struct results *results)
{
	struct eras eras = eras_of(results);
	const struct result *row;
	size_t width = 8;

	for (unsigned int i = 0; (row = eras_row(&eras, i)); i++)
		width = max(width, strlen(row->workload));
	fprintf(out, "%-*s %7s", (int)width, "workload", "threads");
	for (unsigned int p = 1; p < eras.nr_policies; p++)
		fprintf(out, " %14s", eras.policies[p]);
	fprintf(out, " %14s  choices\n", "all steps");
	for (unsigned int i = 0; (row = eras_row(&eras, i)); i++)
		put_row(out, &eras, row, (int)width);
	fprintf(out, "\nBase: %s, the oldest policy that was measured. "
		"Throughput of each policy against the one before it;\n"
		"in brackets what is not significant among %u steps (p < %g), or has a mark on either side.\n",
		eras.nr_policies ? eras.policies[0] : "none", eras.nr_steps, SIGNIFICANCE);
}
