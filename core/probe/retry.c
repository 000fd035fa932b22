/* SPDX-License-Identifier: GPL-2.0-or-later */
/* retry.c - the list of retry loops, and their histograms of rounds, summed over cpus. */
#include "core/probe/retry.h"

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/base/registry.h"
#include "core/probe/decision.h"
#include "core/probe/detector.h"

void retry_die(const char *text, unsigned int bound)
{
	BUG("retry loop: %s: more than %u rounds", text, bound);
}

#if FAULTLINE_PROFILE
_Thread_local int retry_slot = -1;

REGISTRY(const struct retry_kind, retries);

static const struct retry_kind *kind_get(unsigned int index)
{
	for_each_registered(const struct retry_kind, p, retries)
		if (index-- == 0)
			return *p;
	return NULL;
}

static unsigned int bucket_of(unsigned int rounds)
{
	if (rounds < RETRY_EXACT)
		return rounds;
	return min(RETRY_EXACT + (31 - (unsigned int)__builtin_clz(rounds)) - 4, NR_RETRY_BUCKETS - 1);
}

/* The largest number of rounds that bucket @i counts. */
static unsigned int bucket_end(unsigned int i)
{
	return i < RETRY_EXACT ? i : (RETRY_EXACT << (i - RETRY_EXACT + 1)) - 1;
}

static void retries_reset(void)
{
	const struct retry_kind *kind;

	for (unsigned int i = 0; (kind = kind_get(i)); i++) {
		for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++) {
			for (unsigned int bucket = 0; bucket < NR_RETRY_BUCKETS; bucket++)
				store_relaxed(&kind->counts[cpu].count[bucket], 0);
			store_relaxed(&kind->counts[cpu].most, 0u);
		}
	}
}

/* Sums one loop's histograms of all cpus. Returns the number of loops, and in *@most the maximum of rounds. */
static uint64_t histogram(const struct retry_kind *kind, uint64_t sum[NR_RETRY_BUCKETS], unsigned int *most)
{
	uint64_t all = 0;

	*most = 0;
	for (unsigned int i = 0; i < NR_RETRY_BUCKETS; i++) {
		sum[i] = 0;
		for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
			sum[i] += load_relaxed(&kind->counts[cpu].count[i]);
		all += sum[i];
	}
	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		*most = max(*most, load_relaxed(&kind->counts[cpu].most));
	return all;
}

/* The per-mille quantile of rounds, as exact as buckets are. */
static unsigned int percentile(const uint64_t sum[NR_RETRY_BUCKETS], uint64_t all, unsigned int per_mille)
{
	uint64_t seen = 0;

	for (unsigned int i = 0; i < NR_RETRY_BUCKETS; i++) {
		seen += sum[i];
		if (seen * 1000 >= all * per_mille)
			return bucket_end(i);
	}
	return bucket_end(NR_RETRY_BUCKETS - 1);
}

static struct retry_summary summary_of(const struct retry_kind *kind)
{
	struct retry_summary summary = { .name = kind->name };
	uint64_t sum[NR_RETRY_BUCKETS];

	summary.loops = histogram(kind, sum, &summary.most);
	summary.p999 = min(percentile(sum, summary.loops, 999), summary.most);
	return summary;
}

struct retry_summary retry_summary(unsigned int index)
{
	const struct retry_kind *kind = kind_get(index);

	return kind ? summary_of(kind) : (struct retry_summary){ 0 };
}

static void print_buckets(FILE *out, const struct retry_kind *kind)
{
	uint64_t sum[NR_RETRY_BUCKETS];
	unsigned int most;
	const char *before = ":";

	histogram(kind, sum, &most);
	for (unsigned int i = 0; i < NR_RETRY_BUCKETS; i++) {
		if (!sum[i])
			continue;
		fprintf(out, "%s %llu at %u%s", before, (unsigned long long)sum[i], bucket_end(i),
			i < RETRY_EXACT ? "" : " or less");
		before = ",";
	}
}

static void report_loop(FILE *out, const struct retry_kind *kind, bool full)
{
	struct retry_summary summary = summary_of(kind);

	if (!summary.loops || (!summary.most && !full))
		return;
	fprintf(out, "  %s: %llu times, p99.9 %u, most %u, of %u", summary.name, (unsigned long long)summary.loops,
		summary.p999, summary.most, kind->bound);
	if (full)
		print_buckets(out, kind);
	fputc('\n', out);
}

static void retries_report(FILE *out, bool full)
{
	const struct retry_kind *kind;

	fputs("rounds of retry loops:\n", out);
	for (unsigned int i = 0; (kind = kind_get(i)); i++)
		report_loop(out, kind, full);
}

static struct detector retries = {
	.name = "retries",
	.what = "rounds of each retry loop, and its bound",
	.reset = retries_reset,
	.report = retries_report,
};
DETECTOR(retries);

__noinline void retry_check(const struct retry_kind *kind, unsigned int rounds)
{
	if (unlikely(rounds > kind->bound && detector_is_on(&retries)))
		BUG_BY(retries.name, "retry loop: %s: more than %u rounds", kind->name, kind->bound);
	if (unlikely(rounds > RETRY_PATIENCE * kind->bound))
		retry_die(kind->name, RETRY_PATIENCE * kind->bound);
	decision_retries(rounds);
}

__noinline void retry_went_round(const struct retry_kind *kind, unsigned int rounds)
{
	struct retry_counts *mine = &kind->counts[retry_slot];

	count_own(&mine->count[bucket_of(rounds)], 1);
	if (rounds > load_relaxed(&mine->most))
		store_relaxed(&mine->most, rounds);
}

void retry_counting_begin(void)
{
	retry_slot = (int)this_cpu->id;
}

void retry_counting_end(void)
{
	retry_slot = -1;
}

static const struct cpu_client retry_client = { retry_counting_begin, retry_counting_end };
CPU_CLIENT(retry_client);
#else
struct retry_summary retry_summary(unsigned int index)
{
	(void)index;
	return (struct retry_summary){ 0 };
}

void retry_counting_begin(void)
{
}

void retry_counting_end(void)
{
}
#endif
