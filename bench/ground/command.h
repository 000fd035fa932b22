/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.h - what the commands share: how they are found, how they read their line, how they fail. */
#ifndef FAULTLINE_BENCH_GROUND_COMMAND_H
#define FAULTLINE_BENCH_GROUND_COMMAND_H

#include <popt.h>

#include "bench/ground/message.h"
#include "bench/ground/number.h"

struct command {
	const char *name, *arguments, *what;
	const char *notes;	/* what --help says below the options; NULL: nothing */
	int (*run)(int argc, const char **argv);	/* argv[0] is "faultline NAME"; returns the exit status */
};

/* The notes of the command that runs. */
extern const char *help_notes;

/* The end of every command's table of options. */
#define OPTION_HELP	1000
#define COMMAND_OPTIONS_END \
	{ "help", 'h', POPT_ARG_NONE, NULL, OPTION_HELP, "print this help and exit", NULL }, \
	{ NULL, '?', POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN, NULL, OPTION_HELP, NULL, NULL }, \
	POPT_TABLEEND

/* A command line while it is read; the words live until command_line_free(). */
struct command_line {
	poptContext context;
	unsigned int nr_words;
	const char **words;		/* what is no option */
};

/* While set, command_line_read() fills it in, reads nothing, and returns EXIT_MISUSE: the command ends. */
struct options_wanted {
	const struct poptOption *options;
	const char *arguments;
};
extern struct options_wanted *options_wanted;

/*
 * command_line_read - read @argv by @options, whose entries with a value (their val is not 0) go to
 * @take(@target, val, text), in order; text is NULL for an option without argument. @take returns 0 or an exit status.
 * @options ends with COMMAND_OPTIONS_END.
 * Returns 0, or the exit status after one line on stderr. --help prints and ends the program with status 0.
 */
int command_line_read(struct command_line *line, int argc, const char **argv, const struct poptOption *options,
		      const char *arguments, int (*take)(void *target, int option, const char *text), void *target);
void command_line_free(struct command_line *line);

/* In place of what *@kept was, a copy of @text. Returns 0, or the exit status after one line on stderr. */
int keep_text(char **kept, const char *text);
/* A time in seconds for @option, in the form of read_time(), from @least to @most. Returns as above. */
int take_time(const char *option, const char *text, double least, double most, double *seconds);
/* A line without words is what it must be. Returns as above. */
int refuse_words(const struct command_line *line);

#endif
