/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage.c - what workloads run on, put up and taken down. */
#include "bench/run/stage.h"

#include <string.h>

#include "bench/ground/command.h"
#include "bench/ground/threads.h"

static bool machine_up;

int stage_open(const struct choices *choices)
{
	int error = topology_load(NULL), status;

	if (error)
		return fail("cannot read the topology: %s", strerror(-error));
	status = places_check(&choices->places);
	if (status)
		topology_free();
	return status;
}

/* Frames that no tear-down freed are leaked, and only the core can detect them. */
int stage_machine_down(void)
{
	struct leaks leaks;
	unsigned long faults;

	if (!machine_up)
		return 0;
	cpu_register(0, MEM_LOCAL, 0);
	rcu_barrier();
	faults = detectors_at_end(stderr);
	frame_drain_cpu();
	leaks = faultline_stop();
	cpu_unregister();
	machine_up = false;
	if (leaks.frames || leaks.vmas || leaks.anon_vmas || leaks.slots || leaks.bytes)
		return fail("leaked: %lu frames, %lu VMAs, %lu anon_vmas and chains, %lu swap slots, %zu bytes",
			leaks.frames, leaks.vmas, leaks.anon_vmas, leaks.slots, leaks.bytes);
	return faults ? fail("detectors found %lu faults at the end of the run", faults) : 0;
}

static unsigned int most_threads(const struct choices *choices)
{
	unsigned int most = topology_pus();

	for (unsigned int i = 0; i < choices->nr_threads; i++)
		most = max(most, choices->threads[i]);
	return most + SPARE_THREADS;
}

int stage_threads(const struct choices *choices)
{
	static unsigned int known;	/* so many were started before, by this process or a parent */
	unsigned int most = most_threads(choices);
	int status = most > known ? threads_check(most) : 0;

	if (!status)
		known = max(known, most);
	return status;
}

int stage_machine(const struct choices *choices, unsigned int payload)
{
	struct machine_config config = {
		.nr_nodes = topology_nodes(),
		.frames_per_node = choices->frames,
		.payload = payload,
	};
	int error, status;

	if (machine_up && machine.payload == payload)
		return 0;
	status = stage_machine_down();
	if (!status)
		status = stage_threads(choices);
	if (status)
		return status;
	error = cpus_allow(most_threads(choices));
	if (!error)
		error = faultline_start(&config);
	if (error)
		return fail("no machine of %u nodes with %lu frames each: %s", config.nr_nodes, config.frames_per_node,
			    strerror(-error));
	machine_up = true;
	return 0;
}

int stage_close(void)
{
	int status = stage_machine_down();

	topology_free();
	return status;
}
