/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timed.c - one attempt of one case: set up, all workers for the same stretch of time, tear down.
 *
 * The library gives every thread the same quota of iterations. Threads of different roles, or on a busy machine, reach
 * it at different times; were they to stop there, the last ones would run alone and the sum would be of no load at all.
 * So each goes on past its quota until every other one has reached it. Then, with the window from the first start to
 * the last end, and without the time a worker spent on prepare():
 *
 *   items_per_second   sum over the workers of items / (window - prepare): what all of them got done together
 *   time of the quota  (window - prepare) * quota / ops: what the library divides by, so that its times per iteration
 *                      are wall time over the ops of all threads
 *
 * prepare() costs two clock readings, some 50 ns; the first one lies before the start.
 *
 * With more threads than processors a worker that waits, for a lock or for a processor, while it prepares would have
 * that wait taken out of its time, and ops of others would be counted as made in no time. So the whole cycle is timed
 * there, waits included, and only the processor time T of all prepare() calls is taken out, as what P processors would
 * need for it:
 *
 *   items_per_second   sum of items / (window - T / P)
 *
 * Each item costs the processors at least what it costs one thread alone, so that this never exceeds P times one
 * thread's rate.
 *
 *   preparation     share of the workers' time that prepare() took: of real time or, with more threads than processors,
 *                   of processor time
 *   on_processor    processor time of all workers / their real time: what a quota costs where nothing waits
 *   processor_got   processor time of all workers / what they would have had alone: time on a run queue is wanted too,
 *                   but no more than the processors have; 1 where the kernel keeps no such statistics
 *   fairness        Jain's index over the workers of one role, (sum of rates)^2 / (workers * sum of rates^2), of the
 *                   role where it is least: 1 when all got the same done, 1 / workers when one got all of it done
 */
#include "bench/run/timed.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "bench/ground/interrupt.h"
#include "bench/ground/progress.h"
#include "bench/ground/usage.h"
#include "bench/run/alternate.h"
#include "bench/run/bench_shim.h"
#include "bench/run/crew.h"
#include "bench/run/fairness.h"
#include "bench/run/journal.h"

/* An attempt may take longer than expected: a lock's waiters may fall into step with the scheduler. */
#define LONGEST_ATTEMPT		5	/* times min_time; then it ends, short of its quota */
#define OPS_BETWEEN_LOOKS	16	/* at the clock */
/* waits of a slow-down in a quota: short ops are paid for together, the clock costs as they do */
#define PAYMENTS		256

/* Lock key: (M) mutex (A) atomic (C) const while an attempt runs; one attempt runs at a time */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool open;			/* (M) set up, or failed to: workers may go on */
	unsigned int left;		/* (M) workers that are through with the crew, thread 0 not counted */
	double first_start, last_end;	/* (M) of all workers */
	unsigned int at_quota;		/* (A) workers that have reached their quota or failed */
	int setup_error;		/* (C) */
	unsigned int processors;	/* (C) that the workers share */
	bool crowded;			/* (C) there are more workers than that */
	struct crew crew;
	struct usage used;		/* (M) of all workers */
	double seconds;			/* (T) that the quota took thread 0; 0 when it failed */
	json_t *counters;		/* (M) by name, of all workers together: the journal's columns */
	/* (T) of each worker, items per second; thread 0 reads them after the second barrier */
	double rates[NR_CPUS];
} attempt = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* (C) while timed_run() runs */
static const struct choices *chosen;
static const struct timing *timing;
static void (*on_begin)(const struct run_case *what, uint64_t quota);

static void gate_open(int setup_error)
{
	pthread_mutex_lock(&attempt.mutex);
	attempt.setup_error = setup_error;
	attempt.open = true;
	attempt.left = 0;
	attempt.first_start = attempt.last_end = 0;
	json_object_clear(attempt.counters);
	attempt.used = (struct usage){ 0 };
	store_relaxed(&attempt.at_quota, 0);
	pthread_cond_broadcast(&attempt.changed);
	pthread_mutex_unlock(&attempt.mutex);
}

static void gate_wait(void)
{
	pthread_mutex_lock(&attempt.mutex);
	while (!attempt.open)
		pthread_cond_wait(&attempt.changed, &attempt.mutex);
	pthread_mutex_unlock(&attempt.mutex);
}

static void gate_leave(void)
{
	pthread_mutex_lock(&attempt.mutex);
	attempt.left++;
	pthread_cond_broadcast(&attempt.changed);
	pthread_mutex_unlock(&attempt.mutex);
}

static void gate_close(unsigned int others)
{
	pthread_mutex_lock(&attempt.mutex);
	while (attempt.left < others)
		pthread_cond_wait(&attempt.changed, &attempt.mutex);
	attempt.open = false;
	pthread_mutex_unlock(&attempt.mutex);
}

static void fail_op(struct shim_state *state, const struct seat *seat, int64_t error)
{
	char why[256];

	snprintf(why, sizeof(why), "%s: %s", seat->role->name, strerror((int)-error));
	shim_fail(state, why);
}

