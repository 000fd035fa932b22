/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crew.c - assigns workers to slots. */
#include "bench/run/crew.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/results.h"

/* The streams of all workers of all seeds are apart: NR_CPUS workers fit between two seeds. */
static uint64_t worker_seed(uint64_t seed, unsigned int index)
{
	return seed * NR_CPUS + index;
}

static int say_why(struct crew *crew, const char *what, int error)
{
	if (*crew->run.skipped)
		snprintf(crew->why, sizeof(crew->why), RESULT_SKIPPED "%s", crew->run.skipped);
	else
		snprintf(crew->why, sizeof(crew->why), "%s: %s", what, strerror(-error));
	return error;
}

static void assign_roles(struct crew *crew)
{
	const struct workload *workload = crew->run.workload;
	unsigned int counts[WORKLOAD_MAX_ROLES] = { 0 };

	for (unsigned int i = 0; i < crew->run.threads; i++) {
		struct worker *worker = &crew->seats[i].worker;
		unsigned int role = workload->role_of ? workload->role_of(i, crew->run.threads) :
							i % workload->nr_roles;

		BUG_ON(role >= workload->nr_roles);
		worker->run = &crew->run;
		worker->index = i;
		worker->role = role;
		worker->role_index = counts[role]++;
		rng_init(&worker->rng, worker_seed(crew->run.seed, i));
		crew->seats[i].role = &workload->roles[role];
	}
	for (unsigned int i = 0; i < crew->run.threads; i++)
		crew->seats[i].worker.role_count = counts[crew->seats[i].worker.role];
}

static int plan_pins(struct crew *crew)
{
	struct pin *pins = calloc(crew->run.threads, sizeof(*pins));
	int error = pins ? topology_plan(crew->places.threads, crew->run.threads, crew->places.node, pins) : -ENOMEM;

	for (unsigned int i = 0; !error && i < crew->run.threads; i++) {
		crew->seats[i].pin = pins[i];
		crew->nodes[i] = pins[i].node;
	}
	crew->run.nodes = crew->nodes;
	free(pins);
	return error;
}

/* A thread that cannot be pinned runs unpinned; the topology counts it. */
static int register_here(struct crew *crew, unsigned int index)
{
	const struct pin *pin = &crew->seats[index].pin;
	int error;

	topology_pin_self(pin);
	error = cpu_register(pin->node, MEM_LOCAL, worker_seed(crew->run.seed, index));
	for (enum frame_use use = 0; !error && use < NR_FRAME_USES; use++)
		cpu_set_mempolicy(use, crew->places.memory[use]);
	return error;
}

static void unregister_here(void)
{
	frame_drain_cpu();
	cpu_unregister();
}

int crew_begin(struct crew *crew, const struct run_case *what, const struct choices *choices, bool checking)
{
	int error;

	*crew = (struct crew){ .places = what->places };
	crew->run = (struct workload_run){
		.workload = what->workload,
		.policy = what->policy ? what->policy->policy : policy_default()->policy,
		.threads = what->threads,
		.layout = what->layout,
		.seed = choices->seed,
		.checking = checking,
	};
	memcpy(crew->run.choice, what->choice, sizeof(what->choice));
	crew->seats = aligned_alloc(_Alignof(struct seat), what->threads * sizeof(*crew->seats));
	if (!crew->seats)
		return say_why(crew, "seats", -ENOMEM);
	memset(crew->seats, 0, what->threads * sizeof(*crew->seats));
	assign_roles(crew);
	error = plan_pins(crew);
	if (!error)
		error = register_here(crew, 0);
	if (error) {
		free(crew->seats);
		return say_why(crew, "placing workers", error);
	}
	error = what->workload->setup ? what->workload->setup(&crew->run) : 0;
	cpu_stand_for(crew->seats[0].pin.node);
	if (error) {
		unregister_here();
		free(crew->seats);
		return say_why(crew, "setup", error);
	}
	return 0;
}

int crew_check(struct crew *crew)
{
	return crew->run.workload->check ? crew->run.workload->check(&crew->run) : 0;
}

void crew_end(struct crew *crew)
{
	if (crew->run.workload->teardown)
		crew->run.workload->teardown(&crew->run);
	unregister_here();
	free(crew->seats);
}

int crew_join(struct crew *crew, unsigned int index)
{
	const struct workload *workload = crew->run.workload;
	struct seat *seat = &crew->seats[index];
	int error;

	seat->registered = !this_cpu;
	error = seat->registered ? register_here(crew, index) : 0;
	if (error)
		return error;
	error = workload->worker_setup ? workload->worker_setup(&seat->worker) : 0;
	if (error && seat->registered)
		unregister_here();
	return error;
}

void crew_leave(struct crew *crew, unsigned int index)
{
	const struct workload *workload = crew->run.workload;

	if (workload->worker_teardown)
		workload->worker_teardown(&crew->seats[index].worker);
	if (crew->seats[index].registered)
		unregister_here();
}
