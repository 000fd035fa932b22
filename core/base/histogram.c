/* SPDX-License-Identifier: GPL-2.0-or-later */
/* histogram.c - merges and reads histograms. */
#include "core/base/histogram.h"

#include <math.h>

_Static_assert(HISTOGRAM_STEPS == 64, "histogram_bucket() keeps the first 7 bits of a value");

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	for (unsigned int i = 0; i < NR_HISTOGRAM_BUCKETS; i++)
		count_own(&to->count[i], load_relaxed(&from->count[i]));
	store_relaxed(&to->most, max(load_relaxed(&to->most), load_relaxed(&from->most)));
}

uint64_t histogram_total(const struct histogram *histogram)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < NR_HISTOGRAM_BUCKETS; i++)
		sum += load_relaxed(&histogram->count[i]);
	return sum;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)histogram_total(histogram)), seen = 0;

	for (unsigned int i = 0; i < NR_HISTOGRAM_BUCKETS; i++) {
		seen += load_relaxed(&histogram->count[i]);
		if (seen && seen >= wanted)
			return min(histogram_bucket_end(i), load_relaxed(&histogram->most));
	}
	return 0;
}

void histogram_reset(struct histogram *histogram)
{
	for (unsigned int i = 0; i < NR_HISTOGRAM_BUCKETS; i++)
		store_relaxed(&histogram->count[i], 0);
	store_relaxed(&histogram->most, 0);
}
