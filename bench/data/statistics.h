/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statistics.h - what repeated measurements say: their middle, how sure it is, and whether two of them differ.
 *
 * Measurements on a shared machine have a long tail to one side. So the middle is a median, its interval needs no shape
 * of the distribution at all, and differences are those of trimmed means (Yuen's test): a fifth of the values at either
 * end count only by their rank.
 */
#ifndef FAULTLINE_BENCH_DATA_STATISTICS_H
#define FAULTLINE_BENCH_DATA_STATISTICS_H

#define CONFIDENCE	0.95	/* of intervals */
#define SIGNIFICANCE	0.01	/* part of false ones among the differences found */
#define TRIMMED_PART	0.2	/* at either end */

/* Sorts @values in place, ascending. */
void sort_values(double *values, unsigned int nr);
/* Of ascending values; 0 when there are none. */
double median_of(const double *sorted, unsigned int nr);
/*
 * The nearest rank: the least of the ascending values that at least @part of all do not exceed; 0 when there are none.
 */
double quantile_of(const double *sorted, unsigned int nr, double part);
/*
 * median_interval - two of the ascending values between which the median of the population lies, with at least
 * CONFIDENCE: those as many ranks from either end as the binomial distribution allows. With fewer than 6 values the
 * least and the most: that covers it with 1 - 2^(1 - nr), 0.94 for 5. Returns what it covers.
 */
double median_interval(const double *sorted, unsigned int nr, double *low, double *high);

/*
 * How two samples differ: the estimate of b - a, its interval, and how probable more than that is where nothing
 * differs.
 */
struct difference {
	double estimate, low, high, p;
};

/* Samples that know nothing of each other; p is 1 when either has fewer than 2 values. */
struct difference differ(const double *a, unsigned int nr_a, const double *b, unsigned int nr_b);
/* Of pairs that were taken side by side: b - a of each. */
struct difference differ_in_pairs(const double *apart, unsigned int nr);

/*
 * differ_sequentially - of samples that come one after the other, e.g. of rounds, and are looked at after each of them:
 * stop whenever the answer is clear. The interval holds for all looks at once with CONFIDENCE, and where nothing
 * differs, p ever falls below a with a probability of at most a.
 *
 * It is the t-test by a mixture: with n samples, t = mean / (deviation / sqrt(n)), r = 1 + n * SEQUENTIAL_SPREAD^2 the
 * likelihood of an effect that is normal around 0 with SEQUENTIAL_SPREAD deviations, against that of none, is
 *
 *   e = r^(-1/2) * ((1 + t^2 / (n - 1)) / (1 + t^2 / (n - 1) / r))^(n / 2)
 *
 * Under no effect it is a martingale of mean 1 for the t statistics so far, whatever the deviation: by Ville's
 * inequality it ever reaches 1 / a with a probability of at most a, and p = min(1, 1 / e). The samples are taken for
 * normal and of one distribution. Those of rounds are means of pairs that lie beside each other, so that the machine's
 * pace, which is neither, drops out; what heavy tails are left make t smaller and so the test more careful. Source:
 * Lai, On confidence sequences, 1976; Wang and Ramdas, Anytime-valid t-tests and confidence sequences, 2023.
 */
#define SEQUENTIAL_SPREAD	1.0	/* effects of about one deviation of a round are found soonest */
struct difference differ_sequentially(const double *apart, unsigned int nr);

/*
 * Corrects @nr probabilities in place for being many (Benjamini and Hochberg): of those that stay below SIGNIFICANCE at
 * most that part is expected to be false; where nothing differs at all, any is found with that probability.
 */
void correct_for_many(double *p, unsigned int nr);

/*
 * halves_differ - by how much two runs like this one would differ: measurements in the order they were taken are split
 * in halves, every other one each. The logarithm by which their medians differ, over the root of 2, since whole runs
 * have twice as many and so differ by that much less. 0 for fewer than 2.
 */
double halves_differ(const double *in_turn, unsigned int nr);

#endif
