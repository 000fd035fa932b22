/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile.c - runs one case with the instruments on, and gathers what they saw. */
#include "bench/run/profile.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/ground/command.h"
#include "bench/ground/progress.h"
#include "bench/run/crew.h"

/* One worker's own, on lines of its own. */
struct gauge {
	struct latencies *latencies;	/* NULL: no instruments */
	struct timeline *timeline;	/* NULL: none wanted */
	uint64_t items;
	double start, end, preparing;	/* when; seconds of prepare() in between */
	pthread_t thread;
	int error;
} __cacheline_aligned;

/* Lock key: (A) atomic (C) const while workers run (T) each worker's, read when all are gone */
static struct {
	struct crew crew;		/* (C) */
	struct gauge *gauges;		/* (T) one for each worker */
	pthread_barrier_t start, end;
	bool stop;			/* (A) */
} now;

static void instruments_on(struct gauge *gauge)
{
	if (!gauge->latencies)
		return;
	timeline_begin(gauge->timeline);
	latency_timing_begin(gauge->latencies);
	lockstat_timing_begin();
	retry_counting_begin();
}

static void instruments_off(void)
{
	latency_timing_end();
	timeline_begin(NULL);
	lockstat_timing_end();
	retry_counting_end();
}

/* The cost of preparations is not reported. */
static void prepare_again(struct seat *seat, struct gauge *gauge)
{
	double begin;

	if (!seat->role->prepare)
		return;
	instruments_off();
	begin = now_seconds();
	crew_prepare(seat);
	gauge->preparing += now_seconds() - begin;
	instruments_on(gauge);
}

/* The workload's own operation is timed as those of the core are. */
static int64_t whole_op(struct seat *seat)
{
	OPERATION("op", seat->worker.run, 0);

	return crew_op(seat);
}

static void work(struct seat *seat, struct gauge *gauge)
{
	gauge->start = now_seconds();
	instruments_on(gauge);
	for (;;) {
		int64_t items = whole_op(seat);

		rcu_quiescent();
		if (items < 0) {
			gauge->error = (int)items;
			store_relaxed(&now.stop, true);
			break;
		}
		gauge->items += (uint64_t)items;
		if (load_relaxed(&now.stop))
			break;
		prepare_again(seat, gauge);
	}
	instruments_off();
	gauge->end = now_seconds();
}

/* Threads that wait for each other hold up no grace period. */
static void meet(pthread_barrier_t *barrier)
{
	if (this_cpu)
		rcu_offline();
	pthread_barrier_wait(barrier);
	if (this_cpu)
		rcu_online();
}

static void *worker_thread(void *arg)
{
	struct gauge *gauge = arg;
	unsigned int index = (unsigned int)(gauge - now.gauges);
	struct seat *seat = &now.crew.seats[index];
	bool joined;

	gauge->error = crew_join(&now.crew, index);
	joined = !gauge->error;
	if (joined)
		crew_prepare(seat);
	meet(&now.start);
	if (joined)
		work(seat, gauge);
	meet(&now.end);	/* no worker's place is another's before all have ended */
	if (joined)
		crew_leave(&now.crew, index);
	return NULL;
}

/* ---- the main thread ---- */

/* A thread that cannot be started leaves others at the barrier: there is no way on. */
static void start_workers(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		int error = pthread_create(&now.gauges[i].thread, NULL, worker_thread, &now.gauges[i]);

		if (error)
			exit(fail("thread %u of %u: %s", i + 1, nr, strerror(error)));
	}
}

