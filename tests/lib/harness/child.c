/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.c - something that is expected to die, run in a process of its own. */
#include "tests/lib/harness/child.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "tests/lib/harness/patience.h"

/*
 * Waits until @fd has something, or its writers are gone. A child that goes round in circles has not ended well either:
 * its processor time is bounded too, which passes sooner than an idle machine's seconds where the scheduler gives the
 * child more than its threads' part.
 */
static void await_output(int fd, pid_t pid, struct patience *patience)
{
	struct pollfd output = { .fd = fd, .events = POLLIN };

	while (poll(&output, 1, PATIENCE_STEP_MS) <= 0)
		if (patience_over(patience))
			kill(pid, SIGALRM);
}

/* All that child @pid writes to @fd; what does not fit in is read and thrown away, the beginning kept. */
static void read_all(int fd, pid_t pid, unsigned int seconds, char *said, size_t said_size)
{
	struct patience patience;
	size_t used = 0;
	char chunk[512];
	ssize_t n;

	patience_begin(&patience, seconds, getpgrp());
	while (await_output(fd, pid, &patience), (n = read(fd, chunk, sizeof(chunk))) > 0) {
		size_t keep = (size_t)n < said_size - 1 - used ? (size_t)n : said_size - 1 - used;

		memcpy(said + used, chunk, keep);
		used += keep;
	}
	said[used] = '\0';
}

bool child_ends_well(bool (*fn)(void *arg), void *arg, char *said, size_t said_size)
{
	return child_ends_within(CHILD_SECONDS, fn, arg, said, said_size);
}

bool child_ends_within(unsigned int seconds, bool (*fn)(void *arg), void *arg, char *said, size_t said_size)
{
	struct rlimit no_core = { 0, 0 }, processor_time = { seconds, RLIM_INFINITY };
	int status, fds[2];
	pid_t pid;

	BUG_ON(pipe(fds));
	fflush(NULL);
	pid = fork();
	BUG_ON(pid < 0);
	if (!pid) {
		setrlimit(RLIMIT_CORE, &no_core);
		setrlimit(RLIMIT_CPU, &processor_time);
		signal(SIGSEGV, SIG_DFL);	/* the test framework's would go on with its tests */
		signal(SIGBUS, SIG_DFL);
		signal(SIGALRM, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		_exit(fn(arg) ? 0 : 1);
	}
	close(fds[1]);
	read_all(fds[0], pid, seconds, said, said_size);
	close(fds[0]);
	BUG_ON(waitpid(pid, &status, 0) != pid);
	if (WIFSIGNALED(status) && !said[0])
		snprintf(said, said_size, "%s", strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
