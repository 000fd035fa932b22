/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_print.c - what instruments saw of a case, for people and as JSON. */
#include "bench/run/profile.h"

#include <stdlib.h>
#include <string.h>

#include "bench/data/table.h"

#define MOST_LOCKS	6	/* shown to people: those most waited for, then those most often taken */

static double mean_hold(const struct profile *profile, enum lock_rank rank)
{
	const struct lock_times *lock = &profile->locks[rank];

	if (!lock->hold_samples)
		return 0;
	return max(0.0, (double)lock->hold / (double)lock->hold_samples - profile->ticks_of_nothing) *
	       profile->ns_per_tick;
}

/* ---- text ---- */
static void format_ns(char *text, size_t size, double ns)
{
	if (ns < 999.5)
		snprintf(text, size, "%.0f ns", ns);
	else if (ns < 999.5e3)
		snprintf(text, size, "%.*f us", ns < 9.995e3 ? 2 : ns < 99.95e3 ? 1 : 0, ns / 1e3);
	else
		snprintf(text, size, "%.*f ms", ns < 9.995e6 ? 2 : ns < 99.95e6 ? 1 : 0, ns / 1e6);
}

static void format_count(char *text, size_t size, uint64_t count)
{
	if (count < 1000)
		snprintf(text, size, "%u ", (unsigned int)count);
	else
		format_si(text, size, (double)count);
}

static void print_summary(FILE *out, const struct profile *profile)
{
	enum lock_rank worst = profile_bottleneck(profile);
	char rate[32];

	format_si(rate, sizeof(rate), profile->seconds > 0 ? (double)profile->items / profile->seconds : 0);
	fprintf(out, "%s/threads:%u: %sitems/s", profile->what->name, profile->what->threads, rate);
	if (profile->bare)
		fputs(", without instruments\n", out);
	else if (worst < NR_LOCK_RANKS)
		fprintf(out, "; bottleneck: %s, %.1f %% of all threads' time\n", lockrank_name(worst),
			100 * profile_wait_share(profile, worst));
	else
		fputs("; no lock is a bottleneck\n", out);
}

static int compare_weight(const void *a, const void *b, void *locks)
{
	const struct lock_times *one = (const struct lock_times *)locks + *(const enum lock_rank *)a;
	const struct lock_times *other = (const struct lock_times *)locks + *(const enum lock_rank *)b;

	if (one->wait != other->wait)
		return one->wait < other->wait ? 1 : -1;
	return (one->acquired < other->acquired) - (one->acquired > other->acquired);
}

static void print_lock(FILE *out, const struct profile *profile, enum lock_rank rank)
{
	const struct lock_times *lock = &profile->locks[rank];
	char acquired[32], longest[32], hold[32];

	format_count(acquired, sizeof(acquired), lock->acquired);
	format_ns(longest, sizeof(longest), (double)lock->wait_most * profile->ns_per_tick);
	format_ns(hold, sizeof(hold), mean_hold(profile, rank));
	fprintf(out, "  %-28s %9s %9.2f%% %9.2f%% %10s %10s\n", lockrank_name(rank), acquired,
		lock->acquired ? 100.0 * (double)lock->contended / (double)lock->acquired : 0.0,
		100 * profile_wait_share(profile, rank), lock->wait_most ? longest : "-",
		lock->hold_samples ? hold : "-");
}

static void print_locks(FILE *out, const struct profile *profile)
{
	enum lock_rank order[NR_LOCK_RANKS];
	unsigned int nr = 0;

	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++)
		if (profile->locks[rank].acquired || profile->locks[rank].contended)
			order[nr++] = rank;
	if (!nr)
		return;
	qsort_r(order, nr, sizeof(*order), compare_weight, (void *)profile->locks);
	fprintf(out, "  %-28s %9s %10s %10s %10s %10s\n", "lock", "acquired", "contended", "waiting", "longest",
		"held");
	for (unsigned int i = 0; i < nr && i < MOST_LOCKS; i++)
		print_lock(out, profile, order[i]);
}

static void print_latencies(FILE *out, const struct profile *profile)
{
	static const double shares[] = { 0.5, 0.9, 0.99, 0.999, 1 };

	if (profile->nr_latencies)
		fprintf(out, "  %-12s %-16s %9s %10s %10s %10s %10s %10s\n", "role", "operation", "count", "p50", "p90",
			"p99", "p99.9", "max");
	for (unsigned int i = 0; i < profile->nr_latencies; i++) {
		const struct profile_latency *latency = &profile->latencies[i];
		uint64_t total = histogram_total(&latency->histogram);
		char text[32];

		format_count(text, sizeof(text), total);
		fprintf(out, "  %-12s %-16s %9s", latency->role, latency->operation, text);
		for (size_t q = 0; q < ARRAY_SIZE(shares); q++) {
			format_ns(text, sizeof(text),
				  (double)histogram_quantile(&latency->histogram, shares[q]) * profile->ns_per_tick);
			fprintf(out, " %10s", text);
		}
		if ((double)total >= 1.5 * (double)latency->samples)
			fprintf(out, "  (1 in %.0f timed)", (double)total / (double)latency->samples);
		fputc('\n', out);
	}
}

