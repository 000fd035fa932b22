/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.c - runs another program to its end, and keeps its output. */
#include "bench/ground/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/ground/command.h"
#include "bench/ground/progress.h"

extern char **environ;

/* Of its own process group, so that what it starts ends with it. */
static int start(char *const argv[], int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error ? fail("%s: %s", argv[0], strerror(error)) : 0;
}

/* Until the other end is closed; false when that takes until @end. */
static bool listen_until(int input, FILE *said, double end)
{
	struct pollfd poll_input = { .fd = input, .events = POLLIN };

	for (;;) {
		double left = end - now_seconds();
		char chunk[4096];
		ssize_t got;

		if (left <= 0)
			return false;
		if (poll(&poll_input, 1, (int)(left * 1000) + 1) <= 0)
			continue;
		got = read(input, chunk, sizeof(chunk));
		if (got > 0)
			fwrite(chunk, 1, (size_t)got, said);
		else if (!got || errno != EINTR)
			return true;
	}
}

static int status_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_run(char *const argv[], double limit, struct child *child)
{
	double begin = now_seconds();
	size_t length;
	int ends[2], status;
	FILE *said;
	pid_t pid;

	*child = (struct child){ .late = false };
	if (pipe(ends))
		return fail("a pipe: %s", strerror(errno));
	said = open_memstream(&child->said, &length);
	status = said ? start(argv, ends[1], &pid) : fail("out of memory");
	close(ends[1]);
	if (!status) {
		child->late = !listen_until(ends[0], said, begin + limit);
		if (child->late)
			kill(-pid, SIGKILL);
		child->status = status_of(pid);
		child->seconds = now_seconds() - begin;
	}
	close(ends[0]);
	if (said && fclose(said) && !status)
		status = fail("out of memory");
	if (status) {
		free(child->said);
		child->said = NULL;
	}
	return status;
}
