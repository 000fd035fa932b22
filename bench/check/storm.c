/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm.c - one case under stress. */
#include "bench/check/storm.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/check/detection.h"
#include "bench/check/watchdog.h"
#include "bench/ground/command.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/progress.h"
#include "bench/run/crew.h"

/* Lock key: (A) atomic (C) const while workers run (T) main thread */
static struct {
	const struct storm *storm;		/* (C) */
	struct crew crew;			/* (C) */
	struct vital_signs *signs;		/* (C) one for each worker */
	pthread_t *threads;			/* (T) */
	pthread_barrier_t start;
	bool stop;				/* (A) */
	unsigned int alive;			/* (A) workers that have not ended */
	int error;				/* (A) first -errno of any worker */
} now;

static _Thread_local bool at_work;		/* (T) */

bool storm_at_work(void)
{
	return at_work;
}

static const char *role_name(unsigned int worker)
{
	return now.crew.seats[worker].role->name;
}

/* The first failure is printed, and ends the storm for all. */
static void worker_failed(const struct seat *seat, const char *what, int error)
{
	int none = 0;

	store_release(&now.stop, true);
	detection_note(error == -EUCLEAN ? DETECTION_FLIGHT : DETECTION_REFUSED);
	if (try_cmpxchg_acq_rel(&now.error, &none, error))
		fail("%s: worker %u, %s: %s", now.storm->what->name, seat->worker.index, what, strerror(-error));
}

static void work(struct seat *seat, struct vital_signs *signs)
{
	const uint64_t rounds = now.storm->rounds;

	at_work = true;
	store_relaxed(&signs->cpu, this_cpu->id);
	store_relaxed(&signs->working, 1);
	while (!load_relaxed(&now.stop) && (!rounds || signs->ops < rounds)) {
		int64_t items;

		crew_prepare(seat);
		items = crew_op(seat);
		rcu_quiescent();
		if (items < 0) {
			worker_failed(seat, seat->role->name, (int)items);
			break;
		}
		count_own(&signs->items, (uint64_t)items);
		count_own(&signs->ops, 1);
	}
	store_relaxed(&signs->working, 0);
}

/* Threads that wait for each other hold up no grace period. */
static void meet(void)
{
	if (this_cpu)
		rcu_offline();
	pthread_barrier_wait(&now.start);
	if (this_cpu)
		rcu_online();
}

static void *worker_thread(void *arg)
{
	struct vital_signs *signs = arg;
	unsigned int index = (unsigned int)(signs - now.signs);
	struct seat *seat = &now.crew.seats[index];
	int error = crew_join(&now.crew, index);

	meet();
	if (error) {
		worker_failed(seat, "worker_setup", error);
	} else {
		work(seat, signs);
		crew_leave(&now.crew, index);
	}
	fetch_sub_release(&now.alive, 1);
	return NULL;
}

