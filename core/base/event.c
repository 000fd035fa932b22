/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.c - totals of events, over the counters of all registered threads.
 *
 * A counter is a variable of its thread, which no other thread can name. Each thread gets its variables of the program,
 * and of the libraries that it was started with, as one block, laid out when the program was started (the models
 * local-exec and initial-exec: see cmake/library.cmake). So two of them are as far from each other in one thread as in
 * any other: the distance measured here, added to the address of one in another thread, is the address of the other.
 */
#include "core/base/event.h"

#include <pthread.h>
#include <sys/queue.h>

#include "core/base/cpu.h"
#include "core/base/registry.h"

/* Lock key: (E) events_mutex */
struct counted {
	LIST_ENTRY(counted) others;	/* (E) */
};

static pthread_mutex_t events_mutex = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, counted) threads = LIST_HEAD_INITIALIZER(threads);	/* (E) those that are counted */
static _Thread_local struct counted this_thread;

REGISTRY(struct event, events);

static uint64_t *counter_in(const struct counted *thread, const struct event *event)
{
	return (uint64_t *)((uintptr_t)thread + ((uintptr_t)event->here() - (uintptr_t)&this_thread));
}

static void counting_begin(void)
{
	pthread_mutex_lock(&events_mutex);
	for_each_registered(struct event, p, events)
		store_relaxed((*p)->here(), 0);
	LIST_INSERT_HEAD(&threads, &this_thread, others);
	pthread_mutex_unlock(&events_mutex);
}

/* The thread's variables end with it. */
static void counting_end(void)
{
	pthread_mutex_lock(&events_mutex);
	for_each_registered(struct event, p, events)
		(*p)->past += *(*p)->here();
	LIST_REMOVE(&this_thread, others);
	pthread_mutex_unlock(&events_mutex);
}

static const struct cpu_client event_client = { counting_begin, counting_end };
CPU_CLIENT(event_client);

const struct event *event_get(unsigned int index)
{
	for_each_registered(struct event, p, events)
		if (index-- == 0)
			return *p;
	return NULL;
}

uint64_t events_total(const struct event *event)
{
	const struct counted *thread;
	uint64_t sum;

	pthread_mutex_lock(&events_mutex);
	sum = event->past;
	LIST_FOREACH(thread, &threads, others)
		sum += load_relaxed(counter_in(thread, event));
	pthread_mutex_unlock(&events_mutex);
	return sum;
}

static void reset(struct event *event)
{
	struct counted *thread;

	event->past = 0;
	LIST_FOREACH(thread, &threads, others)
		store_relaxed(counter_in(thread, event), 0);
}

void events_reset(void)
{
	pthread_mutex_lock(&events_mutex);
	for_each_registered(struct event, p, events)
		reset(*p);
	pthread_mutex_unlock(&events_mutex);
}
