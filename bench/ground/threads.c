/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.c - starts threads that only wait. */
#include "bench/ground/threads.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/ground/command.h"

/* Lock key: (M) mutex */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t opened;
	bool open;			/* (M) */
};

static void *wait_at(void *arg)
{
	struct gate *gate = arg;

	pthread_mutex_lock(&gate->mutex);
	while (!gate->open)
		pthread_cond_wait(&gate->opened, &gate->mutex);
	pthread_mutex_unlock(&gate->mutex);
	return NULL;
}

static void open_gate(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->open = true;
	pthread_cond_broadcast(&gate->opened);
	pthread_mutex_unlock(&gate->mutex);
}

static int complain_of(unsigned int started, unsigned int nr, int error)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return fail("cannot start %u threads: %s after %u", nr, strerror(error), started);
	return fail("cannot start %u threads: %s after %u (ulimit -u is %llu; it counts all of the user's threads)", nr,
		    strerror(error), started, (unsigned long long)limit.rlim_cur);
}

int threads_check(unsigned int nr)
{
	struct gate gate = { .mutex = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER };
	pthread_t *threads = calloc(nr, sizeof(*threads));
	unsigned int started = 0;
	int error = 0;

	if (!threads)
		return fail("out of memory");
	while (started < nr && !(error = pthread_create(&threads[started], NULL, wait_at, &gate)))
		started++;
	open_gate(&gate);
	for (unsigned int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	return error ? complain_of(started, nr, error) : 0;
}