/* ---- the main thread meanwhile ---- */
static uint64_t retries(void)
{
	static const struct event *const events[] = {
		EV_VMA_LOCK_MISS, EV_VMA_LOCK_RECHECK, EV_WALK_AGAIN,
		EV_PTE_MAP_RETRY, EV_PTE_TABLE_RACE,   EV_GUARD_RETRY,
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		sum += events_total(events[i]);
	return sum;
}

static void show_status(double elapsed)
{
	const struct workload *workload = now.storm->what->workload;
	uint64_t ops[WORKLOAD_MAX_ROLES] = { 0 }, items = 0;
	char roles[256] = "";

	for (unsigned int i = 0; i < now.crew.run.threads; i++) {
		ops[now.crew.seats[i].worker.role] += load_relaxed(&now.signs[i].ops);
		items += load_relaxed(&now.signs[i].items);
	}
	for (unsigned int role = 0; role < workload->nr_roles; role++)
		snprintf(roles + strlen(roles), sizeof(roles) - strlen(roles), " %s %llu,", workload->roles[role].name,
			 (unsigned long long)ops[role]);
	progress_show("%s: %.1f s, ops:%s items %llu, retries %llu", now.storm->what->name, elapsed, roles,
		      (unsigned long long)items, (unsigned long long)retries());
}

static void look_on(void)
{
	const struct timespec nap = { 0, 10000000 };
	double begin = now_seconds();

	rcu_offline();
	while (load_acquire(&now.alive)) {
		double elapsed = now_seconds() - begin;

		if ((now.storm->seconds > 0 && elapsed >= now.storm->seconds) || interrupted())
			store_release(&now.stop, true);
		show_status(elapsed);
		nanosleep(&nap, NULL);
	}
	rcu_online();
	progress_end();
}

/* A thread that cannot be started leaves others at the barrier: there is no way on. */
static void start_workers(void)
{
	for (unsigned int i = 0; i < now.crew.run.threads; i++) {
		int error = pthread_create(&now.threads[i], NULL, worker_thread, &now.signs[i]);

		if (error)
			exit(fail("thread %u of %u: %s", i + 1, now.crew.run.threads, strerror(error)));
	}
}

static void let_workers_work(void)
{
	watchdog_phase("working");
	pthread_barrier_init(&now.start, NULL, now.crew.run.threads + 1);
	start_workers();
	meet();
	look_on();
	for (unsigned int i = 0; i < now.crew.run.threads; i++)
		pthread_join(now.threads[i], NULL);
	pthread_barrier_destroy(&now.start);
}

/* Free, or the machine's own until it stops. */
unsigned long storm_frames(void)
{
	return machine_free_frames() + huge_zero_frames();
}

/* Once callbacks, none of which queues another, have run. */
int storm_frames_are(const char *name, unsigned long before)
{
	unsigned long after;

	cpu_register(0, MEM_LOCAL, 0);
	rcu_barrier();
	cpu_unregister();
	after = storm_frames();
	if (after == before)
		return 0;
	detection_note(DETECTION_FRAMES);
	fail("%s: %lu frames free before, %lu after", name, before, after);
	return -EIO;
}

static int set_up_and_run(void)
{
	const struct storm *storm = now.storm;
	int error;

	watchdog_phase("setting up");
	error = crew_begin(&now.crew, storm->what, storm->choices, true);
	if (error && *now.crew.run.skipped) {
		printf("%s: %s\n", storm->what->name, now.crew.why);
		return STORM_SKIPPED;
	}
	if (error) {
		fail("%s: %s", storm->what->name, now.crew.why);
		return error;
	}
	let_workers_work();
	error = load_acquire(&now.error);
	watchdog_phase("checking");
	if (!error) {
		error = crew_check(&now.crew);
		if (error) {
			detection_note(DETECTION_REST);
			fail("%s: check: %s", storm->what->name, strerror(-error));
		}
	}
	if (!error && storm->what->workload->report)
		storm->what->workload->report(&now.crew.run, stdout);
	watchdog_phase("tearing down");
	crew_end(&now.crew);
	return error;
}

/* The main thread is a cpu only in between, pinned as worker 0 is. */
static int watched_run(void)
{
	unsigned long before = storm_frames();
	int error = set_up_and_run();

	if (error)
		return error;
	watchdog_phase("waiting for grace periods");
	return storm_frames_are(now.storm->what->name, before);
}

int storm_run(const struct storm *storm)
{
	unsigned int nr = storm->what->threads;
	struct watch watch = { .role_name = role_name, .nr = nr, .patience = storm->patience, .stuck = storm->stuck };
	int error = -ENOMEM;

	now.storm = storm;
	now.stop = false;
	now.error = 0;
	now.alive = nr;
	now.threads = calloc(nr, sizeof(*now.threads));
	now.signs = aligned_alloc(_Alignof(struct vital_signs), nr * sizeof(*now.signs));
	if (now.threads && now.signs) {
		memset(now.signs, 0, nr * sizeof(*now.signs));
		watch.signs = now.signs;
		error = watchdog_start(&watch);
	}
	if (error) {
		fail("starting the watchdog: %s", strerror(-error));
	} else {
		error = watched_run();
		watchdog_stop();
	}
	free(now.threads);
	free(now.signs);
	return error;
}
