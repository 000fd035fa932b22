/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect.c - reads files of expectations, and runs their cases on both sides, line by line. */
#include "bench/conform/expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "bench/conform/expect_check.h"
#include "bench/conform/sequence.h"
#include "bench/ground/message.h"
#include "core/faultline.h"

#define WINDOW		16
#define TEXT		256

/* One side of a case. */
struct asked {
	struct side *side;		/* NULL: there is none */
	bool lacks;			/* what the case needs */
	bool failed;
	struct process_tree tree;
};

/* What is being read. */
struct reading {
	const char *path;
	unsigned int line;
	char name[TEXT];		/* of the case; "": none yet */
	long window;
	bool begun;			/* the case has had an operation */
	bool differs;			/* the core does, says the file */
	struct asked asked[2];		/* the live side, and the core's */
	struct expect_totals *totals;
};

static int wrong(const struct reading *reading, const char *what)
{
	return complain("%s:%u: %s", reading->path, reading->line, what);
}

/* A failure ends the case for that side. One that the file knows of is not told. */
static void failed(struct reading *reading, struct asked *asked, const char *text)
{
	bool known = reading->differs && asked == &reading->asked[1];

	if (!known)
		warn("%s:%u: %s: %s: %s", reading->path, reading->line, reading->name, asked->side->name, text);
	asked->failed = true;
}

/* ---- a case's beginning and end ---- */
static void end_case(struct reading *reading)
{
	struct asked *live = &reading->asked[0], *core = &reading->asked[1];

	if (!*reading->name)
		return;
	reading->totals->cases++;
	reading->totals->not_asked += live->side && live->lacks;
	reading->totals->known += reading->differs;
	if (reading->differs && !core->failed)
		warn("%s:%u: %s: the core no longer differs", reading->path, reading->line, reading->name);
	reading->totals->failed += live->failed || core->failed != reading->differs;
}

static void begin_case(struct reading *reading, const char *name)
{
	end_case(reading);
	snprintf(reading->name, sizeof(reading->name), "%s", name);
	reading->window = WINDOW;
	reading->begun = reading->differs = false;
	for (unsigned int i = 0; i < ARRAY_SIZE(reading->asked); i++) {
		reading->asked[i] = (struct asked){ .side = reading->asked[i].side };
		process_tree_begin(&reading->asked[i].tree);
	}
}

static bool live_is_older(unsigned int major, unsigned int minor)
{
	unsigned int has_major = 0, has_minor = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &has_major, &has_minor) != 2)
		return true;
	return has_major < major || (has_major == major && has_minor < minor);
}

/* The core has swap if this machine has it: the two sides are alike. */
static bool side_has(const struct side *side, const char *what)
{
	struct sysinfo info;

	if (!strcmp(what, "root"))
		return side->knows.frames;
	return !sysinfo(&info) && info.totalswap;
}

static int take_needs(struct reading *reading, char *words)
{
	for (char *word; (word = strsep(&words, " "));) {
		if (strcmp(word, "root") && strcmp(word, "swap"))
			return wrong(reading, "no such need");
		for (unsigned int i = 0; i < ARRAY_SIZE(reading->asked); i++)
			if (reading->asked[i].side && !side_has(reading->asked[i].side, word))
				reading->asked[i].lacks = true;
	}
	return 0;
}

static int take_since(struct reading *reading, const char *text)
{
	unsigned int major, minor;

	if (sscanf(text, "%u.%u", &major, &minor) != 2)
		return wrong(reading, "no version MAJOR.MINOR");
	reading->asked[0].lacks |= live_is_older(major, minor);
	return 0;
}

static int take_window(struct reading *reading, const char *text)
{
	char *end;

	reading->window = strtol(text, &end, 10);
	if (reading->begun || *end || reading->window < 1 || reading->window > WINDOW_PAGES_MAX)
		return wrong(reading, "no number of pages, or too late for it");
	return 0;
}

/* ---- a case's lines ---- */
static struct asked *next_asked(struct reading *reading, struct asked *asked)
{
	for (asked = asked ? asked + 1 : reading->asked; asked < reading->asked + 2; asked++)
		if (asked->side && !asked->lacks && !asked->failed)
			return asked;
	return NULL;
}

