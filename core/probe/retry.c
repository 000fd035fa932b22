/* SPDX-License-Identifier: GPL-2.0-or-later */
/* retry.c - histograms of rounds, by loop and cpu. */
#include "core/probe/retry.h"

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/probe/detector.h"

#if FAULTLINE_PROFILE
_Thread_local struct retry_counts *this_retries;

static struct retry_counts retry_counts[NR_CPUS];

static const struct {
	unsigned int bound;
	const char *name;
} loops[NR_RETRY_LOOPS] = {
#define X(id, bound, name) { bound, name },
	RETRY_LOOPS(X)
#undef X
};

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
	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++) {
		for (unsigned int i = 0; i < NR_RETRY_LOOPS * NR_RETRY_BUCKETS; i++)
			store_relaxed(&retry_counts[cpu].count[0][0] + i, 0);
		for (unsigned int i = 0; i < NR_RETRY_LOOPS; i++)
			store_relaxed(&retry_counts[cpu].most[i], 0u);
	}
}

/* Sums one loop's histograms of all cpus. Returns the number of loops, and in *@most the maximum of rounds. */
static uint64_t histogram(enum retry_id id, uint64_t sum[NR_RETRY_BUCKETS], unsigned int *most)
{
	uint64_t all = 0;

	*most = 0;
	for (unsigned int i = 0; i < NR_RETRY_BUCKETS; i++) {
		sum[i] = 0;
		for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
			sum[i] += load_relaxed(&retry_counts[cpu].count[id][i]);
		all += sum[i];
	}
	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		*most = max(*most, load_relaxed(&retry_counts[cpu].most[id]));
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

struct retry_summary retry_summary(enum retry_id id)
{
	struct retry_summary summary = { .name = loops[id].name };
	uint64_t sum[NR_RETRY_BUCKETS];

	summary.loops = histogram(id, sum, &summary.most);
	summary.p999 = min(percentile(sum, summary.loops, 999), summary.most);
	return summary;
}

static void print_buckets(FILE *out, enum retry_id id)
{
	uint64_t sum[NR_RETRY_BUCKETS];
	unsigned int most;
	const char *before = ":";

	histogram(id, sum, &most);
	for (unsigned int i = 0; i < NR_RETRY_BUCKETS; i++) {
		if (!sum[i])
			continue;
		fprintf(out, "%s %llu at %u%s", before, (unsigned long long)sum[i], bucket_end(i),
			i < RETRY_EXACT ? "" : " or less");
		before = ",";
	}
}

static void report_loop(FILE *out, enum retry_id id, bool full)
{
	struct retry_summary summary = retry_summary(id);

	if (!summary.loops || (!summary.most && !full))
		return;
	fprintf(out, "  %s: %llu times, p99.9 %u, most %u, of %u", summary.name, (unsigned long long)summary.loops,
		summary.p999, summary.most, loops[id].bound);
	if (full)
		print_buckets(out, id);
	fputc('\n', out);
}

static void retries_report(FILE *out, bool full)
{
	fputs("rounds of retry loops:\n", out);
	for (enum retry_id id = 0; id < NR_RETRY_LOOPS; id++)
		report_loop(out, id, full);
}

static struct detector retries = {
	.name = "retries",
	.what = "rounds of each retry loop, and its bound",
	.reset = retries_reset,
	.report = retries_report,
};
DETECTOR(retries);

__noinline void retry_check(enum retry_id id, unsigned int rounds)
{
	if (unlikely(rounds > loops[id].bound && detector_is_on(&retries)))
		BUG_BY(retries.name, "retry loop: %s: more than %u rounds", loops[id].name, loops[id].bound);
}

__noinline void retry_went_round(enum retry_id id, unsigned int rounds)
{
	struct retry_counts *mine = this_retries;

	count_own(&mine->count[id][bucket_of(rounds)], 1);
	if (rounds > load_relaxed(&mine->most[id]))
		store_relaxed(&mine->most[id], rounds);
}

void retry_counting_begin(void)
{
	this_retries = &retry_counts[this_cpu->id];
}

void retry_counting_end(void)
{
	this_retries = NULL;
}

static const struct cpu_client retry_client = { retry_counting_begin, retry_counting_end };
CPU_CLIENT(retry_client);
#else
struct retry_summary retry_summary(enum retry_id id)
{
	(void)id;
	return (struct retry_summary){ 0 };
}

void retry_counting_begin(void)
{
}

void retry_counting_end(void)
{
}
#endif
