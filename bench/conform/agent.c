/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent.c - the live side's processes: how they start, take turns with the controller, fork and end. */
#include "bench/conform/agent.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/conform/agent_run.h"
#include "core/faultline.h"

enum turn { TURN_CONTROLLER, TURN_AGENT };

#define MEMORY_SIZE	(NR_SLOTS * sizeof(struct exchange) + FAULT_AROUND)

/* An agent that does not answer for so long may be dead. */
#define ANSWER_NS	50000000l

/* Written by agents_start() and agents_end(). */
static struct {
	void *memory;			/* exchanges are in it */
	struct exchange *exchanges;
	struct agent_files files;
	pid_t controller;
	cpu_set_t cpus_before;
} agents;

struct exchange *agent_exchange(unsigned int slot)
{
	return &agents.exchanges[slot];
}

/* ---- turns ---- */
static long wait_for(uint32_t *turn, uint32_t other, const struct timespec *limit)
{
	return syscall(SYS_futex, turn, FUTEX_WAIT, other, limit, NULL, 0);
}

/* The other side sees all that was written to the exchange. */
static void pass(struct exchange *exchange, enum turn turn)
{
	store_release(&exchange->turn, (uint32_t)turn);
	syscall(SYS_futex, &exchange->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* False: the agent is dead, or was never the controller's. */
static bool await(struct exchange *exchange)
{
	static const struct timespec limit = { .tv_nsec = ANSWER_NS };

	while (load_acquire(&exchange->turn) != TURN_CONTROLLER) {
		if (wait_for(&exchange->turn, TURN_AGENT, &limit) && errno == ETIMEDOUT &&
		    waitpid(exchange->pid, NULL, WNOHANG | __WALL)) {
			exchange->alive = false;
			return false;
		}
	}
	return true;
}

bool agent_ask(unsigned int slot)
{
	struct exchange *exchange = agent_exchange(slot);

	if (!exchange->alive)
		return false;
	pass(exchange, TURN_AGENT);
	return await(exchange);
}

/* ---- the agent ---- */
static void agent_exit(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

static void forget(struct agent_sight *sight)
{
	sight->vmas_known = false;
}

/* A new process: what it inherits from an agent is replaced by its own. */
static void agent_begin(struct exchange *exchange)
{
	/* The first access to the exchange is a read. */
	load_acquire(&exchange->turn);
	syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (syscall(SYS_getppid) != agents.controller || !agent_open_proc())
		agent_exit(1);
	forget(&exchange->sight);
	exchange->result = 0;
}

/* Returns the exchange of this process, which is another one in the child. */
static struct exchange *agent_clone(struct exchange *exchange)
{
	struct exchange *child = agent_exchange((unsigned int)exchange->op.to);
	long pid = syscall(SYS_clone, (unsigned long)CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (!pid) {
		agent_begin(child);
		return child;
	}
	exchange->result = pid < 0 ? -errno : pid;
	return exchange;
}

static void answer(struct exchange *exchange)
{
	switch (exchange->request) {
	case AGENT_RUN:
		if (exchange->op.kind == OP_EXIT)
			agent_exit(0);
		exchange->result = agent_run(&exchange->op, exchange->other, exchange->pages);
		break;
	case AGENT_LOOK:
		break;
	case AGENT_CONTENTS:
		agent_contents(exchange->pages, exchange->wanted, exchange->bytes);
		break;
	case AGENT_CLEAN:
		exchange->result = agent_clean(exchange->huge);
		break;
	}
}

static bool is_fork(const struct exchange *exchange)
{
	return exchange->request == AGENT_RUN && exchange->op.kind == OP_FORK;
}

static void serve(struct exchange *exchange)
{
	for (;;) {
		struct exchange *before = exchange;

		while (load_acquire(&exchange->turn) != TURN_AGENT)
			wait_for(&exchange->turn, TURN_CONTROLLER, NULL);
		if (exchange->request != AGENT_LOOK)
			forget(&exchange->sight);
		if (is_fork(exchange))
			exchange = agent_clone(exchange);
		else
			answer(exchange);
		/* A child has its first turn. */
		if (exchange != before)
			continue;
		if (exchange->look_too)
			agent_look(exchange->pages, &exchange->sight, exchange->thorough);
		pass(exchange, TURN_CONTROLLER);
	}
}

/* ---- the controller ---- */
static bool bind_to_processor(void)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((unsigned int)cpu, &one);
	return cpu >= 0 && !sched_getaffinity(0, sizeof(agents.cpus_before), &agents.cpus_before) &&
	       !sched_setaffinity(0, sizeof(one), &one);
}

/* The first agent asks whether the window is free, and stays in turn. */
static void seed_begin(struct exchange *seed)
{
	agent_begin(seed);
	seed->result = agent_prepare(&agents.files, &seed->sight);
	pass(seed, TURN_CONTROLLER);
	serve(seed);
}

static const char *start_seed(void)
{
	struct exchange *seed = agent_exchange(SEED);
	pid_t pid;

	seed->turn = TURN_AGENT;
	pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		seed_begin(seed);
	if (pid < 0)
		return "no process can be forked";
	seed->pid = pid;
	seed->alive = true;
	if (!await(seed))
		return "an agent cannot read its /proc/self/maps and pagemap";
	if (seed->result == -ENOTTY)
		return "PROCMAP_QUERY is missing: Linux 6.11 has it";
	return seed->result ? "the window of addresses is in use" : NULL;
}

const char *agents_start(const struct agent_files *files)
{
	const char *why;

	agents.memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1,
			     0);
	if (agents.memory == MAP_FAILED)
		return "no memory for the agents";
	agents.exchanges = (struct exchange *)ALIGN_UP((uintptr_t)agents.memory, FAULT_AROUND);
	agents.files = *files;
	agents.controller = getpid();
	if (!bind_to_processor())
		return "the program cannot be bound to its processor";
	why = start_seed();
	if (!why && agent_fork(SEED, 0))
		why = "an agent cannot fork";
	if (why)
		agents_end();
	return why;
}

void agents_end(void)
{
	agents_kill(0, NR_SLOTS);
	sched_setaffinity(0, sizeof(agents.cpus_before), &agents.cpus_before);
	munmap(agents.memory, MEMORY_SIZE);
}

long agent_fork(unsigned int slot, unsigned int child)
{
	struct exchange *exchange = agent_exchange(slot), *begun = agent_exchange(child);

	begun->turn = TURN_AGENT;
	begun->request = AGENT_LOOK;
	begun->look_too = exchange->look_too;
	begun->thorough = exchange->thorough;
	exchange->request = AGENT_RUN;
	exchange->op = (struct op){ .kind = OP_FORK, .to = (long)child };
	if (!agent_ask(slot))
		return -ESRCH;
	if (exchange->result < 0)
		return exchange->result;
	begun->pid = (pid_t)exchange->result;
	begun->alive = true;
	return await(begun) ? 0 : -ESRCH;
}

void agents_kill(unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++)
		if (agent_exchange(i)->alive)
			kill(agent_exchange(i)->pid, SIGKILL);
	for (unsigned int i = first; i < end; i++) {
		if (agent_exchange(i)->alive)
			waitpid(agent_exchange(i)->pid, NULL, __WALL);
		agent_exchange(i)->alive = false;
	}
}