static void print_retries(FILE *out, const struct profile *profile)
{
	for (unsigned int i = 0; i < profile->nr_retries; i++) {
		const struct retry_summary *loop = &profile->retries[i];

		if (loop->most)
			fprintf(out, "  retries: %s: %llu times, p99.9 %u, maximum %u\n", loop->name,
				(unsigned long long)loop->loops, loop->p999, loop->most);
	}
}

void profile_print(FILE *out, const struct profile *profile)
{
	print_summary(out, profile);
	print_locks(out, profile);
	print_latencies(out, profile);
	print_retries(out, profile);
}

/* ---- JSON ---- */
static json_t *nanoseconds(const struct profile *profile, uint64_t ticks)
{
	return json_integer((json_int_t)((double)ticks * profile->ns_per_tick + 0.5));
}

static json_t *locks_json(const struct profile *profile)
{
	json_t *locks = json_array();

	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++) {
		const struct lock_times *lock = &profile->locks[rank];

		if (!lock->acquired && !lock->contended)
			continue;
		json_array_append_new(
			locks, json_pack("{s:s, s:I, s:I, s:o, s:o, s:f, s:I, s:f}", "class", lockrank_name(rank),
					 "acquired", (json_int_t)lock->acquired, "contended",
					 (json_int_t)lock->contended, "wait_ns", nanoseconds(profile, lock->wait),
					 "wait_max_ns", nanoseconds(profile, lock->wait_most), "hold_ns_mean",
					 mean_hold(profile, rank), "hold_samples", (json_int_t)lock->hold_samples,
					 "wait_share", profile_wait_share(profile, rank)));
	}
	return locks;
}

static json_t *buckets_json(const struct profile *profile, const struct histogram *histogram)
{
	json_t *buckets = json_array();

	for (unsigned int i = 0; i < NR_HISTOGRAM_BUCKETS; i++) {
		uint64_t count = load_relaxed(&histogram->count[i]);

		if (count)
			json_array_append_new(buckets,
					      json_pack("[o, I]", nanoseconds(profile, histogram_bucket_end(i)),
							(json_int_t)count));
	}
	return buckets;
}

static json_t *latencies_json(const struct profile *profile)
{
	json_t *latencies = json_array();

	for (unsigned int i = 0; i < profile->nr_latencies; i++) {
		const struct profile_latency *latency = &profile->latencies[i];
		const struct histogram *histogram = &latency->histogram;

		json_array_append_new(latencies,
				      json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "role",
						latency->role, "operation", latency->operation, "count",
						(json_int_t)histogram_total(histogram), "samples",
						(json_int_t)latency->samples, "p50",
						nanoseconds(profile, histogram_quantile(histogram, 0.5)), "p90",
						nanoseconds(profile, histogram_quantile(histogram, 0.9)), "p99",
						nanoseconds(profile, histogram_quantile(histogram, 0.99)), "p999",
						nanoseconds(profile, histogram_quantile(histogram, 0.999)), "max",
						nanoseconds(profile, load_relaxed(&histogram->most)), "buckets",
						buckets_json(profile, histogram)));
	}
	return latencies;
}

static json_t *retries_json(const struct profile *profile)
{
	json_t *retries = json_array();

	for (unsigned int i = 0; i < profile->nr_retries; i++) {
		const struct retry_summary *loop = &profile->retries[i];

		if (loop->loops)
			json_array_append_new(retries, json_pack("{s:s, s:I, s:i, s:i}", "loop", loop->name, "count",
								 (json_int_t)loop->loops, "p999", (int)loop->p999,
								 "max", (int)loop->most));
	}
	return retries;
}

json_t *profile_json(const struct profile *profile)
{
	enum lock_rank worst = profile_bottleneck(profile);

	if (profile->skipped)
		return json_pack("{s:s, s:i, s:s}", "name", profile->what->name, "threads", (int)profile->what->threads,
				 "skipped", profile->why);
	return json_pack("{s:s, s:i, s:f, s:I, s:b, s:s?, s:o, s:o, s:o}", "name", profile->what->name, "threads",
			 (int)profile->what->threads, "seconds", profile->seconds, "items", (json_int_t)profile->items,
			 "instruments", !profile->bare, "bottleneck",
			 worst < NR_LOCK_RANKS ? lockrank_name(worst) : NULL, "locks", locks_json(profile), "latency",
			 latencies_json(profile), "retries", retries_json(profile));
}
