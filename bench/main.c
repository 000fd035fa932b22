/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - finds the command. */
#include <stdio.h>
#include <string.h>

#include "bench/command.h"
#include "core/faultline.h"
#include "faultline_build.h"

static const struct command *const commands[] = {
	&list_command, &topo_command, &capture_command, &bench_command, &eras_command, &numa_command,
	&stress_command, &knockouts_command, &litmus_command, &profile_command, &compare_command, &report_command,
};

static int print_help(void)
{
	puts("usage: faultline COMMAND [OPTION...] [ARGUMENT...]\n"
	     "\n"
	     "The locking core of a virtual-memory system as ordinary threads: measured, raced, broken on purpose, compared.\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s %-20s %s\n", commands[i]->name, commands[i]->arguments, commands[i]->what);
	puts("\n"
	     "faultline COMMAND --help tells a command's options; faultline --version tells how this program was built.\n"
	     "Exit status: 0 done, 1 a check failed, 2 the command line or a file it names cannot be used.");
	return EXIT_DONE;
}

static int print_version(void)
{
	printf("faultline %s, %s build, %d page-table levels, RCU %s, %s, %s\n", FAULTLINE_BUILD_COMMIT,
	       FAULTLINE_BUILD_TYPE, FAULTLINE_BUILD_LEVELS, FAULTLINE_BUILD_RCU, FAULTLINE_BUILD_COMPILER,
	       FAULTLINE_BUILD_FLAGS);
	return EXIT_DONE;
}

static int run_command(const struct command *command, int argc, const char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "faultline %s", command->name);
	program_name = name;
	argv[0] = name;
	return command->run(argc, argv);
}

int main(int argc, char **argv)
{
	const char **words = (const char **)argv + 1;

	if (argc < 2)
		return complain("no command (see faultline --help)");
	if (!strcmp(words[0], "--help") || !strcmp(words[0], "-?"))
		return print_help();
	if (!strcmp(words[0], "--version"))
		return print_version();
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(words[0], commands[i]->name))
			return run_command(commands[i], argc - 1, words);
	return complain("unknown %s '%s' (see faultline --help)", words[0][0] == '-' ? "option" : "command", words[0]);
}
