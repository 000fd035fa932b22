/* SPDX-License-Identifier: GPL-2.0-or-later */
/* age.c - object ages: grace periods from unlink to free, reuse and access, counted and checked. */
#include "core/host/age.h"

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/host/rcu.h"
#include "core/probe/detector.h"
#include "core/probe/object.h"
#include "core/probe/race.h"

#if FAULTLINE_CHECK
enum age_event { AGE_FREED, AGE_REUSED, AGE_ACCESSED, NR_AGE_EVENTS };

static const char *const event_names[NR_AGE_EVENTS] = { "freed", "reused", "accessed" };

/* Buckets: never unlinked; then by grace periods since the unlink. */
#define NR_BUCKETS	8
static const char *const bucket_names[NR_BUCKETS] = { "linked", "0", "1", "2", "3", "4-7", "8-15", "16 on" };

/* Lock key: (A) atomic: written by one cpu, the last by all threads without a cpu; read by any */
struct age_counts {
	uint64_t count[MAX_OBJECT_KINDS][NR_AGE_EVENTS][NR_BUCKETS];	/* (A) */
} __cacheline_aligned;

static struct age_counts counts[NR_CPUS + 1];

static void ages_reset(void)
{
	for (unsigned int cpu = 0; cpu <= NR_CPUS; cpu = cpu + 1 == nr_cpus_used() ? NR_CPUS : cpu + 1)
		for (unsigned int i = 0; i < sizeof(counts[cpu].count) / sizeof(uint64_t); i++)
			store_relaxed(&counts[cpu].count[0][0][0] + i, 0);
}

static uint64_t total(const struct object_kind *kind, enum age_event event, unsigned int bucket)
{
	uint64_t sum = load_relaxed(&counts[NR_CPUS].count[kind->index][event][bucket]);

	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		sum += load_relaxed(&counts[cpu].count[kind->index][event][bucket]);
	return sum;
}

/* Returns the first non-empty bucket from @from on, in steps of @step, or NR_BUCKETS. */
static unsigned int hit_from(const struct object_kind *kind, enum age_event event, int from, int step)
{
	for (int bucket = from; bucket >= 0 && bucket < NR_BUCKETS; bucket += step)
		if (total(kind, event, (unsigned int)bucket))
			return (unsigned int)bucket;
	return NR_BUCKETS;
}

static void report_event(FILE *out, const struct object_kind *kind, enum age_event event, bool full)
{
	unsigned int first = hit_from(kind, event, 0, 1), last = hit_from(kind, event, NR_BUCKETS - 1, -1);

	if (first == NR_BUCKETS)
		return;
	fprintf(out, "  %s %s:", kind->name, event_names[event]);
	if (!full)
		fprintf(out, first == last ? " %s\n" : " %s to %s\n", bucket_names[first], bucket_names[last]);
	for (unsigned int bucket = first; full && bucket <= last; bucket++)
		fprintf(out, "  %llu at %s%s", (unsigned long long)total(kind, event, bucket), bucket_names[bucket],
			bucket == last ? "\n" : "");
}

static void ages_report(FILE *out, bool full)
{
	const struct object_kind *kind;

	fprintf(out, "ages, in grace periods; there were %lu:\n", grace_periods());
	for (unsigned int i = 0; (kind = object_kind(i)); i++)
		for (enum age_event event = 0; event < NR_AGE_EVENTS; event++)
			report_event(out, kind, event, full);
}

static struct detector ages = {
	.name = "ages",
	.what = "objects freed, reused or accessed, by grace periods since their unlink",
	.reset = ages_reset,
	.report = ages_report,
};
DETECTOR(ages);

static unsigned int bucket_of(bool gone, unsigned long age)
{
	if (!gone)
		return 0;
	if (age < 4)
		return 1 + (unsigned int)age;
	return age < 8 ? 5 : age < 16 ? 6 : 7;
}

/* Counts the event. Returns the age, 0 for an object that was never unlinked. */
static unsigned long count_age(const struct object_kind *kind, enum age_event event, unsigned long gone)
{
	unsigned long age = gone ? grace_periods() + 1 - gone : 0;
	unsigned int bucket = bucket_of(gone, age);

	if (this_cpu)
		count_own(&counts[this_cpu->id].count[kind->index][event][bucket], 1);
	else
		fetch_add_relaxed(&counts[NR_CPUS].count[kind->index][event][bucket], 1ul);
	return age;
}

static void age_unlinked(const struct object_event *event)
{
	struct object_probe *probe = event->probe;

	if (!detector_is_on(&ages) || load_relaxed(&probe->gone))
		return;
	/*
	 * ORDER[age:A] the unlink comes before the read of the period count; pairs with ORDER[age:B] in rcu.c.
	 * Weaker: a period that began before the object was unreachable counts as one since.
	 */
	smp_mb();
	store_relaxed(&probe->gone, grace_periods() + 1);
}

static void age_freed(const struct object_event *event)
{
	unsigned long gone = load_relaxed(&event->probe->gone), periods;

	if (!detector_is_on(&ages) || !gone)
		return;
	periods = count_age(event->kind, AGE_FREED, gone);
	if (unlikely(periods < event->least))
		BUG_BY(ages.name,
		       "object age: %p, one of the %s, is freed %lu grace periods after the unlink, needs %lu",
		       event->object, event->kind->name, periods, event->least);
}

static void age_reused(const struct object_event *event)
{
	unsigned long gone = load_relaxed(&event->probe->gone);

	if (!gone)
		return;
	count_age(event->kind, AGE_REUSED, gone);
	store_relaxed(&event->probe->gone, 0ul);
}

/*
 * @gone is read before the period count: else a period that ends in between counts against the reader.
 *
 * Where loads may be old, a reader may find the object after any number of grace periods of threads that do not see the
 * unlink. The fence age:A excludes that, but it is the check's: a memory order that had it would hide that the unlinker
 * lacks one.
 */
static void age_accessed(const struct object_event *event)
{
	unsigned long gone, periods;

	if (!detector_is_on(&ages))
		return;
	gone = load_acquire(&event->probe->gone);
	periods = count_age(event->kind, AGE_ACCESSED, gone);
	if (unlikely(periods > 1 && !race_loads_older()))
		BUG_BY(ages.name,
		       "object age: %p, one of the %s, is accessed %lu grace periods after the unlink, limit 1",
		       event->object, event->kind->name, periods);
}

static const struct object_subscriber age = {
	.unlinked = age_unlinked,
	.freed = age_freed,
	.reused = age_reused,
	.seen = age_accessed,
};
OBJECT_SUBSCRIBER(age);

void assert_linked(const struct object_kind *kind, const struct object_probe *probe, const void *object)
{
	if (unlikely(load_relaxed(&probe->gone)) && detector_is_on(&ages))
		BUG_BY(ages.name, "object age: %p, one of the %s, is accessed after the unlink", object, kind->name);
}
#endif
