/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gnuplot.c - runs gnuplot. */
#include "bench/gnuplot.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/command.h"

extern char **environ;

/* @in and @out become its standard input and output; @other is the pipe's end that is none of its business. */
static int spawn(pid_t *pid, int in, int out, int other)
{
	char *const argv[] = { "gnuplot", NULL };
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_addclose(&actions, in);
	posix_spawn_file_actions_addclose(&actions, other);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int gnuplot_start(struct gnuplot *gnuplot, bool keep_output)
{
	int ends[2], error;

	/* Its input is UTF-8, and where no locale is set it would complain of that. */
	setenv("LC_ALL", "C.UTF-8", 1);
	signal(SIGPIPE, SIG_IGN);
	gnuplot->out = keep_output ? tmpfile() : NULL;
	if (keep_output && !gnuplot->out)
		return fail("a temporary file: %s", strerror(errno));
	if (pipe(ends)) {
		error = errno;
		if (gnuplot->out)
			fclose(gnuplot->out);
		return fail("a pipe: %s", strerror(error));
	}
	error = spawn(&gnuplot->pid, ends[0], keep_output ? fileno(gnuplot->out) : -1, ends[1]);
	close(ends[0]);
	if (!error) {
		gnuplot->in = fdopen(ends[1], "w");
		return 0;
	}
	close(ends[1]);
	if (gnuplot->out)
		fclose(gnuplot->out);
	return error == ENOENT ? fail("gnuplot is not there: install gnuplot-nox (apt-get install gnuplot-nox)")
			       : fail("gnuplot: %s", strerror(error));
}

int gnuplot_end(struct gnuplot *gnuplot)
{
	bool written = !ferror(gnuplot->in);
	int ended = 0;

	written = !fclose(gnuplot->in) && written;
	while (waitpid(gnuplot->pid, &ended, 0) < 0 && errno == EINTR)
		;
	if (gnuplot->out)
		rewind(gnuplot->out);
	return written && WIFEXITED(ended) && !WEXITSTATUS(ended) ? 0 : fail("gnuplot failed");
}

void gnuplot_put_quoted(FILE *in, const char *text)
{
	putc('"', in);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', in);
		putc(*text, in);
	}
	putc('"', in);
}
