/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crew.h - a workload run by a few threads for a number of ops, as a runner would; for tests that have the workloads.
 */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_CREW_H
#define FAULTLINE_TESTS_LIB_HARNESS_CREW_H

#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"
#include "workloads/lib/workload.h"

#define CREW_MAX_WORKERS	8

/* Lock key: (C) const while threads run (T) its worker's (A) atomic */
struct crew {
	struct workload_run run;		/* (C) */
	struct worker workers[CREW_MAX_WORKERS];	/* (T) */
	unsigned int ops;			/* (C) for each worker */
	int error;				/* (A) the last one of any worker */
	int64_t items[WORKLOAD_MAX_ROLES];	/* (A) done in each role */
};

static inline void assign_roles(struct crew *crew)
{
	const struct workload *workload = crew->run.workload;
	unsigned int counts[WORKLOAD_MAX_ROLES] = { 0 };

	for (unsigned int i = 0; i < crew->run.threads; i++) {
		struct worker *worker = &crew->workers[i];
		unsigned int role = workload->role_of ? workload->role_of(i, crew->run.threads) :
							i % workload->nr_roles;

		*worker = (struct worker){ .run = &crew->run, .index = i, .role = role, .role_index = counts[role]++ };
		rng_init(&worker->rng, crew->run.seed + i);
	}
	for (unsigned int i = 0; i < crew->run.threads; i++)
		crew->workers[i].role_count = counts[crew->workers[i].role];
}

static inline void crew_work(void *arg, unsigned int index)
{
	struct crew *crew = arg;
	const struct workload *workload = crew->run.workload;
	struct worker *worker = &crew->workers[index];
	const struct workload_role *role = &workload->roles[worker->role];
	int err = workload->worker_setup ? workload->worker_setup(worker) : 0;

	for (unsigned int i = 0; !err && i < crew->ops; i++) {
		int64_t items;

		if (role->prepare)
			role->prepare(worker);
		items = role->op(worker);
		if (items < 0)
			err = (int)items;
		else
			fetch_add_relaxed(&crew->items[worker->role], items);
		rcu_quiescent();
	}
	if (err)
		store_relaxed(&crew->error, err);
	if (workload->worker_teardown && worker->data)
		workload->worker_teardown(worker);
	frame_drain_cpu();
}

/* One run; the first error of set-up, op or check. */
static inline int run_workload(struct crew *crew)
{
	const struct workload *workload = crew->run.workload;
	int err = workload->setup ? workload->setup(&crew->run) : 0;

	if (err)
		return err;
	run_seed = crew->run.seed;
	assign_roles(crew);
	threads_run(crew->run.threads, crew_work, crew);
	err = workload->check ? workload->check(&crew->run) : 0;
	if (workload->teardown)
		workload->teardown(&crew->run);
	return load_relaxed(&crew->error) ? load_relaxed(&crew->error) : err;
}

/*
 * The same as a storm, with noise at sync points, on a machine of its own, of @nodes nodes: fails the
 * test unless all went well, each role did something, and nothing leaked. Includes cmocka.h first, as every test does.
 */
static inline void crew_storm_nodes(const struct workload *workload, unsigned int nodes, const char *policy,
				    unsigned int threads, uint64_t seed, unsigned int ops)
{
	struct crew crew = {
		.run = { .workload = workload, .policy = world_policy(policy), .threads = threads, .seed = seed,
			 .checking = true },
		.ops = test_rounds(ops),
	};
	int err;

	for (unsigned int i = 0; i < workload->nr_axes; i++)
		crew.run.choice[i] = workload->axes[i].values[0];
	world_start_nodes(nodes, 1ul << 17, CACHE_LINE);
	syncpoint_noise(50);
	err = run_workload(&crew);
	syncpoint_noise(0);
	if (!world_stop() || err)
		fail_msg("%s, %u threads: error %d", policy, threads, err);
	for (unsigned int i = 0; i < workload->nr_roles; i++)
		if (!crew.items[i])
			fail_msg("%s: nothing done as %s", policy, workload->roles[i].name);
}

/* The same on one node. */
static inline void crew_storm(const struct workload *workload, const char *policy, unsigned int threads, uint64_t seed,
			      unsigned int ops)
{
	crew_storm_nodes(workload, 1, policy, threads, seed, ops);
}

#endif
