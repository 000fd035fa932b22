/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statistics.c - medians, intervals, differences; the distributions are the GNU Scientific Library's. */
#include "bench/data/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

#include "core/faultline.h"

void sort_values(double *values, unsigned int nr)
{
	gsl_sort(values, 1, nr);
}

double median_of(const double *sorted, unsigned int nr)
{
	unsigned int half = nr / 2;

	if (!nr)
		return 0;
	return nr % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double quantile_of(const double *sorted, unsigned int nr, double part)
{
	unsigned int rank = (unsigned int)ceil(part * nr - 1e-9);

	return nr ? sorted[rank ? rank - 1 : 0] : 0;
}

/* Each value lies below the median or above it, as a coin falls. */
double median_interval(const double *sorted, unsigned int nr, double *low, double *high)
{
	unsigned int rank = 0;

	*low = *high = 0;
	if (!nr)
		return 0;
	while (2 * (rank + 1) < nr && 1 - 2 * gsl_cdf_binomial_P(rank + 1, 0.5, nr) >= CONFIDENCE)
		rank++;
	*low = sorted[rank];
	*high = sorted[nr - 1 - rank];
	return 1 - 2 * gsl_cdf_binomial_P(rank, 0.5, nr);
}

/* ---- differences ---- */

/* A sample without its ends. */
struct trimmed {
	double mean;
	double variance;	/* of the mean */
	double freedom;		/* degrees of it */
};

static double *sorted_copy(const double *values, unsigned int nr)
{
	double *copy = malloc(max(nr, 1u) * sizeof(*copy));

	BUG_ON(!copy);
	memcpy(copy, values, nr * sizeof(*copy));
	sort_values(copy, nr);
	return copy;
}

/* The variance is that of the values whose ends are drawn in to the nearest that counts (winsorized). */
static struct trimmed trim(const double *values, unsigned int nr)
{
	const unsigned int cut = (unsigned int)(TRIMMED_PART * nr), kept = nr - 2 * cut;
	struct trimmed trimmed = { .freedom = kept - 1 };
	double *sorted = sorted_copy(values, nr), mean = 0, squares = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (i >= cut && i < nr - cut)
			trimmed.mean += sorted[i] / kept;
		if (i >= nr - cut)
			sorted[i] = sorted[nr - cut - 1];
		mean += sorted[max(i, cut)] / nr;
	}
	for (unsigned int i = 0; i < nr; i++)
		squares += (sorted[max(i, cut)] - mean) * (sorted[max(i, cut)] - mean);
	trimmed.variance = squares / ((double)kept * (kept - 1));
	free(sorted);
	return trimmed;
}

/* By Student's distribution. Where nothing varies, any difference is one for sure. */
static struct difference judge(double estimate, double variance, double freedom)
{
	double error = sqrt(variance), reach;

	if (!(error > fabs(estimate) * 1e-9))
		return (struct difference){ estimate, estimate, estimate, fabs(estimate) < 1e-12 };
	reach = gsl_cdf_tdist_Qinv((1 - CONFIDENCE) / 2, freedom) * error;
	return (struct difference){ estimate, estimate - reach, estimate + reach,
				    2 * gsl_cdf_tdist_Q(fabs(estimate) / error, freedom) };
}

static struct difference unknown(double estimate)
{
	return (struct difference){ estimate, -INFINITY, INFINITY, 1 };
}

struct difference differ(const double *a, unsigned int nr_a, const double *b, unsigned int nr_b)
{
	struct trimmed one, other;
	double variance, freedom;

	if (nr_a < 2 || nr_b < 2)
		return unknown(nr_a && nr_b ? b[0] - a[0] : 0);
	one = trim(a, nr_a);
	other = trim(b, nr_b);
	variance = one.variance + other.variance;
	freedom = variance * variance /
		  (one.variance * one.variance / one.freedom + other.variance * other.variance / other.freedom);
	return judge(other.mean - one.mean, variance, freedom);
}

struct difference differ_in_pairs(const double *apart, unsigned int nr)
{
	struct trimmed mean;

	if (nr < 2)
		return unknown(nr ? apart[0] : 0);
	mean = trim(apart, nr);
	return judge(mean.mean, mean.variance, mean.freedom);
}

/* The t that the mixture's likelihood ratio reaches 1 / @chance at; infinite while no t does. */
static double sequential_reach(unsigned int nr, double chance)
{
	const double r = 1 + nr * SEQUENTIAL_SPREAD * SEQUENTIAL_SPREAD, k = pow(sqrt(r) / chance, 2.0 / nr);

	return k < r ? sqrt((nr - 1) * (k - 1) / (1 - k / r)) : INFINITY;
}

static double sequential_chance(unsigned int nr, double t)
{
	const double r = 1 + nr * SEQUENTIAL_SPREAD * SEQUENTIAL_SPREAD, part = t * t / (nr - 1);

	return fmin(1, exp(0.5 * log(r) - 0.5 * nr * (log1p(part) - log1p(part / r))));
}

struct difference differ_sequentially(const double *apart, unsigned int nr)
{
	double mean = 0, squares = 0, error, reach;

	if (nr < 2)
		return unknown(nr ? apart[0] : 0);
	for (unsigned int i = 0; i < nr; i++)
		mean += apart[i] / nr;
	for (unsigned int i = 0; i < nr; i++)
		squares += (apart[i] - mean) * (apart[i] - mean);
	error = sqrt(squares / (nr - 1) / nr);
	if (!(error > fabs(mean) * 1e-9))
		return (struct difference){ mean, mean, mean, fabs(mean) < 1e-12 };
	reach = sequential_reach(nr, 1 - CONFIDENCE) * error;
	return (struct difference){ mean, mean - reach, mean + reach, sequential_chance(nr, mean / error) };
}

void correct_for_many(double *p, unsigned int nr)
{
	size_t *order = malloc(max(nr, 1u) * sizeof(*order));
	double least = 1;

	BUG_ON(!order);
	gsl_sort_index(order, p, 1, nr);
	for (unsigned int i = nr; i; i--) {
		least = min(least, p[order[i - 1]] * nr / i);
		p[order[i - 1]] = least;
	}
	free(order);
}

double halves_differ(const double *in_turn, unsigned int nr)
{
	double *halves[2], medians[2], differing;
	unsigned int filled[2] = { 0, 0 };

	if (nr < 2)
		return 0;
	halves[0] = malloc(2 * (size_t)nr * sizeof(double));
	BUG_ON(!halves[0]);
	halves[1] = halves[0] + nr;
	for (unsigned int i = 0; i < nr; i++)
		halves[i % 2][filled[i % 2]++] = in_turn[i];
	for (unsigned int i = 0; i < 2; i++) {
		sort_values(halves[i], filled[i]);
		medians[i] = median_of(halves[i], filled[i]);
	}
	differing = medians[0] > 0 && medians[1] > 0 ? fabs(log(medians[0] / medians[1])) * M_SQRT1_2 : 0;
	free(halves[0]);
	return differing;
}
