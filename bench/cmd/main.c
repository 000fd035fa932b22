/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - finds the command. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd/commands.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/out_file.h"
#include "bench/ground/suggest.h"
#include "core/faultline.h"
#include "faultline_build.h"

static int print_help(void)
{
	puts("usage: faultline COMMAND [OPTION...] [ARGUMENT...]\n"
	     "\n"
	     "Runs the locking core of a virtual-memory system as threads, to measure, race, break and compare it.\n");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-9s %-20s %s\n", commands[i]->name, commands[i]->arguments, commands[i]->what);
	puts("\n"
	     "faultline help COMMAND prints a command's options; faultline --version prints how this program was "
	     "built.\n"
	     "Exit status: 0 done, 1 a check failed, 2 the command line or a file it names cannot be used.");
	return EXIT_DONE;
}

static int print_version(void)
{
	printf("faultline %s, commit %s, %s build, checks %s, %d page-table levels, RCU %s, %s, %s\n",
	       FAULTLINE_BUILD_VERSION, FAULTLINE_BUILD_COMMIT, FAULTLINE_BUILD_TYPE, FAULTLINE_CHECK ? "on" : "off",
	       FAULTLINE_BUILD_LEVELS, FAULTLINE_BUILD_RCU, FAULTLINE_BUILD_COMPILER, FAULTLINE_BUILD_FLAGS);
	return EXIT_DONE;
}

static int run_command(const struct command *command, int argc, const char **argv)
{
	static char name[64];		/* program_name until the end */

	snprintf(name, sizeof(name), "faultline %s", command->name);
	program_name = name;
	help_notes = command->notes;
	argv[0] = name;
	return command->run(argc, argv);
}

static int complain_unknown(const char *word)
{
	const char *what = word[0] == '-' ? "option" : "command";
	struct suggestion near = suggestion_begin(word);

	for (size_t i = 0; commands[i]; i++)
		suggestion_offer(&near, commands[i]->name);
	suggestion_offer(&near, "--version");
	suggestion_offer(&near, "--help");
	return complain("unknown %s '%s'%s (see faultline --help)", what, word, suggestion_text(&near, ""));
}

static const struct command *find_command(const char *name)
{
	if (!strcmp(name, manual_command.name))
		return &manual_command;
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i];
	return NULL;
}

/* `help COMMAND` is `COMMAND --help`. */
static int print_help_of(int argc, const char **words)
{
	const char *asked[] = { "", "--help", NULL };
	const struct command *command;

	if (argc == 1)
		return print_help();
	if (argc > 2)
		return complain("unexpected argument '%s': help takes one command", words[2]);
	command = find_command(words[1]);
	return command ? run_command(command, 2, asked) : complain_unknown(words[1]);
}

/*
 * A file that is opened while a standard stream is closed takes its number, and gets its text. Reads and writes
 * of such a stream fail instead, except those of standard error: no message could say why.
 */
static void take_standard_streams(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_WRONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
			_exit(EXIT_CHECK_FAILED);
}

static int run(int argc, const char **words)
{
	const struct command *command;

	if (argc < 2)
		return complain("no command (see faultline --help)");
	if (!strcmp(words[0], "--help") || !strcmp(words[0], "-h") || !strcmp(words[0], "-?"))
		return print_help();
	if (!strcmp(words[0], "help"))
		return print_help_of(argc - 1, words);
	if (!strcmp(words[0], "--version") || !strcmp(words[0], "-V"))
		return print_version();
	command = find_command(words[0]);
	return command ? run_command(command, argc - 1, words) : complain_unknown(words[0]);
}

int main(int argc, char **argv)
{
	take_standard_streams();
	interrupt_catch();
	return out_file_end_stdout(run(argc, (const char **)argv + 1));
}
