/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_manual.c - `faultline manual FOLDER`: write manual pages and completions for installation; not in help. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "bench/cmd/commands.h"
#include "bench/cmd/manual.h"
#include "bench/ground/out_file.h"

#define MAX_COMMANDS	32

static struct manual_entry entries[MAX_COMMANDS];

/* Each command hands over its table in place of reading its line. */
static int gather(unsigned int *nr)
{
	struct options_wanted wanted = { NULL, NULL };
	const char *none[] = { "", "", NULL };

	options_wanted = &wanted;
	for (*nr = 0; commands[*nr] && *nr < MAX_COMMANDS; ++*nr) {
		wanted.options = NULL;
		commands[*nr]->run(1, none + 1);
		if (!wanted.options)
			return fail("%s: reads no options", commands[*nr]->name);
		entries[*nr] = (struct manual_entry){ commands[*nr], wanted.options, wanted.arguments };
	}
	options_wanted = NULL;
	return 0;
}

/* A page of @entry, or one file about all of them. */
static int write_file(const char *folder, const char *name, const struct manual_entry *entry, unsigned int nr,
		      void (*put)(FILE *out, const struct manual_entry *entries, unsigned int nr))
{
	struct out_file file;
	char path[PATH_MAX];
	int status;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return complain("%s: %s", folder, strerror(ENAMETOOLONG));
	status = out_file_begin(&file, path);
	if (status)
		return status;
	if (put)
		put(file.stream, entries, nr);
	else
		manual_put_command(file.stream, entry);
	return out_file_end(&file, 0);
}

static int write_all(const char *folder)
{
	unsigned int nr;
	int status = gather(&nr);

	status = status ? status : write_file(folder, "faultline.1", NULL, nr, manual_put_program);
	status = status ? status : write_file(folder, "faultline.bash", NULL, nr, completion_put_bash);
	status = status ? status : write_file(folder, "_faultline", NULL, nr, completion_put_zsh);
	for (unsigned int i = 0; !status && i < nr; i++) {
		char name[64];

		snprintf(name, sizeof(name), "faultline-%s.1", entries[i].command->name);
		status = write_file(folder, name, &entries[i], nr, NULL);
	}
	return status;
}

static int run_manual(int argc, const char **argv)
{
	return argc == 2 ? write_all(argv[1]) : complain("give one folder, which exists");
}

const struct command manual_command = {
	.name = "manual",
	.arguments = "FOLDER",
	.what = "write manual pages and completions into FOLDER",
	.run = run_manual,
};
