/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manual.h - manual pages and completions of shells, from the commands' own tables of options. */
#ifndef FAULTLINE_BENCH_CMD_MANUAL_H
#define FAULTLINE_BENCH_CMD_MANUAL_H

#include <stdio.h>

#include "bench/ground/command.h"

/* One command, as it describes itself. */
struct manual_entry {
	const struct command *command;
	const struct poptOption *options;
	const char *arguments;		/* as its --help prints them */
};

/* The page of the program, and of one command. */
void manual_put_program(FILE *out, const struct manual_entry *entries, unsigned int nr);
void manual_put_command(FILE *out, const struct manual_entry *entry);

/* Completion for bash and for zsh, with the names of workloads, policies, knock-outs and litmus patterns. */
void completion_put_bash(FILE *out, const struct manual_entry *entries, unsigned int nr);
void completion_put_zsh(FILE *out, const struct manual_entry *entries, unsigned int nr);

#endif
