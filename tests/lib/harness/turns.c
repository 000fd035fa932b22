/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turns.c - threads of a test that run one at a time. */
#include "tests/lib/harness/turns.h"

#include <pthread.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/host/rcu.h"

#if FAULTLINE_CHECK
struct turns_worker {
	void (*fn)(void *arg, unsigned int index);
	void *arg;
	unsigned int index;
	pthread_t id;
};

static void *worker_main(void *arg)
{
	struct turns_worker *self = arg;

	schedule_join(self->index);
	BUG_ON(cpu_register(0, MEM_LOCAL, run_seed));
	self->fn(self->arg, self->index);
	cpu_unregister();
	schedule_leave();
	return NULL;
}

void turns_run(const struct schedule_plan *plan, unsigned int n, void (*fn)(void *arg, unsigned int index), void *arg)
{
	struct turns_worker workers[SCHEDULE_WORKERS];

	BUG_ON(n > SCHEDULE_WORKERS);
	rcu_barrier();
	BUG_ON(schedule_begin(plan));
	for (unsigned int i = 0; i < n; i++) {
		workers[i] = (struct turns_worker){ .fn = fn, .arg = arg, .index = i };
		BUG_ON(pthread_create(&workers[i].id, NULL, worker_main, &workers[i]));
	}
	schedule_race(n);
	for (unsigned int i = 0; i < n; i++)
		pthread_join(workers[i].id, NULL);
	schedule_end();
}
#endif
