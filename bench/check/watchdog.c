/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watchdog.c - a thread that holds no lock, never waits, and checks the others ten times a second. */
#include "bench/check/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "bench/ground/command.h"
#include "bench/ground/pace.h"
#include "bench/ground/progress.h"

#define LOOKS_PER_SECOND	10

/* Lock key: (M) mutex (A) atomic (C) const while the watchdog's thread runs */
static struct {
	struct watch watch;			/* (C) */
	pthread_t thread;			/* (C) */
	pthread_mutex_t mutex;
	pthread_cond_t ending;
	bool end;				/* (M) */
	const char *phase;			/* (A) */
	uint64_t steps;				/* (A) phases entered */
} dog = { .mutex = PTHREAD_MUTEX_INITIALIZER, .ending = PTHREAD_COND_INITIALIZER, .phase = "" };

void watchdog_phase(const char *name)
{
	store_relaxed(&dog.phase, name);
	fetch_add_relaxed(&dog.steps, 1);
}

/* While no worker works: what setting up, inspecting and tearing down do page by page. */
static uint64_t pages_done(void)
{
	static const struct event *const events[] = {
		EV_FAULT, EV_PAGE_ALLOC, EV_PAGE_FREE, EV_TABLE_ALLOC, EV_TABLE_FREE, EV_INSPECTED, EV_RMAP_WALK,
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		sum += events_total(events[i]);
	return sum;
}

/*
 * Changes whenever anything moves. Workers that go round in circles count faults too: of them only finished ops count.
 */
static uint64_t pulse(void)
{
	uint64_t sum = load_relaxed(&dog.steps);
	bool working = false;

	for (unsigned int i = 0; i < dog.watch.nr; i++) {
		sum += load_relaxed(&dog.watch.signs[i].ops);
		working |= load_relaxed(&dog.watch.signs[i].working);
	}
	return working ? sum : sum + pages_done();
}

static void print_stuck(void)
{
	progress_end();
	fail("nothing has moved for %g s, while %s", dog.watch.patience, load_relaxed(&dog.phase));
	for (unsigned int i = 0; i < dog.watch.nr; i++) {
		const struct vital_signs *signs = &dog.watch.signs[i];

		if (!load_relaxed(&signs->working))
			continue;
		fprintf(stderr, "  stuck: worker %u (%s), cpu %u, after %llu ops", i, dog.watch.role_name(i),
			load_relaxed(&signs->cpu), (unsigned long long)load_relaxed(&signs->ops));
		operations_print(stderr, load_relaxed(&signs->cpu));
		fputc('\n', stderr);
	}
	lockrank_dump(stderr);
	fflush(stderr);
}

/* Sleeps until the next check; true when it is time to end. */
static bool doze(void)
{
	struct timespec until;
	bool end;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 1000000000 / LOOKS_PER_SECOND;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&dog.mutex);
	if (!dog.end)
		pthread_cond_timedwait(&dog.ending, &dog.mutex, &until);
	end = dog.end;
	pthread_mutex_unlock(&dog.mutex);
	return end;
}

/*
 * Counts the time that the machine left to this process: neither one that stands still as a whole nor one that runs
 * others is mistaken for a deadlock.
 */
static void *keep_watch(void *unused)
{
	uint64_t seen = pulse();
	struct pace pace;
	double still = 0;

	pace_begin(&pace);
	while (!doze()) {
		double passed = min(pace_seconds(&pace), 1.0 / LOOKS_PER_SECOND);
		uint64_t now = pulse();

		still = now == seen ? still + passed : 0;
		seen = now;
		if (still < dog.watch.patience)
			continue;
		print_stuck();
		dog.watch.stuck();
	}
	return unused;
}

int watchdog_start(const struct watch *watch)
{
	dog.watch = *watch;
	dog.end = false;
	return -pthread_create(&dog.thread, NULL, keep_watch, NULL);
}

void watchdog_stop(void)
{
	pthread_mutex_lock(&dog.mutex);
	dog.end = true;
	pthread_cond_signal(&dog.ending);
	pthread_mutex_unlock(&dog.mutex);
	pthread_join(dog.thread, NULL);
}
