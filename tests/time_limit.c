/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * time_limit.c - runs a test for so many seconds of an idle machine at most: time_limit NAME SECONDS COMMAND
 * [ARGUMENT...]
 *
 * Exits as the command does; with 124 when the limit ended it, and all it started. A failure prints the command that
 * repeats it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/harness/patience.h"

#define STATUS_ENDED	124	/* as timeout(1) */
#define STATUS_NOT_RUN	127

static pid_t child;

/* ctest or a person gives up: so does the test. */
static void end_all(int signo)
{
	kill(-child, SIGKILL);
	signal(signo, SIG_DFL);
	raise(signo);
}

/* Waits for the child or the next step of patience, whichever comes first: SIGCHLD ends the wait. */
static bool ended(int *status, const sigset_t *child_ends)
{
	const struct timespec step = { 0, PATIENCE_STEP_MS * 1000000L };
	pid_t pid;

	sigtimedwait(child_ends, NULL, &step);
	pid = waitpid(child, status, WNOHANG);
	return pid == child || (pid < 0 && errno != EINTR);
}

static int run(char **command, const sigset_t *as_before)
{
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, as_before, NULL);
	execvp(command[0], command);
	fprintf(stderr, "time_limit: %s: %s\n", command[0], strerror(errno));
	_exit(STATUS_NOT_RUN);
}

static void print_how_to_repeat(const char *name, char **command)
{
	printf("to repeat: ctest --test-dir %s -R '^%s$' --output-on-failure\n       or:", BUILD_FOLDER, name);
	for (; *command; command++)
		printf(" %s", *command);
	putchar('\n');
}

int main(int argc, char **argv)
{
	double seconds = argc > 3 ? atof(argv[2]) : 0;
	sigset_t child_ends, as_before;
	struct patience patience;
	int status = 0, result;

	if (seconds <= 0)
		return fprintf(stderr, "usage: time_limit NAME SECONDS COMMAND [ARGUMENT...]\n"), 2;
	sigemptyset(&child_ends);
	sigaddset(&child_ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_ends, &as_before);
	child = fork();
	if (!child)
		run(argv + 3, &as_before);
	setpgid(child, child);
	signal(SIGTERM, end_all);
	signal(SIGINT, end_all);
	patience_begin(&patience, seconds, child);
	while (!ended(&status, &child_ends))
		if (patience_over(&patience)) {
			kill(-child, SIGKILL);
			waitpid(child, NULL, 0);
			printf("time limit: %g s of an idle machine, %.0f s of this one\n", seconds, patience.elapsed);
			print_how_to_repeat(argv[1], argv + 3);
			return STATUS_ENDED;
		}
	result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (result)
		print_how_to_repeat(argv[1], argv + 3);
	kill(-child, SIGKILL);	/* nothing of a test outlives it */
	return result;
}
