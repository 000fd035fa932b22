/* SPDX-License-Identifier: GPL-2.0-or-later */
/* retry.c - histograms of rounds, by loop and cpu. */
#include "core/base/retry.h"

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/base/watcher.h"

#if FAULTLINE_CHECK
#define EXACT		16u	/* rounds below have a bucket each; from there on one for each power of two */
#define NR_BUCKETS	(EXACT + 14)

static const struct {
	unsigned int bound;
	const char *name;
} loops[NR_RETRY_LOOPS] = {
#define X(id, bound, name) { bound, name },
	RETRY_LOOPS(X)
#undef X
};

/* Lock key: (A) atomic: written by its cpu, read by any */
struct retry_counts {
	uint64_t count[NR_RETRY_LOOPS][NR_BUCKETS];	/* (A) */
	uint32_t most[NR_RETRY_LOOPS];			/* (A) rounds */
} __cacheline_aligned;

static struct retry_counts counts[NR_CPUS];

static unsigned int bucket_of(unsigned int rounds)
{
	if (rounds < EXACT)
		return rounds;
	return min(EXACT + (31 - (unsigned int)__builtin_clz(rounds)) - 4, NR_BUCKETS - 1);
}

/* The most rounds that bucket @i counts. */
static unsigned int bucket_end(unsigned int i)
{
	return i < EXACT ? i : (EXACT << (i - EXACT + 1)) - 1;
}

static void retries_reset(void)
{
	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++) {
		for (unsigned int i = 0; i < NR_RETRY_LOOPS * NR_BUCKETS; i++)
			store_relaxed(&counts[cpu].count[0][0] + i, 0);
		for (unsigned int i = 0; i < NR_RETRY_LOOPS; i++)
			store_relaxed(&counts[cpu].most[i], 0u);
	}
}

/* All cpus' histogram of one loop; returns how many loops it counts, and in *@most the most rounds of any. */
static uint64_t histogram(enum retry_id id, uint64_t sum[NR_BUCKETS], unsigned int *most)
{
	uint64_t all = 0;

	*most = 0;
	for (unsigned int i = 0; i < NR_BUCKETS; i++) {
		sum[i] = 0;
		for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
			sum[i] += load_relaxed(&counts[cpu].count[id][i]);
		all += sum[i];
	}
	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		*most = max(*most, load_relaxed(&counts[cpu].most[id]));
	return all;
}

/* The fewest rounds that @per_mille of all loops did with, as exactly as buckets are. */
static unsigned int percentile(const uint64_t sum[NR_BUCKETS], uint64_t all, unsigned int per_mille)
{
	uint64_t seen = 0;

	for (unsigned int i = 0; i < NR_BUCKETS; i++) {
		seen += sum[i];
		if (seen * 1000 >= all * per_mille)
			return bucket_end(i);
	}
	return bucket_end(NR_BUCKETS - 1);
}

static void report_loop(FILE *out, enum retry_id id, bool full)
{
	uint64_t sum[NR_BUCKETS], all;
	unsigned int most;

	all = histogram(id, sum, &most);
	if (!all || (!most && !full))
		return;
	fprintf(out, "  %s: %llu times, p99.9 %u, most %u, of %u", loops[id].name, (unsigned long long)all,
		min(percentile(sum, all, 999), most), most, loops[id].bound);
	for (unsigned int i = 0; full && i < NR_BUCKETS; i++)
		if (sum[i])
			fprintf(out, "%s %llu at %u%s", i ? "," : ":", (unsigned long long)sum[i], bucket_end(i),
				i < EXACT ? "" : " or less");
	fputc('\n', out);
}

static void retries_report(FILE *out, bool full)
{
	fputs("rounds of loops that tried again:\n", out);
	for (enum retry_id id = 0; id < NR_RETRY_LOOPS; id++)
		report_loop(out, id, full);
}

static struct watcher retries = {
	.name = "retries",
	.what = "how often each loop that tries again does so, and whether it ends",
	.reset = retries_reset,
	.report = retries_report,
};
WATCHER(retries);

void retry_count(struct retry_loop *loop)
{
	if (unlikely(++loop->rounds > loops[loop->id].bound && watcher_is_on(&retries)))
		BUG("retry loop: %s: more than %u rounds", loops[loop->id].name, loops[loop->id].bound);
}

void retry_done(const struct retry_loop *loop)
{
	struct retry_counts *mine;

	if (!this_cpu)
		return;
	mine = &counts[this_cpu->id];
	count_own(&mine->count[loop->id][bucket_of(loop->rounds)], 1);
	if (loop->rounds > load_relaxed(&mine->most[loop->id]))
		store_relaxed(&mine->most[loop->id], loop->rounds);
}
#endif