/* Distinct processors of the workers of an attempt. */
static unsigned int processors(const struct crew *crew)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < crew->run.threads; i++) {
		unsigned int j = 0;

		while (crew->seats[j].pin.pu != crew->seats[i].pin.pu)
			j++;
		nr += j == i;
	}
	return nr;
}

struct tally {
	uint64_t ops;
	int64_t items;
	double start, preparing;	/* when it started; seconds spent in prepare() since */
	uint64_t paid_ops;		/* ops, moment and preparation up to which a slow-down was waited out */
	double paid, paid_preparing;	/* of processor time, and as preparing */
	bool failed;
};

static void prepare_again(struct seat *seat, struct tally *tally)
{
	double begin;

	if (!seat->role->prepare)
		return;
	begin = attempt.crowded ? processor_seconds() : now_seconds();
	crew_prepare(seat);
	tally->preparing += (attempt.crowded ? processor_seconds() : now_seconds()) - begin;
}

/*
 * Waits as long as the ops since the last time are to take longer. It is processor time: what others took is not to be
 * paid for.
 */
static void slow_down(struct tally *tally)
{
	double now = processor_seconds();
	double busy = now - tally->paid - (tally->preparing - tally->paid_preparing);

	for (double until = now + busy * timing->slow_down; now < until; now = processor_seconds())
		;
	tally->paid = now;
	tally->paid_preparing = tally->preparing;
	tally->paid_ops = tally->ops;
}

/* Every worker has its quota, or the attempt takes too long. */
static bool enough(const struct seat *seat, const struct tally *tally, uint64_t quota)
{
	if (tally->ops >= quota && load_relaxed(&attempt.at_quota) == seat->worker.run->threads)
		return true;
	return tally->ops % OPS_BETWEEN_LOOKS == 0 && now_seconds() - tally->start > LONGEST_ATTEMPT * timing->min_time;
}

/* Does one op after the other; the first is prepared. */
static void work(struct shim_state *state, struct seat *seat, struct tally *tally)
{
	const uint64_t quota = shim_quota(state);
	const bool slower = timing->slow_down > 0 &&
			    !(seat->worker.run->workload->flags & (WORKLOAD_LIMIT | WORKLOAD_LIVE));

	tally->paid = processor_seconds();
	for (;;) {
		int64_t items = crew_op(seat);

		rcu_quiescent();
		if (unlikely(items < 0)) {
			fail_op(state, seat, items);
			tally->failed = true;
			break;
		}
		tally->items += items;
		if (++tally->ops == quota)
			fetch_add_relaxed(&attempt.at_quota, 1);
		if (unlikely(slower) && tally->ops - tally->paid_ops >= quota / PAYMENTS)
			slow_down(tally);
		if (enough(seat, tally, quota))
			break;
		prepare_again(seat, tally);
	}
	if (tally->ops < quota)
		fetch_add_relaxed(&attempt.at_quota, 1);
}

static void note_window(const struct usage *start, const struct usage *end, double preparing)
{
	pthread_mutex_lock(&attempt.mutex);
	attempt.first_start = attempt.first_start > 0 ? min(attempt.first_start, start->real) : start->real;
	attempt.last_end = max(attempt.last_end, end->real);
	attempt.used.real += end->real - start->real;
	attempt.used.processor += end->processor - start->processor;
	attempt.used.queued += end->queued - start->queued;
	attempt.used.preparing += preparing;
	pthread_mutex_unlock(&attempt.mutex);
}

/* As the library does, the sum over all threads. */
static void put_counter(struct shim_state *state, const char *name, double value)
{
	shim_counter(state, name, value);
	pthread_mutex_lock(&attempt.mutex);
	value += json_number_value(json_object_get(attempt.counters, name));
	json_object_set_new(attempt.counters, name, json_real(value));
	pthread_mutex_unlock(&attempt.mutex);
}

/* By thread 0 alone: the library adds up over all threads. */
static void report_shares(struct shim_state *state)
{
	const struct usage *used = &attempt.used;
	const double wanted =
		min(used->processor + used->queued, attempt.processors * (attempt.last_end - attempt.first_start));
	const double whole = attempt.crowded ? used->processor : used->real;

	put_counter(state, "on_processor", used->processor / max(used->real, 1e-9));
	put_counter(state, "processor_got", min(1.0, used->processor / max(wanted, 1e-9)));
	if (used->preparing > 0)
		put_counter(state, "preparation", used->preparing / max(whole, 1e-9));
}

/* What @tally's worker had for its ops. */
static double timed_seconds(const struct tally *tally)
{
	const double window = attempt.last_end - attempt.first_start;

	return window - (attempt.crowded ? attempt.used.preparing / attempt.processors : tally->preparing);
}

