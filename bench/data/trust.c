/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trust.c - the definition, threshold and name of each mark. */
#include "bench/data/trust.h"

#include <math.h>
#include <string.h>

#include "bench/data/statistics.h"
#include "core/faultline.h"

/*
 * Thresholds, and why.
 *   MOST_RATE      a processor retires some 10^10 instructions per second, and a leaf of 1 GiB stands for 2.6e5 items:
 *   no item is
 *                  faster than 10^15 per second and processor
 *   LEAST_RATE     an item in twelve days is none
 *   BEYOND_LINEAR  N processors do N times what one does. Caches that are warmer with N threads buy some percent; a
 *   rate that is a
 *                  quarter higher was made by leaving time out
 *   GROUPS_APART   repetitions that fall into two groups a quarter apart, with a gap twice as wide as either group, are
 *   two
 *                  measurements: their median is that of neither
 *   LEAST_SHARE    processor time got / wanted: below it, other programs made the figure
 *   MOST_BUSY      share of the machine's processor time that other programs used during the run
 *   MOST_FLOOR     with a noise floor above it, half of a row's throughput may come or go with nothing changed
 */
#define MOST_RATE	1e15
#define LEAST_RATE	1e-6
#define BEYOND_LINEAR	1.25
#define GROUPS_APART	1.25
#define GROUP_LEAST	2	/* repetitions */
#define LEAST_SHARE	0.9
#define MOST_BUSY	0.1
#define MOST_FLOOR	0.5

static const struct {
	const char *name, *meaning;
} kinds[NR_MARKS] = {
	[MARK_NO_ITEMS] = { "no-items", "a repetition has 0 items, or a rate that is not a finite number" },
	[MARK_TOO_FAST] = { "too-fast", "the rate exceeds 1.25 times what its processors can do, by the rate of one "
					"thread" },
	[MARK_TWO_GROUPS] = { "two-groups", "repetitions lie in two groups at least a factor of 1.25 apart" },
	[MARK_STARVED] = { "starved", "half of the repetitions or more got less than 90 % of the processor time they "
				      "wanted" },
	[MARK_QUICK] = { "quick", "a smoke run: --quick measures too briefly for comparisons" },
	[MARK_BUSY] = { "busy", "other programs used more than 10 % of the processors during the run" },
	[MARK_TWO_RUNS] = { "two-runs", "another run of faultline measured on this host at the same time" },
	[MARK_NOISY] = { "noisy", "the noise floor exceeds 50 %" },
};

const char *mark_name(enum mark mark)
{
	return kinds[mark].name;
}

const char *mark_meaning(enum mark mark)
{
	return kinds[mark].meaning;
}

static unsigned int bit(enum mark mark, bool set)
{
	return set ? 1u << mark : 0;
}

/* ---- rows ---- */

static bool has_two_groups(const double *rates, unsigned int nr)
{
	unsigned int split = GROUP_LEAST;

	if (nr < 2 * GROUP_LEAST || rates[0] <= 0)
		return false;
	for (unsigned int i = GROUP_LEAST; i <= nr - GROUP_LEAST; i++)
		if (rates[i] / rates[i - 1] > rates[split] / rates[split - 1])
			split = i;
	return rates[split] / rates[split - 1] >= GROUPS_APART &&
	       log(rates[split] / rates[split - 1]) >=
		       2 * log(fmax(rates[split - 1] / rates[0], rates[nr - 1] / rates[split]));
}

static bool is_starved(const struct result *result)
{
	unsigned int known = 0, starved = 0;

	for (unsigned int i = 0; i < result->nr; i++) {
		known += result->got[i] > 0;
		starved += result->got[i] > 0 && result->got[i] < LEAST_SHARE;
	}
	return starved && 2 * starved >= known;
}

/*
 * One thread's rate, where it can be trusted itself, bounds that of N threads on P processors by min(N, P) times as
 * much.
 */
static bool is_too_fast(const struct results *results, const struct result *result)
{
	const unsigned int processors = results->cpus ? min(result->threads, results->cpus) : result->threads;
	const struct result *alone = results_find(results, result, result->policy, 1);

	if (result_most(result) > MOST_RATE * max(processors, 1u))
		return true;
	if (!alone || alone == result || has_two_groups(alone->rates, alone->nr) || is_starved(alone))
		return false;
	return result_median(alone) >= LEAST_RATE &&
	       result_median(result) > BEYOND_LINEAR * processors * result_most(alone);
}

static unsigned int marks_of(const struct results *results, const struct result *result)
{
	if (result->empty || (result->nr && result_least(result) < LEAST_RATE))
		return bit(MARK_NO_ITEMS, true);
	return bit(MARK_TOO_FAST, is_too_fast(results, result)) |
	       bit(MARK_TWO_GROUPS, has_two_groups(result->rates, result->nr)) | bit(MARK_STARVED, is_starved(result));
}

void trust_judge(struct results *results)
{
	results->marks = bit(MARK_QUICK, results->quick) | bit(MARK_BUSY, results->others > MOST_BUSY) |
			 bit(MARK_TWO_RUNS, results->beside);
	for (unsigned int i = 0; i < results->nr; i++)
		results->all[i].marks = marks_of(results, &results->all[i]);
	results->marks |= bit(MARK_NOISY, results_noise_floor(results) > MOST_FLOOR);
}

bool trust_row(const struct result *result)
{
	return result->nr && !result->marks;
}

bool trust_run(const struct results *results)
{
	return !results->marks;
}

unsigned int trust_nr_marked(const struct results *results)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < results->nr; i++)
		nr += !!results->all[i].marks;
	return nr;
}

/* ---- text ---- */
const char *marks_text(unsigned int marks, char *text)
{
	*text = '\0';
	for (enum mark mark = 0; mark < NR_MARKS; mark++)
		if (marks & bit(mark, true)) {
			strcat(text, *text ? "," : "");
			strcat(text, mark_name(mark));
		}
	return text;
}

void trust_explain(FILE *out, const struct results *results)
{
	for (enum mark mark = 0; mark < NR_MARKS; mark++) {
		unsigned int rows = 0;

		for (unsigned int i = 0; i < results->nr; i++)
			rows += !!(results->all[i].marks & bit(mark, true));
		if (rows)
			fprintf(out, "Mark %s on %u of %u rows: %s.\n", mark_name(mark), rows, results->nr,
				mark_meaning(mark));
		if (results->marks & bit(mark, true))
			fprintf(out, "Mark %s on the run: %s.\n", mark_name(mark), mark_meaning(mark));
	}
}
