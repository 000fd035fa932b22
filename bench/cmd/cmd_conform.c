/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_conform.c - `faultline conform`: random sequences of calls on the running kernel and the core, compared. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/failure.h"
#include "bench/cmd/commands.h"
#include "bench/conform/conform.h"
#include "bench/conform/expect.h"
#include "bench/conform/live_swap.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/suggest.h"
#include "bench/run/stage.h"

#define FRAMES	(1ul << 15)	/* 128 MiB */

struct conform_options {
	struct conform conform;
	char *policy, *json;
	bool replay, expect, list;
};

enum {
	OPT_SEED = 1, OPT_SECONDS, OPT_SEQUENCES, OPT_OPS, OPT_THEME, OPT_REPLAY, OPT_EXPECT, OPT_STRICT, OPT_JSON,
	OPT_POLICY, OPT_SAVE, OPT_DIVERGENCES, OPT_ALL_EXCEPTIONS, OPT_LIST, OPT_SWAP,
};

static const struct poptOption options[] = {
	{ "seed", 's', POPT_ARG_STRING, NULL, OPT_SEED, "seed all random choices (default: 1)", "N" },
	{ "seconds", 0, POPT_ARG_STRING, NULL, OPT_SECONDS, "run for TIME (default: 10s)", "TIME" },
	{ "sequences", 0, POPT_ARG_STRING, NULL, OPT_SEQUENCES, "run N sequences, instead of a time", "N" },
	{ "ops", 0, POPT_ARG_STRING, NULL, OPT_OPS, "operations of a sequence (default: 75)", "N" },
	{ "theme", 0, POPT_ARG_STRING, NULL, OPT_THEME, "what sequences are about (default: all)", "THEME" },
	{ "policy", 'p', POPT_ARG_STRING, NULL, OPT_POLICY, "policy of the core (default: linux-6.15)", "POLICY" },
	{ "replay", 0, POPT_ARG_NONE, NULL, OPT_REPLAY, "run the sequences in FILEs instead", NULL },
	{ "expect", 0, POPT_ARG_NONE, NULL, OPT_EXPECT, "run the expectations in FILEs instead", NULL },
	{ "strict", 0, POPT_ARG_NONE, NULL, OPT_STRICT, "allow no exceptions", NULL },
	{ "all-exceptions", 0, POPT_ARG_NONE, NULL, OPT_ALL_EXCEPTIONS, "fail if an exception is never used", NULL },
	{ "swap", 0, POPT_ARG_NONE, NULL, OPT_SWAP, "as root: turn swap on for the run (16 MiB)", NULL },
	{ "list", 0, POPT_ARG_NONE, NULL, OPT_LIST, "print themes and exceptions", NULL },
	{ "divergences", 0, POPT_ARG_STRING, NULL, OPT_DIVERGENCES, "stop after N divergences (default: 1)", "N" },
	{ "save", 0, POPT_ARG_STRING, NULL, OPT_SAVE, "folder for divergences (default: .)", "FOLDER" },
	{ "json", 0, POPT_ARG_STRING, NULL, OPT_JSON, "write results to FILE", "FILE" },
	COMMAND_OPTIONS_END
};

static int complain_theme(const char *name)
{
	struct suggestion near = suggestion_begin(name);

	for (unsigned int i = 0; i < nr_themes; i++)
		suggestion_offer(&near, themes[i].name);
	return complain("unknown theme '%s'%s (see %s --list)", name, suggestion_text(&near, ""), program_name);
}

static int take_count(const char *what, const char *text, uint64_t most, uint64_t *count)
{
	return read_number(text, 1, most, count) ? 0 :
	       complain("invalid number of %s '%s': give 1 to %llu", what, text, (unsigned long long)most);
}

static int take_seed(struct conform *conform, const char *text)
{
	return read_number(text, 0, UINT64_MAX, &conform->seed) ? 0 :
	       complain("invalid seed '%s': give 0 to %llu", text, (unsigned long long)UINT64_MAX);
}

static int take_theme(struct conform *conform, const char *text)
{
	conform->theme = theme_find(text);
	return conform->theme ? 0 : complain_theme(text);
}

