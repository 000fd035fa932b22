/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.c - threads of a test: registered as cpus, started together, with a time limit. */
#include "tests/lib/harness/threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/host/rcu.h"
#include "tests/lib/harness/patience.h"

struct test_thread {
	struct test_threads *all;
	unsigned int index;
	pthread_t id;
};

struct test_threads {
	unsigned int n;
	void (*fn)(void *arg, unsigned int index);
	void *arg;
	pthread_barrier_t start;
	struct test_thread thread[TEST_MAX_THREADS];
};

static void *thread_main(void *arg)
{
	struct test_thread *self = arg;

	BUG_ON(cpu_register(0, MEM_LOCAL, run_seed));
	rcu_offline();
	pthread_barrier_wait(&self->all->start);
	rcu_online();
	self->all->fn(self->all->arg, self->index);
	cpu_unregister();
	return NULL;
}

struct test_threads *threads_start(unsigned int n, void (*fn)(void *arg, unsigned int index), void *arg)
{
	struct test_threads *threads = calloc(1, sizeof(*threads));

	BUG_ON(!threads || n == 0 || n > TEST_MAX_THREADS);
	threads->n = n;
	threads->fn = fn;
	threads->arg = arg;
	pthread_barrier_init(&threads->start, NULL, n);
	for (unsigned int i = 0; i < n; i++) {
		threads->thread[i].all = threads;
		threads->thread[i].index = i;
		BUG_ON(pthread_create(&threads->thread[i].id, NULL, thread_main, &threads->thread[i]));
	}
	return threads;
}

/* A test that stops an operation inside a read-side section stays in it: what it waits for needs no grace period. */
static bool sleep_offline(void)
{
	bool sleeps = this_cpu && !rcu_read_held();

	if (sleeps)
		rcu_offline();
	return sleeps;
}

static void sleep_over(bool offline)
{
	if (offline)
		rcu_online();
}

void threads_join(struct test_threads *threads)
{
	bool offline = sleep_offline();

	for (unsigned int i = 0; i < threads->n; i++)
		pthread_join(threads->thread[i].id, NULL);
	sleep_over(offline);
	pthread_barrier_destroy(&threads->start);
	free(threads);
}

void threads_run(unsigned int n, void (*fn)(void *arg, unsigned int index), void *arg)
{
	threads_join(threads_start(n, fn, arg));
}

int cpu_setup(void **state)
{
	(void)state;
	return cpu_register(0, MEM_LOCAL, run_seed);
}

int cpu_teardown(void **state)
{
	(void)state;
	cpu_unregister();
	return 0;
}

void step_reach(unsigned int *step, unsigned int value)
{
	store_release(step, value);
}

static bool reached_within(const unsigned int *step, unsigned int value, unsigned int ms)
{
	const struct timespec nap = { 0, 100000 };
	struct patience patience;

	patience_begin(&patience, ms / 1000.0, getpgrp());
	while (load_acquire(step) < value) {
		if (patience_over(&patience))
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

bool step_within(const unsigned int *step, unsigned int value, unsigned int ms)
{
	bool offline = sleep_offline(), reached = reached_within(step, value, ms);

	sleep_over(offline);
	return reached;
}

void step_await(const unsigned int *step, unsigned int value)
{
	BUG_ON(!step_within(step, value, TEST_PATIENCE_MS));
}
