/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu.c - slots of registered threads. */
#include "core/base/cpu.h"

#include <errno.h>
#include <pthread.h>

#include "core/base/assert.h"
#include "core/base/registry.h"

_Thread_local struct cpu *this_cpu;
unsigned int nr_cpu_ids = DEFAULT_CPUS;

static pthread_mutex_t cpus_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct cpu cpus[NR_CPUS];
static bool cpu_in_use[NR_CPUS];		/* under cpus_mutex */
static unsigned int cpus_used;			/* (A) grows under cpus_mutex */

int cpus_allow(unsigned int nr)
{
	if (nr > NR_CPUS)
		return -EINVAL;
	nr_cpu_ids = max(nr, DEFAULT_CPUS);
	return 0;
}

static int slot_take(void)
{
	for (unsigned int i = 0; i < nr_cpu_ids; i++) {
		if (cpu_in_use[i])
			continue;
		cpu_in_use[i] = true;
		if (i >= cpus_used)
			store_release(&cpus_used, i + 1);
		return (int)i;
	}
	return -ENOSPC;
}

REGISTRY(const struct cpu_client, cpu_clients);

static void clients_begin(void)
{
	for_each_registered(const struct cpu_client, p, cpu_clients)
		(*p)->begin();
}

static void clients_end(void)
{
	for_each_registered(const struct cpu_client, p, cpu_clients)
		(*p)->end();
}

int cpu_register(unsigned int node, enum mem_policy mem_policy, uint64_t seed)
{
	struct cpu *cpu;
	int slot;

	if (this_cpu)
		return -EBUSY;
	pthread_mutex_lock(&cpus_mutex);
	slot = slot_take();
	pthread_mutex_unlock(&cpus_mutex);
	if (slot < 0)
		return slot;
	cpu = &cpus[slot];
	cpu->id = (unsigned int)slot;
	cpu->node = node;
	rng_init(&cpu->rng, seed + (uint64_t)slot);
	this_cpu = cpu;
	for (enum frame_use use = 0; use < NR_FRAME_USES; use++)
		cpu_set_mempolicy(use, (struct mempolicy){ mem_policy, 0 });
	die_cpu = slot;
	clients_begin();
	return 0;
}

unsigned int mempolicy_node(struct mempolicy policy, unsigned int node)
{
	switch (policy.mode) {
	case MEM_REMOTE:
		return node + 1;
	case MEM_INTERLEAVE:
		return NODE_IN_TURN;
	case MEM_NODE:
		return policy.node;
	default:
		return node;
	}
}

void cpu_set_mempolicy(enum frame_use use, struct mempolicy policy)
{
	struct cpu *cpu = this_cpu;

	BUG_ON(!cpu);
	cpu->mempolicy[use] = policy;
	cpu->frame_node[use] = mempolicy_node(policy, cpu->node);
	cpu->next_node[use] = cpu->node;
}

void cpu_stand_for(unsigned int node)
{
	BUG_ON(!this_cpu);
	this_cpu->node = node;
	for (enum frame_use use = 0; use < NR_FRAME_USES; use++)
		cpu_set_mempolicy(use, this_cpu->mempolicy[use]);
}

void cpu_unregister(void)
{
	struct cpu *cpu = this_cpu;

	BUG_ON(!cpu);
	clients_end();
	die_cpu = -1;
	this_cpu = NULL;
	pthread_mutex_lock(&cpus_mutex);
	cpu_in_use[cpu->id] = false;
	pthread_mutex_unlock(&cpus_mutex);
}

unsigned int nr_cpus_used(void)
{
	return load_acquire(&cpus_used);
}
