/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_process.c - processes of the live kernel. */
#include "workloads/lib/live_process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Held while a fork inherits one worker's memory: it inherits no other worker's. */
static pthread_mutex_t fork_mutex = PTHREAD_MUTEX_INITIALIZER;

static int advise_machine(int advice)
{
	if (madvise(machine.frames, machine.max_pfn << FRAME_SHIFT, advice) ||
	    madvise(machine.vmemmap, machine.max_pfn * sizeof(*machine.vmemmap), advice))
		return -errno;
	return 0;
}

int live_process_setup(struct workload_run *run)
{
	(void)run;
	return advise_machine(MADV_DONTFORK);
}

void live_process_teardown(struct workload_run *run)
{
	(void)run;
	advise_machine(MADV_DOFORK);
}

int live_process_open(struct worker *worker)
{
	struct live_process *process = calloc(1, sizeof(*process));
	int err = process ? live_map(worker) : -ENOMEM;

	if (err) {
		free(process);
		return err;
	}
	process->memory = worker->data;
	worker->data = process;
	return madvise(process->memory, live_size(worker), MADV_DONTFORK) ? -errno : 0;
}

void live_process_close(struct worker *worker)
{
	struct live_process *process = worker->data;

	live_kill(worker);
	worker->data = process->memory;
	live_unmap(worker);
	free(process);
}

/*
 * What a child of a process with several threads may do: next to nothing, and nothing that a sanitizer has a part in.
 */
static void __attribute__((noreturn)) be_a_child(bool stay)
{
	for (;;)
		syscall(stay ? SYS_pause : SYS_exit_group, 0);
}

int live_fork(struct worker *worker, bool stay)
{
	struct live_process *process = worker->data;
	pid_t pid = -1;
	int err = 0;

	pthread_mutex_lock(&fork_mutex);
	if (!madvise(process->memory, live_size(worker), MADV_DOFORK))
		pid = _Fork();
	if (!pid)
		be_a_child(stay);
	if (pid < 0)
		err = -errno;
	else
		process->child = pid;
	madvise(process->memory, live_size(worker), MADV_DONTFORK);
	pthread_mutex_unlock(&fork_mutex);
	return err;
}

void live_kill(struct worker *worker)
{
	struct live_process *process = worker->data;

	if (!process->child)
		return;
	kill(process->child, SIGKILL);
	while (waitpid(process->child, NULL, 0) < 0 && errno == EINTR)
		;
	process->child = 0;
}

void live_write(struct worker *worker)
{
	struct live_process *process = worker->data;

	host_touch(process->memory, live_size(worker));
}
