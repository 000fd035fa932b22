/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message.h - one line on stderr of what is wrong, and the exit status that goes with it. */
#ifndef FAULTLINE_BENCH_GROUND_MESSAGE_H
#define FAULTLINE_BENCH_GROUND_MESSAGE_H

/* What the program returns: scripts rely on it. */
enum exit_status {
	EXIT_DONE,
	EXIT_CHECK_FAILED,	/* a check, a workload or the system failed */
	EXIT_MISUSE,		/* the command line, or a file it names, cannot be used */
	EXIT_UNDECIDED,		/* compare only: undecided; its EXIT_CHECK_FAILED means that something changed */
};

/* Named in front of every line of warn(), complain() and fail(): "faultline" or "faultline NAME". */
extern const char *program_name;

/* One line on stderr, whatever is quoted in it. complain() returns EXIT_MISUSE, fail() EXIT_CHECK_FAILED. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* complain(), for a message with foreign text. */
int complain_text(const char *text);

#endif