static int take(void *target, int option, const char *text)
{
	struct conform_options *chosen = target;
	struct conform *conform = &chosen->conform;

	switch (option) {
	case OPT_SEED:
		return take_seed(conform, text);
	case OPT_SECONDS:
		return take_time("--seconds", text, 0.001, 1e6, &conform->seconds);
	case OPT_SEQUENCES:
		return take_count("sequences", text, UINT64_MAX, &conform->sequences);
	case OPT_OPS:
		return take_count("operations", text, SEQUENCE_OPS, &conform->ops);
	case OPT_DIVERGENCES:
		return take_count("divergences", text, UINT64_MAX, &conform->divergences_most);
	case OPT_THEME:
		return take_theme(conform, text);
	case OPT_POLICY:
		return keep_text(&chosen->policy, text);
	case OPT_SAVE:
		return keep_text(&conform->folder, text);
	case OPT_JSON:
		return keep_text(&chosen->json, text);
	case OPT_REPLAY:
		chosen->replay = true;
		return 0;
	case OPT_EXPECT:
		chosen->expect = true;
		return 0;
	case OPT_LIST:
		chosen->list = true;
		return 0;
	case OPT_SWAP:
		conform->swap = true;
		return 0;
	case OPT_STRICT:
		conform->strict = true;
		return 0;
	default:
		conform->all_exceptions = true;
		return 0;
	}
}

/* ---- the machine ---- */
static int start_core(struct choices *choices)
{
	int status;

	choices->frames = FRAMES;
	status = stage_open(choices);
	if (status)
		return status;
	status = stage_machine(choices, CACHE_LINE);
	if (status)
		stage_close();
	else
		cpu_register(0, MEM_LOCAL, 1);
	return status;
}

static int stop_core(void)
{
	cpu_unregister();
	return stage_close();
}

static int read_policy(const struct conform_options *chosen, struct mm_policy *policy)
{
	char why[128];

	if (policy_parse(chosen->policy ? chosen->policy : policy_default()->name, policy, why, sizeof(why)))
		return complain("%s", why);
	return 0;
}

/* The agents of the live side are forked before the core starts. */
static int conform_both(struct conform_options *chosen, const struct command_line *line)
{
	struct conform *conform = &chosen->conform;
	struct mm_policy policy;
	const char *why = NULL;
	struct choices choices;
	struct side *live;
	int status = read_policy(chosen, &policy), end;

	if (status)
		return status;
	live = live_side(&why);
	if (!live)
		return fail("the running kernel cannot be compared: %s", why);
	policy.thp = THP_MADVISE;
	policy.soft_dirty = live->knows.page_bits & PAGE_SOFT_DIRTY;
	choices_init(&choices);
	status = start_core(&choices);
	if (status) {
		live->end(live);
		choices_free(&choices);
		return status;
	}
	failures_catch();
	interrupt_defer();
	if (chosen->replay)
		status = conform_replay(conform, live, core_side(&policy, live->swap), line->words, line->nr_words);
	else if (chosen->expect)
		status = expect_files(live, core_side(&policy, live->swap), line->words, line->nr_words);
	else
		status = conform_run(conform, live, core_side(&policy, live->swap), chosen->json);
	live->end(live);
	end = stop_core();
	choices_free(&choices);
	return status ? status : end ? end : interrupt_status(status);
}

/* Where swap is refused, the run goes on without. */
static int conform_with_swap(struct conform_options *chosen, const struct command_line *line)
{
	const char *why = live_swap_on();
	int status;

	if (why)
		printf("swap stays off: %s\n", why);
	status = conform_both(chosen, line);
	return live_swap_off() ? status : max(status, fail("swap cannot be turned off: see /proc/swaps"));
}

static int list(void)
{
	for (unsigned int i = 0; i < nr_themes; i++)
		printf("%-8s %s\n", themes[i].name, themes[i].what);
	for (const struct exception *exception = exceptions; exception->name; exception++)
		printf("- `%s`: %s.\n", exception->name, exception->reason);
	return EXIT_DONE;
}

static int check_words(const struct conform_options *chosen, const struct command_line *line)
{
	const char *option = chosen->replay ? "--replay" : "--expect";

	if (!chosen->replay && !chosen->expect)
		return refuse_words(line);
	if (chosen->replay && chosen->expect)
		return complain("--replay and --expect: give one of them");
	if (chosen->json)
		return complain("--json is for random sequences, not for %s", option);
	return line->nr_words ? 0 : complain("no file given: %s needs one or more", option);
}

static int run_conform(int argc, const char **argv)
{
	struct conform_options chosen = { .conform = CONFORM_DEFAULTS };
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] [FILE...]", take, &chosen);

	if (!status) {
		status = check_words(&chosen, &line);
		if (!status)
			status = chosen.list ? list() :
				 chosen.conform.swap ? conform_with_swap(&chosen, &line) : conform_both(&chosen, &line);
		command_line_free(&line);
	}
	failure_repeat_with(NULL);
	free(chosen.policy);
	free(chosen.json);
	free(chosen.conform.folder);
	return status;
}

const struct command conform_command = {
	.name = "conform",
	.arguments = "[FILE...]",
	.what = "compare random calls on the running kernel and the core",
	.run = run_conform,
};
