/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manual.c - manual pages, in the macros of man(7). */
#include "bench/cmd/manual.h"

#include <string.h>

#include "faultline_build.h"

/* Text of a page: a hyphen would be typeset as another character, a line must not begin as a request. */
static void put_text(FILE *out, const char *text)
{
	bool begins = true;

	for (; *text; text++) {
		if (begins && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
		begins = *text == '\n';
	}
}

static void put_title(FILE *out, const char *name, const char *what)
{
	fputs(".\\\" Written by faultline manual: do not edit.\n.TH ", out);
	for (const char *letter = name; *letter; letter++)
		fputc(*letter >= 'a' && *letter <= 'z' ? *letter - 'a' + 'A' : *letter, out);
	fprintf(out, " 1 \"\" \"faultline %s\" \"User Commands\"\n.SH NAME\n", FAULTLINE_BUILD_VERSION);
	put_text(out, name);
	fputs(" \\- ", out);
	put_text(out, what);
	fputs("\n.SH SYNOPSIS\n", out);
}

static void put_option(FILE *out, const struct poptOption *option)
{
	fputs(".TP\n", out);
	if (option->shortName)
		fprintf(out, "\\fB\\-%c\\fR%s", option->shortName, option->longName ? ", " : "");
	if (option->longName) {
		fputs("\\fB\\-\\-", out);
		put_text(out, option->longName);
		fputs("\\fR", out);
	}
	if (option->argDescrip) {
		fputs("=\\fI", out);
		put_text(out, option->argDescrip);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	put_text(out, option->descrip);
	fputc('\n', out);
}

static void put_options(FILE *out, const struct poptOption *option, bool tables)
{
	for (; option->longName || option->shortName || option->arg; option++) {
		bool table = (option->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE;

		if (table && (tables || !option->descrip)) {
			if (option->descrip)
				fprintf(out, ".SS %.*s\n", (int)strcspn(option->descrip, ":"), option->descrip);
			put_options(out, option->arg, true);
		} else if (!table && !(option->argInfo & POPT_ARGFLAG_DOC_HIDDEN)) {
			put_option(out, option);
		}
	}
}

/* The command's own options first, as --help prints them; then each table with a title. */
static void put_all_options(FILE *out, const struct poptOption *options)
{
	fputs(".SH OPTIONS\n", out);
	put_options(out, options, false);
	for (; options->longName || options->shortName || options->arg; options++)
		if ((options->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE && options->descrip) {
			const struct poptOption alone[] = { *options, POPT_TABLEEND };

			put_options(out, alone, true);
		}
}

static void put_exit_status(FILE *out, bool compares)
{
	fputs(".SH EXIT STATUS\n0 done; 1 a check failed", out);
	if (compares)
		fputs(", or results differ", out);
	fputs(";\n2 the command line or a file that it names cannot be used", out);
	fputs(compares ? ";\n3 the results do not decide.\n" : ".\n", out);
}

void manual_put_command(FILE *out, const struct manual_entry *entry)
{
	const struct command *command = entry->command;
	char name[64];

	snprintf(name, sizeof(name), "faultline-%s", command->name);
	put_title(out, name, command->what);
	fprintf(out, ".B faultline %s\n", command->name);
	put_text(out, entry->arguments);
	fputc('\n', out);
	put_all_options(out, entry->options);
	if (command->notes) {
		fputs(".SH NOTES\n.nf\n", out);
		put_text(out, command->notes);
		fputs("\n.fi\n", out);
	}
	put_exit_status(out, !strcmp(command->name, "compare"));
	fputs(".SH SEE ALSO\n.BR faultline (1)\n", out);
}

void manual_put_program(FILE *out, const struct manual_entry *entries, unsigned int nr)
{
	put_title(out, "faultline", "locking core of a virtual-memory system, as threads");
	fputs(".B faultline\n.I COMMAND\n[OPTION...] [ARGUMENT...]\n.SH DESCRIPTION\n"
	      "Runs the locking core of a virtual\\-memory system as threads of one process, to\n"
	      "measure, race, break and compare it. A build with assertions, sync points and knock\\-outs is installed "
	      "as\n.BR faultline\\-check .\n"
	      ".SH COMMANDS\n", out);
	for (unsigned int i = 0; i < nr; i++) {
		const struct command *command = entries[i].command;

		fprintf(out, ".TP\n\\fB%s\\fR%s", command->name, *command->arguments ? " " : "");
		put_text(out, command->arguments);
		fputc('\n', out);
		put_text(out, command->what);
		fputc('\n', out);
	}
	fputs(".SH OPTIONS\n.TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nprint the commands and exit\n"
	      ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nprint how this program was built and exit\n", out);
	put_exit_status(out, false);
	fputs(".SH SEE ALSO\n", out);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, ".BR faultline\\-%s (1)%s\n", entries[i].command->name, i + 1 < nr ? "," : "");
}