static void begin_sides(struct reading *reading)
{
	if (!reading->begun)
		for (struct asked *asked = NULL; (asked = next_asked(reading, asked));)
			asked->side->reset(asked->side, reading->window);
	reading->begun = true;
}

static int take_op(struct reading *reading, char *line)
{
	char *equals = strstr(line, " = ");
	const char *expected = equals ? equals + 3 : NULL, *why;
	struct op op;

	if (equals)
		*equals = '\0';
	why = op_parse(line, &op);
	if (why)
		return wrong(reading, why);
	if (expected && !result_is_known(expected))
		return wrong(reading, "no such result");
	begin_sides(reading);
	for (struct asked *asked = NULL; (asked = next_asked(reading, asked));) {
		char text[TEXT];
		long result;

		if (!process_tree_allows(&asked->tree, &op))
			return wrong(reading, "its process or pin is not there, or is there already");
		result = asked->side->run(asked->side, &op);
		if (result >= 0)
			process_tree_follow(&asked->tree, &op);
		reading->totals->checks++;
		if (!result_is(result, expected, text, sizeof(text)))
			failed(reading, asked, text);
	}
	return 0;
}

/* A line "WORD P REST" about the state of process P. */
static int take_state(struct reading *reading, const char *text, check_fn *check)
{
	static struct process_state state;
	unsigned int process;
	int used;

	if (sscanf(text, "%u %n", &process, &used) != 1 || process >= NR_PROCESSES)
		return wrong(reading, "no such process");
	begin_sides(reading);
	for (struct asked *asked = NULL; (asked = next_asked(reading, asked));) {
		const char *why;
		char told[TEXT] = "";

		if (!asked->tree.alive[process])
			return wrong(reading, "no such process");
		asked->side->look(asked->side, process, &state);
		why = check(asked->side, &state, reading->window, text + used, told, sizeof(told));
		if (why)
			return wrong(reading, why);
		reading->totals->checks++;
		if (*told)
			failed(reading, asked, told);
	}
	return 0;
}

static char *after(char *line, const char *word)
{
	size_t length = strlen(word);

	return strncmp(line, word, length) ? NULL : line + length;
}

static int take_line(struct reading *reading, char *line)
{
	char *rest;

	if (!*line || *line == '#')
		return 0;
	if ((rest = after(line, "case "))) {
		begin_case(reading, rest);
		return 0;
	}
	if (!*reading->name)
		return wrong(reading, "no case has begun");
	if ((rest = after(line, "window ")))
		return take_window(reading, rest);
	if ((rest = after(line, "since ")))
		return take_since(reading, rest);
	if ((rest = after(line, "needs ")))
		return take_needs(reading, rest);
	if ((rest = after(line, "vmas ")))
		return take_state(reading, rest, check_vmas);
	if ((rest = after(line, "pages ")))
		return take_state(reading, rest, check_pages);
	if (after(line, "core differs: ")) {
		reading->differs = true;
		return 0;
	}
	return take_op(reading, line);
}

int expect_run(const char *path, struct side *live, struct side *core, struct expect_totals *totals)
{
	struct reading reading = { .path = path, .asked = { { .side = live }, { .side = core } }, .totals = totals };
	FILE *file = fopen(path, "r");
	char line[TEXT];
	int status = 0;

	if (!file)
		return complain("%s: %s", path, strerror(errno));
	while (!status && fgets(line, sizeof(line), file)) {
		reading.line++;
		line[strcspn(line, "\n")] = '\0';
		status = take_line(&reading, line);
	}
	fclose(file);
	if (!status)
		end_case(&reading);
	return status;
}

int expect_files(struct side *live, struct side *core, const char *const *paths, unsigned int nr)
{
	struct expect_totals totals = { 0 };
	int status = EXIT_DONE;

	for (unsigned int i = 0; i < nr && !status; i++)
		status = expect_run(paths[i], live, core, &totals);
	core->end(core);
	if (status)
		return status;
	printf("%u expectations, %u checks: %u failed; ", totals.cases, totals.checks, totals.failed);
	printf("not asked of the live kernel: %u; in which the core differs: %u\n", totals.not_asked, totals.known);
	return totals.failed ? EXIT_CHECK_FAILED : EXIT_DONE;
}
