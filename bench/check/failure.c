/* SPDX-License-Identifier: GPL-2.0-or-later */
/* failure.c - prints how to repeat a failure, and ends the process. */
#include "bench/check/failure.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/check/detection.h"
#include "bench/ground/command.h"
#include "bench/ground/progress.h"
#include "core/faultline.h"

static char *repeat_command;	/* of the case that runs */

void failure_repeat_with(char *command)
{
	free(repeat_command);
	repeat_command = command;
}

const char *failure_repeat_command(void)
{
	return repeat_command;
}

void failure_print(const char *detector)
{
	ssize_t written;

	detection_note(detector);
	detection_print();
	written = repeat_command ? write(STDERR_FILENO, repeat_command, strlen(repeat_command)) : 0;
	(void)written;
}

/* Past the ends of sanitizers, which would find leaked threads and change the status. */
static void __attribute__((noreturn)) end_at_once(void)
{
	syscall(SYS_exit_group, EXIT_CHECK_FAILED);
	__builtin_unreachable();
}

void failure_stuck(void)
{
	failure_print(DETECTION_WATCHDOG);
	end_at_once();
}

static void broken(const char *detector, const char *text)
{
	(void)text;
	progress_end();
	failure_print(detector);
}

/* die() has printed all, through broken(). */
static void aborted(int signal_number)
{
	(void)signal_number;
	end_at_once();
}

static void crashed(int signal_number)
{
	static const char text[] = "\nfaultline stress: crashed\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)written;
	(void)signal_number;
	failure_print(DETECTION_CRASH);
	end_at_once();
}

/* Sanitizers print more about a crash than this handler could. */
void failures_catch(void)
{
	die_hook = broken;
	signal(SIGABRT, aborted);
	if (FAULTLINE_PLAIN_ALLOC)
		return;
	signal(SIGSEGV, crashed);
	signal(SIGBUS, crashed);
}
