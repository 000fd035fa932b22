/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c - reading a command line, and saying in one line what is wrong with it. */
#include "bench/command.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *program_name = "faultline";

static void say(const char *fmt, va_list ap)
{
	fprintf(stderr, "%s: ", program_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return EXIT_MISUSE;
}

int fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return EXIT_CHECK_FAILED;
}

int complain_text(const char *text)
{
	return complain("%s", text);
}

static int complain_popt(poptContext context, int error)
{
	const char *option = poptBadOption(context, POPT_BADOPTION_NOALIAS);

	switch (error) {
	case POPT_ERROR_BADOPT:
		return complain("unknown option '%s' (see %s --help)", option, program_name);
	case POPT_ERROR_NOARG:
		return complain("option '%s' lacks its argument (see %s --help)", option, program_name);
	default:
		return complain("option '%s': %s (see %s --help)", option, poptStrerror(error), program_name);
	}
}

static int take_options(struct command_line *line, int (*take)(void *target, int option, const char *text), void *target)
{
	int option, status = 0;

	while (!status && (option = poptGetNextOpt(line->context)) >= 0) {
		char *text = poptGetOptArg(line->context);

		status = take(target, option, text);
		free(text);
	}
	if (!status && option < -1)
		status = complain_popt(line->context, option);
	return status;
}

int command_line_read(struct command_line *line, int argc, const char **argv, const struct poptOption *options,
		      const char *arguments, int (*take)(void *target, int option, const char *text), void *target)
{
	int status;

	line->nr_words = 0;
	line->context = poptGetContext(program_name, argc, argv, options, 0);
	poptSetOtherOptionHelp(line->context, arguments);
	status = take_options(line, take, target);
	if (status) {
		command_line_free(line);
		return status;
	}
	line->words = poptGetArgs(line->context);
	while (line->words && line->words[line->nr_words])
		line->nr_words++;
	return 0;
}

void command_line_free(struct command_line *line)
{
	poptFreeContext(line->context);
	line->context = NULL;
}

int keep_text(char **kept, const char *text)
{
	free(*kept);
	*kept = strdup(text);
	return *kept ? 0 : fail("out of memory");
}

bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	*number = value;
	return value >= least && value <= most;
}

bool read_fraction(const char *text, double least, double most, double *number)
{
	char *end;

	if (strspn(text, "0123456789.") != strlen(text))
		return false;
	*number = strtod(text, &end);
	return end > text && !*end && isfinite(*number) && *number >= least && *number <= most;
}
