/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_capture.c - `faultline capture`: a layout of a running process. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd/commands.h"
#include "bench/ground/out_file.h"
#include "bench/run/capture.h"

enum { OPT_OUT = 1 };

static const struct poptOption options[] = {
	{ "out", 'o', POPT_ARG_STRING, NULL, OPT_OUT, "write the layout to FILE (default: standard output)", "FILE" },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	(void)option;
	return keep_text(target, text);
}

static int explain(pid_t pid, int error)
{
	switch (error) {
	case -ESRCH:
		return complain("no process %d, or it is gone", (int)pid);
	case -ENODATA:
		return complain("process %d has no address space", (int)pid);
	case -EACCES:
	case -EPERM:
		return complain("not allowed to read process %d: %s", (int)pid, strerror(-error));
	default:
		return fail("process %d: %s", (int)pid, strerror(-error));
	}
}

static int capture_to(pid_t pid, FILE *out, const char *name)
{
	int error = capture_process(pid, out);

	if (error < 0)
		return explain(pid, error);
	if (fflush(out) || ferror(out))
		return fail("%s: %s", name, strerror(errno));
	if (error)
		warn("process %d changed while it was read: the layout mixes two moments", (int)pid);
	return EXIT_DONE;
}

static int capture_to_file(pid_t pid, const char *output)
{
	struct out_file file;
	int status = out_file_begin(&file, output);

	return status ? status : out_file_end(&file, capture_to(pid, file.stream, output));
}

static int capture(const struct command_line *line, const char *output)
{
	uint64_t pid;

	if (!line->nr_words)
		return complain("no process given (see %s --help)", program_name);
	if (line->nr_words > 1)
		return complain("unexpected argument '%s': give one process number", line->words[1]);
	if (!read_number(line->words[0], 1, INT_MAX, &pid))
		return complain("invalid process number '%s': give 1 or more", line->words[0]);
	return output ? capture_to_file((pid_t)pid, output) : capture_to((pid_t)pid, stdout, "standard output");
}

static int run_capture(int argc, const char **argv)
{
	struct command_line line;
	char *output = NULL;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] PID", take, &output);

	if (!status) {
		status = capture(&line, output);
		command_line_free(&line);
	}
	free(output);
	return status;
}

const struct command capture_command = {
	.name = "capture",
	.arguments = "PID",
	.what = "write the address space of a process as a layout",
	.run = run_capture,
};
