/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limit_lock.c - a bound for all paths that take a page-table lock: an uncontended lock. */
#include "workloads/lib/workload.h"

#include <errno.h>

#define OP_LOCKS	10000

static int make_lock(struct worker *worker)
{
	spinlock_t *lock = local_zalloc(sizeof(*lock), CACHE_LINE);

	if (!lock)
		return -ENOMEM;
	spin_lock_init(lock, worker->run->policy.spin, RANK_PTE_PTL);
	worker->data = lock;
	return 0;
}

static void free_lock(struct worker *worker)
{
	node_free(worker->data, local_node(), sizeof(spinlock_t));
}

static int64_t lock_unlock(struct worker *worker)
{
	spinlock_t *lock = worker->data;

	for (unsigned int i = 0; i < OP_LOCKS; i++) {
		spin_lock(lock);
		spin_unlock(lock);
	}
	return OP_LOCKS;
}

WORKLOAD(limit_lock,
	.what = "take and drop a spinlock of one's own, of the default kind",
	.item = "lock",
	.flags = WORKLOAD_LIMIT,
	.nr_roles = 1,
	.roles = { { "lock", lock_unlock, NULL } },
	.worker_setup = make_lock,
	.worker_teardown = free_lock)