/* After the second barrier: the window is known. */
static void report(struct shim_state *state, const struct seat *seat, const struct tally *tally)
{
	double seconds = timed_seconds(tally);
	double rate = (double)tally->items / max(seconds, 1e-9);
	char name[64];

	if (tally->failed)
		return;
	seconds *= (double)shim_quota(state) / (double)tally->ops;
	shim_time(state, seconds);
	put_counter(state, "items_per_second", rate);
	if (!seat->worker.index) {
		put_counter(state, "fairness", crew_fairness(&attempt.crew, attempt.rates));
		report_shares(state);
		attempt.seconds = seconds;
	}
	if (seat->worker.run->workload->nr_roles == 1)
		return;
	snprintf(name, sizeof(name), "%s_per_second", seat->role->name);
	put_counter(state, name, rate);
}

/* Preparation that is taken out of one worker's real time: none where the whole cycle counts. */
static double rate_preparing(const struct tally *tally)
{
	return attempt.crowded ? 0 : tally->preparing;
}

/* A thread that waits at a barrier of the library must not hold up grace periods. */
static void start_work_finish(struct shim_state *state, struct seat *seat)
{
	struct tally tally = { 0 };
	struct usage start, end;
	bool started;

	crew_prepare(seat);
	rcu_offline();
	started = shim_start(state);
	rcu_online();
	if (!started)
		return;
	start = usage_at_start();
	tally.start = start.real;
	work(state, seat, &tally);
	end = usage_at_end();
	attempt.rates[seat->worker.index] =
		(double)tally.items / max(end.real - tally.start - rate_preparing(&tally), 1e-9);
	note_window(&start, &end, tally.preparing);
	rcu_offline();
	shim_finish(state);
	rcu_online();
	report(state, seat, &tally);
}

/* The others have no one to wait for: this worker is counted as done, and passes the barriers. */
static void fail_start(struct shim_state *state, const char *why)
{
	fetch_add_relaxed(&attempt.at_quota, 1);
	shim_fail(state, why);
	shim_start(state);
}

static void worker_attempt(struct shim_state *state, unsigned int index)
{
	struct crew *crew = &attempt.crew;
	int error;

	if (attempt.setup_error) {
		fail_start(state, crew->why);
		return;
	}
	error = crew_join(crew, index);
	if (error) {
		fail_start(state, "worker_setup failed");
		return;
	}
	start_work_finish(state, &crew->seats[index]);
	crew_leave(crew, index);
}

/*
 * Another process that measures in turns has its own trials, so they are no turns: what the library counts as a
 * repetition is, the first attempt that took long enough and all that come with the same quota. A failure ends the
 * case.
 */
static bool was_repetition(const struct run_case *what, uint64_t quota)
{
	static const struct run_case *last;
	static uint64_t last_quota;
	bool again = what == last && quota == last_quota;

	last = what;
	last_quota = quota;
	return again || attempt.seconds >= timing->min_time || attempt.seconds <= 0;
}

/* After a signal, the remaining cases are not set up: the results say why they are missing. */
static int begin_attempt(const struct run_case *what)
{
	int error = -EINTR;

	if (interrupted())
		snprintf(attempt.crew.why, sizeof(attempt.crew.why), TIMED_INTERRUPTED);
	else
		error = crew_begin(&attempt.crew, what, chosen, false);
	attempt.processors = error ? 1 : processors(&attempt.crew);
	attempt.crowded = what->threads > attempt.processors;
	return error;
}

static void end_attempt(const struct run_case *what, uint64_t quota)
{
	if (!attempt.setup_error)
		crew_end(&attempt.crew);
	if (!was_repetition(what, quota))
		return;
	if (timing->journal && attempt.seconds > 0)
		journal_note(timing->journal, what, quota, attempt.seconds, attempt.used.processor, attempt.counters);
	alternate_pass();
}

static void body(struct shim_state *state, void *user)
{
	const struct run_case *what = user;
	unsigned int index = shim_thread(state);

	if (index) {
		gate_wait();
		worker_attempt(state, index);
		gate_leave();
		return;
	}
	alternate_take();
	on_begin(what, shim_quota(state));
	attempt.seconds = 0;
	gate_open(begin_attempt(what));
	worker_attempt(state, index);
	gate_close(what->threads - 1);
	end_attempt(what, shim_quota(state));
}

/* What was added up to the @last case is to be mixed with nothing that comes later. */
static bool run_now(const struct suite *suite, unsigned int last)
{
	return last + 1 == suite->nr ||
	       (timing->by_workload && suite->cases[last + 1].workload != suite->cases[last].workload);
}

unsigned long timed_run(const struct suite *suite, const struct choices *choices, const struct timing *how,
			void (*begin)(const struct run_case *what, uint64_t quota))
{
	unsigned long matched = 0;

	chosen = choices;
	timing = how;
	on_begin = begin;
	attempt.counters = json_object();
	for (unsigned int i = 0, added = 0; i < suite->nr; i++) {
		if (suite->cases[i].payload == machine.payload && suite->cases[i].repetitions) {
			shim_add(suite->cases[i].name, suite->cases[i].threads, suite->cases[i].repetitions, body,
				 &suite->cases[i]);
			added++;
		}
		if (added && run_now(suite, i) && !interrupted()) {
			matched += shim_run();
			added = 0;
		}
	}
	json_decref(attempt.counters);
	return matched;
}
