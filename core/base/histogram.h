/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram.h - counts of values in buckets of 1/64 of the value: a bucket gives a value within 1.6 %.
 *
 * Values below 2 * HISTOGRAM_STEPS have a bucket each; above, each power of two has HISTOGRAM_STEPS buckets. Source:
 * the idea is HdrHistogram's.
 */
#ifndef FAULTLINE_CORE_BASE_HISTOGRAM_H
#define FAULTLINE_CORE_BASE_HISTOGRAM_H

#include "core/base/atomic.h"

#define HISTOGRAM_STEPS		64u
#define HISTOGRAM_BITS		42	/* values of more bits count in the last bucket: 20 minutes at 3 GHz */
#define NR_HISTOGRAM_BUCKETS	(HISTOGRAM_STEPS * (HISTOGRAM_BITS - 5))

/* Lock key: (A) atomic: written by one thread, read by any */
struct histogram {
	uint64_t most;					/* (A) the maximum; 0 without values */
	uint64_t count[NR_HISTOGRAM_BUCKETS];		/* (A) */
};

/* The bucket that counts @value; the last one counts all values of more than HISTOGRAM_BITS bits. */
static inline unsigned int histogram_bucket(uint64_t value)
{
	unsigned int shift;

	if (value < 2 * HISTOGRAM_STEPS)
		return (unsigned int)value;
	shift = 57 - (unsigned int)__builtin_clzll(value);
	if (shift > HISTOGRAM_BITS - 7)
		return NR_HISTOGRAM_BUCKETS - 1;
	return shift * HISTOGRAM_STEPS + (unsigned int)(value >> shift);
}

/* The largest value that bucket @i counts. */
static inline uint64_t histogram_bucket_end(unsigned int i)
{
	unsigned int shift = i < 2 * HISTOGRAM_STEPS ? 0 : i / HISTOGRAM_STEPS - 1;

	return ((uint64_t)(i - shift * HISTOGRAM_STEPS + 1) << shift) - 1;
}

/* Adds @weight values of @value. Called only by the thread that writes @histogram. */
static inline void histogram_add(struct histogram *histogram, uint64_t value, uint64_t weight)
{
	count_own(&histogram->count[histogram_bucket(value)], weight);
	if (value > load_relaxed(&histogram->most))
		store_relaxed(&histogram->most, value);
}

/* Adds all of @from to @to, which only the caller uses. */
void histogram_merge(struct histogram *to, const struct histogram *from);
uint64_t histogram_total(const struct histogram *histogram);
/* The quantile @share, 0 … 1, of all values, as exact as buckets are; 0 without values. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);
void histogram_reset(struct histogram *histogram);

#endif
