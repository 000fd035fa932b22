/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c - reads a command line, and says in one line what is wrong with it. */
#include "bench/ground/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ground/out_file.h"
#include "bench/ground/suggest.h"

const char *help_notes;
struct options_wanted *options_wanted;

static void offer_options(struct suggestion *suggestion, const struct poptOption *option)
{
	for (; option->longName || option->shortName || option->arg; option++)
		if ((option->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
			offer_options(suggestion, option->arg);
		else if (option->longName)
			suggestion_offer(suggestion, option->longName);
}

/* @option as it stands on the command line, with its value perhaps. */
static int complain_unknown(const char *option, const struct poptOption *options)
{
	const size_t dashes = strspn(option, "-");
	char *name = strndup(option + dashes, strcspn(option + dashes, "="));
	struct suggestion near = suggestion_begin(name ? name : "");
	int status;

	offer_options(&near, options);
	status = complain("unknown option '%s'%s (see %s --help)", option, suggestion_text(&near, "--"), program_name);
	free(name);
	return status;
}

static int complain_popt(poptContext context, int error, const struct poptOption *options)
{
	const char *option = poptBadOption(context, POPT_BADOPTION_NOALIAS);

	switch (error) {
	case POPT_ERROR_BADOPT:
		return complain_unknown(option, options);
	case POPT_ERROR_NOARG:
		return complain("option '%s' lacks its argument (see %s --help)", option, program_name);
	default:
		return complain("option '%s': %s (see %s --help)", option, poptStrerror(error), program_name);
	}
}

static int take_options(struct command_line *line, const struct poptOption *options,
			int (*take)(void *target, int option, const char *text), void *target)
{
	int option, status = 0;

	while (!status && (option = poptGetNextOpt(line->context)) >= 0) {
		char *text = poptGetOptArg(line->context);

		if (option == OPTION_HELP) {
			poptPrintHelp(line->context, stdout, 0);
			if (help_notes)
				printf("\n%s", help_notes);
			exit(out_file_end_stdout(EXIT_DONE));
		}
		status = take(target, option, text);
		free(text);
	}
	if (!status && option < -1)
		status = complain_popt(line->context, option, options);
	return status;
}

int command_line_read(struct command_line *line, int argc, const char **argv, const struct poptOption *options,
		      const char *arguments, int (*take)(void *target, int option, const char *text), void *target)
{
	int status;

	if (options_wanted) {
		*options_wanted = (struct options_wanted){ options, arguments };
		return EXIT_MISUSE;
	}
	line->nr_words = 0;
	line->context = poptGetContext(program_name, argc, argv, options, 0);
	poptSetOtherOptionHelp(line->context, arguments);
	status = take_options(line, options, take, target);
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

int take_time(const char *option, const char *text, double least, double most, double *seconds)
{
	char from[SECONDS_TEXT], to[SECONDS_TEXT];

	if (read_time(text, least, most, seconds))
		return 0;
	return complain("invalid time '%s' for %s: give %s to %s seconds, as in 500ms, 60s or 5m", text, option,
			seconds_text(least, from), seconds_text(most, to));
}

int refuse_words(const struct command_line *line)
{
	return line->nr_words ? complain("unexpected argument '%s' (see %s --help)", line->words[0], program_name) : 0;
}
