/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_litmus.c - `faultline litmus`: litmus patterns on the real cores, intact and without each barrier. */
#include <stdio.h>
#include <string.h>

#include "bench/cmd/commands.h"
#include "bench/ground/suggest.h"
#include "workloads/lib/litmus_run.h"

struct litmus_options {
	double seconds, strict;	/* of each race; until what does not hide must have shown, 0: need not */
	bool list;
};

enum { OPT_SECONDS = 1, OPT_LIST, OPT_STRICT };

static const struct poptOption options[] = {
	{ "seconds", 0, POPT_ARG_STRING, NULL, OPT_SECONDS,
	  "race each variant of a pattern for TIME (default: 1s)", "TIME" },
	{ "strict", 0, POPT_ARG_STRING, NULL, OPT_STRICT,
	  "fail if a visible reordering does not show within TIME", "TIME" },
	{ "list", 0, POPT_ARG_NONE, NULL, OPT_LIST, "print patterns, forbidden outcomes, removable barriers", NULL },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	struct litmus_options *litmus = target;

	switch (option) {
	case OPT_SECONDS:
		return take_time("--seconds", text, 0.001, 1e6, &litmus->seconds);
	case OPT_STRICT:
		return take_time("--strict", text, 0.001, 1e6, &litmus->strict);
	default:
		litmus->list = true;
		return 0;
	}
}

static int complain_pattern(const char *name)
{
	struct suggestion near = suggestion_begin(name);

	for (unsigned int i = 0; i < nr_litmus(); i++)
		suggestion_offer(&near, litmus_get(i)->name);
	return complain("unknown pattern '%s'%s (see %s --list)", name, suggestion_text(&near, ""), program_name);
}

static const struct litmus_part *part_of(const struct litmus *pattern, unsigned int index)
{
	return index < LITMUS_MAX_PARTS && pattern->parts[index].name ? &pattern->parts[index] : NULL;
}

static void describe(const struct litmus *pattern)
{
	const struct litmus_part *part;

	printf("%-18s forbidden: %s\n", pattern->name, pattern->forbidden);
	for (unsigned int i = 0; (part = part_of(pattern, i)); i++)
		printf("%18s without %s%s%s\n", "", part->name, part->hidden ? "; hides on x86: " : "",
		       part->hidden ? part->hidden : "");
}

static void print_outcomes(const struct litmus *pattern, const struct litmus_counts *counts)
{
	for (unsigned int i = 0; i < 4; i++) {
		bool first = i & 2, second = i & 1;
		const char *one = first ? pattern->went_on[0] : pattern->gave_up[0];
		const char *two = second ? pattern->went_on[1] : pattern->gave_up[1];

		if (counts->outcome[first][second])
			printf("%15lu  %s, %s%s%s\n", counts->outcome[first][second], one, two,
			       first && second ? ": " : "", first && second ? pattern->forbidden : "");
	}
}

static int race(const struct litmus *pattern, const struct litmus_part *part, const struct litmus_options *litmus)
{
	static const char *const verdicts[] = { "Never", "Sometimes", "Always" };
	struct litmus_bounds bounds = { .seconds = litmus->seconds };
	unsigned int removed = part ? 1u << (part - pattern->parts) : 0;
	struct litmus_counts counts;
	enum litmus_verdict verdict;
	const char *wrong;
	char title[128];
	int error;

	snprintf(title, sizeof(title), "%s%s%s", pattern->name, part ? " without " : "", part ? part->name : "");
	if (part && !part->hidden && litmus_can_show())
		bounds.patience = litmus->strict;
	error = litmus_run(pattern, removed, &bounds, &counts);
	if (error)
		return fail("%s: %s", title, strerror(-error));
	verdict = litmus_verdict(&counts);
	printf("%-9s  %s: in %lu of %lu%s%s\n", verdicts[verdict], title, counts.outcome[1][1],
	       litmus_instances(&counts), part && part->hidden ? "; hides on x86: " : "",
	       part && part->hidden ? part->hidden : "");
	print_outcomes(pattern, &counts);
	fflush(stdout);
	wrong = litmus_wrong(part, verdict, litmus->strict > 0);
	return wrong ? fail("%s: %s", title, wrong) : EXIT_DONE;
}

static int race_all_of(const struct litmus *pattern, const struct litmus_options *litmus)
{
	const struct litmus_part *part;
	int status = race(pattern, NULL, litmus);

	for (unsigned int i = 0; (part = part_of(pattern, i)); i++)
		status |= race(pattern, part, litmus);
	return status;
}

/* The same word answers two questions. */
#define NEVER_MEANS \
	"Never: not one of these races had the forbidden outcome.\n" \
	"  Of an intact pattern that is required: any other verdict is a bug, and fails. It is evidence from\n" \
	"  this machine; tests/models explores all that the memory model allows.\n" \
	"  Of a pattern without one of its barriers it means: not seen on this machine, in this time.\n" \
	"  It does not mean that the barrier can go: what hides on x86 may show on other processors.\n"

/* The patterns named, or all. */
static int each(const struct command_line *line, const struct litmus_options *litmus)
{
	unsigned int nr = line->nr_words ? line->nr_words : nr_litmus();
	int status = EXIT_DONE;

	for (unsigned int i = 0; i < line->nr_words; i++)
		if (!litmus_find(line->words[i]))
			return complain_pattern(line->words[i]);
	for (unsigned int i = 0; i < nr; i++) {
		const struct litmus *pattern = line->nr_words ? litmus_find(line->words[i]) : litmus_get(i);

		if (litmus->list)
			describe(pattern);
		else
			status |= race_all_of(pattern, litmus);
	}
	if (!litmus->list)
		fputs(NEVER_MEANS, stdout);
	return status;
}

static int run_litmus(int argc, const char **argv)
{
	struct litmus_options litmus = { .seconds = 1 };
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] [PATTERN...]", take, &litmus), error;

	if (status)
		return status;
	error = topology_load(NULL);
	if (error) {
		status = fail("cannot read the topology: %s", strerror(-error));
	} else {
		status = each(&line, &litmus);
		topology_free();
	}
	command_line_free(&line);
	return status;
}

const struct command litmus_command = {
	.name = "litmus",
	.arguments = "[PATTERN...]",
	.what = "run each barrier's litmus test, with and without it",
	.notes = NEVER_MEANS,
	.run = run_litmus,
};