static void nap(double seconds)
{
	double whole = (double)(time_t)seconds;
	struct timespec left = { (time_t)seconds, (long)((seconds - whole) * 1e9) };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static void let_workers_work(unsigned int nr, double seconds)
{
	store_relaxed(&now.stop, false);
	pthread_barrier_init(&now.start, NULL, nr + 1);
	pthread_barrier_init(&now.end, NULL, nr);
	start_workers(nr);
	rcu_offline();
	pthread_barrier_wait(&now.start);
	nap(seconds);
	store_relaxed(&now.stop, true);
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(now.gauges[i].thread, NULL);
	rcu_online();
	pthread_barrier_destroy(&now.start);
	pthread_barrier_destroy(&now.end);
}

static int make_gauges(unsigned int nr, bool bare, bool timelines)
{
	size_t size = nr * sizeof(*now.gauges);

	now.gauges = aligned_alloc(_Alignof(struct gauge), size);
	if (!now.gauges)
		return -ENOMEM;
	memset(now.gauges, 0, size);
	for (unsigned int i = 0; !bare && i < nr; i++) {
		now.gauges[i].latencies = latencies_new();
		now.gauges[i].timeline = timelines ? calloc(1, sizeof(struct timeline)) : NULL;
		if (!now.gauges[i].latencies || (timelines && !now.gauges[i].timeline))
			return -ENOMEM;
	}
	return 0;
}

static void free_gauges(unsigned int nr)
{
	for (unsigned int i = 0; now.gauges && i < nr; i++) {
		free(now.gauges[i].latencies);
		free(now.gauges[i].timeline);
	}
	free(now.gauges);
	now.gauges = NULL;
}

/* ---- what they saw ---- */

/* Row @index of a role, as long as no worker of that role has been there. */
static struct profile_latency *latency_of(struct profile *profile, const char *role, const char *operation)
{
	struct profile_latency *grown = profile->latencies;

	for (unsigned int i = 0; i < profile->nr_latencies; i++)
		if (grown[i].role == role && !strcmp(grown[i].operation, operation))
			return &grown[i];
	grown = realloc(grown, (profile->nr_latencies + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	profile->latencies = grown;
	grown += profile->nr_latencies++;
	memset(grown, 0, sizeof(*grown));
	grown->role = role;
	grown->operation = operation;
	return grown;
}

static int gather_latencies(struct profile *profile, const struct seat *seat, const struct gauge *gauge)
{
	const char *operation;

	for (unsigned int i = 0; gauge->latencies && (operation = operation_name(i)); i++) {
		const struct latency *from = &gauge->latencies->of[i];
		struct profile_latency *to;

		if (!from->samples)
			continue;
		to = latency_of(profile, seat->role->name, operation);
		if (!to)
			return -ENOMEM;
		to->samples += from->samples;
		histogram_merge(&to->histogram, &from->histogram);
	}
	return 0;
}

static int gather_retries(struct profile *profile)
{
	struct retry_summary summary, *grown;

	while ((summary = retry_summary(profile->nr_retries)).name) {
		grown = realloc(profile->retries, (profile->nr_retries + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		profile->retries = grown;
		grown[profile->nr_retries++] = summary;
	}
	return 0;
}

static int gather(struct profile *profile, unsigned int nr)
{
	double first = now.gauges[0].start, last = now.gauges[0].end;
	int error = 0;

	for (unsigned int i = 0; !error && i < nr; i++) {
		const struct gauge *gauge = &now.gauges[i];

		error = gauge->error;
		if (error)
			snprintf(profile->why, sizeof(profile->why), "%s: %s", now.crew.seats[i].role->name,
				 strerror(-error));
		profile->items += gauge->items;
		profile->thread_seconds += gauge->end - gauge->start - gauge->preparing;
		first = min(first, gauge->start);
		last = max(last, gauge->end);
		if (!error)
			error = gather_latencies(profile, &now.crew.seats[i], gauge);
	}
	profile->seconds = last - first;
	profile->ns_per_tick = clock_ns_per_tick();
	profile->ticks_of_nothing = clock_ticks_of_nothing();
	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++)
		profile->locks[rank] = lockstat_times(rank);
	return error ? error : gather_retries(profile);
}

static void put_timelines(struct timeline_trace *trace, const struct profile *profile)
{
	timeline_trace_case(trace, profile->what->name, profile->ns_per_tick);
	for (unsigned int i = 0; i < profile->what->threads; i++)
		timeline_trace_thread(trace, now.crew.seats[i].role->name, now.gauges[i].timeline);
}

static int run_case(struct profile *profile, double seconds, struct timeline_trace *trace)
{
	unsigned int nr = profile->what->threads;
	int error = make_gauges(nr, profile->bare, trace);

	if (!error) {
		lockstat_reset();
		detectors_reset();
		let_workers_work(nr, seconds);
		error = gather(profile, nr);
	}
	if (!error && trace)
		put_timelines(trace, profile);
	free_gauges(nr);
	return error;
}

int profile_run(struct profile *profile, const struct run_case *what, const struct choices *choices, double seconds,
		bool bare, struct timeline_trace *trace)
{
	int error;

	*profile = (struct profile){ .what = what, .bare = bare };
	error = crew_begin(&now.crew, what, choices, false);
	if (error) {
		snprintf(profile->why, sizeof(profile->why), "%s", now.crew.why);
		profile->skipped = *now.crew.run.skipped;
		return error;
	}
	error = run_case(profile, seconds, trace);
	crew_end(&now.crew);
	if (!error)
		return 0;
	if (!*profile->why)
		snprintf(profile->why, sizeof(profile->why), "%s", strerror(-error));
	profile_free(profile);
	return error;
}

void profile_free(struct profile *profile)
{
	free(profile->latencies);
	profile->latencies = NULL;
	profile->nr_latencies = 0;
	free(profile->retries);
	profile->retries = NULL;
	profile->nr_retries = 0;
}

double profile_wait_share(const struct profile *profile, enum lock_rank rank)
{
	double waited = (double)profile->locks[rank].wait * profile->ns_per_tick / 1e9;

	return profile->thread_seconds > 0 ? waited / profile->thread_seconds : 0;
}

enum lock_rank profile_bottleneck(const struct profile *profile)
{
	enum lock_rank most = 0;

	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++)
		if (profile->locks[rank].wait > profile->locks[most].wait)
			most = rank;
	return profile_wait_share(profile, most) >= BOTTLENECK_SHARE ? most : NR_LOCK_RANKS;
}
