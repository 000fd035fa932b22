/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_explore.c - `faultline explore`: all executions of scenarios up to a number of preemptions. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/exercised.h"
#include "bench/check/exploration.h"
#include "bench/cmd/commands.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/suggest.h"
#include "bench/run/stage.h"
#include "bench/run/unknown.h"

#define MAX_KNOCKOUTS	16
#define MAX_DECISIONS	4096u
#define SCENARIO_FRAMES	2048ul	/* of each node: an execution looks at all of them at its end */
#define WORKLOAD_FRAMES	(1ul << 15)

struct explore_options {
	struct choices choices;
	struct suite suite;
	struct exploration exploration;
	uint64_t preemptions;
	bool list;
	char *knockouts[MAX_KNOCKOUTS];
	unsigned int nr_knockouts;
};

enum {
	OPT_PREEMPTIONS = 1, OPT_SECONDS, OPT_EXECUTIONS, OPT_ROUNDS, OPT_KNOCKOUT, OPT_DECISIONS, OPT_LIST,
};

static const struct poptOption options[] = {
	{ "preemptions", 0, POPT_ARG_STRING, NULL, OPT_PREEMPTIONS,
	  "explore executions with up to N preemptions (default: 2)", "N" },
	{ "seconds", 0, POPT_ARG_STRING, NULL, OPT_SECONDS, "stop each scenario after TIME", "TIME" },
	{ "executions", 0, POPT_ARG_STRING, NULL, OPT_EXECUTIONS, "stop each scenario after N executions", "N" },
	{ "policy", 'p', POPT_ARG_STRING, NULL, CHOOSE_POLICY,
	  "run these policies, or all (see faultline list --policies)", "NAME,..." },
	{ "threads", 't', POPT_ARG_STRING, NULL, CHOOSE_THREADS,
	  "run workloads with N threads (default: 2)", "N" },
	{ "rounds", 0, POPT_ARG_STRING, NULL, OPT_ROUNDS, "run N operations of each worker (default: 1)", "N" },
	{ "payload", 0, POPT_ARG_STRING, NULL, CHOOSE_PAYLOAD,
	  "clear, copy and check so many bytes of pages (default: 64)", "0,64,4096" },
	{ "axis", 0, POPT_ARG_STRING, NULL, CHOOSE_AXIS, "choose one value of an axis of a workload", "KEY:VALUE" },
	{ "seed", 's', POPT_ARG_STRING, NULL, CHOOSE_SEED, "seed all random choices (default: 1)", "N" },
	{ "knockout", 'k', POPT_ARG_STRING, NULL, OPT_KNOCKOUT,
	  "disable this (see faultline list --knockouts); repeatable", "NAME" },
	{ "decisions", 0, POPT_ARG_STRING, NULL, OPT_DECISIONS,
	  "run the one execution with these decisions, print it", "none|POSITION:THREAD,..." },
	{ "list", 0, POPT_ARG_NONE, NULL, OPT_LIST, "print the scenarios", NULL },
	COMMAND_OPTIONS_END
};

/* ---- options ---- */
static int take_decisions(struct exploration *exploration, const char *text)
{
	unsigned int position, thread;
	int length;

	exploration->given = true;
	exploration->nr_decisions = 0;
	if (!strcmp(text, "none"))
		return 0;
	free(exploration->decisions);
	exploration->decisions = calloc(MAX_DECISIONS, sizeof(struct decision));
	if (!exploration->decisions)
		return fail("out of memory");
	for (const char *rest = text; *rest; rest += length + (rest[length] == ',')) {
		length = 0;
		if (sscanf(rest, "%u:%u%n", &position, &thread, &length) < 2 || !position || thread >= SCHEDULE_MAIN ||
		    (rest[length] && rest[length] != ',') || exploration->nr_decisions == MAX_DECISIONS)
			return complain("invalid decisions '%s': give none or POSITION:THREAD,...", text);
		exploration->decisions[exploration->nr_decisions++] =
			(struct decision){ .position = position, .thread = (uint8_t)thread };
	}
	return 0;
}

static int take_knockout(struct explore_options *explored, const char *name)
{
	if (knockout_enable(name))
		return FAULTLINE_EXPLORE ? unknown_knockout(name) : 0;
	if (explored->nr_knockouts == MAX_KNOCKOUTS)
		return complain("more than %d knock-outs", MAX_KNOCKOUTS);
	explored->knockouts[explored->nr_knockouts] = strdup(name);
	return explored->knockouts[explored->nr_knockouts++] ? 0 : fail("out of memory");
}

static int take(void *target, int option, const char *text)
{
	struct explore_options *explored = target;
	struct exploration *exploration = &explored->exploration;

	switch (option) {
	case OPT_PREEMPTIONS:
		return read_number(text, 0, 1000, &explored->preemptions) ? 0 :
		       complain("invalid number of preemptions '%s': give 0 to 1000", text);
	case OPT_SECONDS:
		return take_time("--seconds", text, 0.001, 1e6, &exploration->seconds);
	case OPT_EXECUTIONS:
		return read_number(text, 1, UINT64_MAX, &exploration->executions) ? 0 :
		       complain("invalid number of executions '%s': give 1 or more", text);
	case OPT_ROUNDS:
		return read_number(text, 1, UINT16_MAX, &exploration->rounds) ? 0 :
		       complain("invalid number of rounds '%s': give 1 to %u", text, UINT16_MAX);
	case OPT_KNOCKOUT:
		return take_knockout(explored, text);
	case OPT_DECISIONS:
		return take_decisions(exploration, text);
	case OPT_LIST:
		explored->list = true;
		return 0;
	default:
		return choices_take(&explored->choices, option, text);
	}
}

/* ---- what is explored ---- */
static int unknown_scenario(const char *pattern)
{
	struct suggestion near = suggestion_begin(pattern);

	for (unsigned int i = 0; i < nr_scenarios(); i++)
		suggestion_offer(&near, scenario_get(i)->name);
	for (unsigned int i = 0; i < nr_workloads(); i++)
		suggestion_offer(&near, workload_get(i)->name);
	return complain("unknown scenario or workload '%s'%s (see %s --list)", pattern, suggestion_text(&near, ""),
			program_name);
}

/* Scenarios that match; or, if none does, the workload of that name. */
static int add_matching(struct explore_options *explored, const char *pattern)
{
	unsigned int before = explored->suite.nr;
	const struct workload *workload = workload_find(pattern);
	int status = 0;

	for (unsigned int i = 0; !status && i < nr_scenarios(); i++)
		if (!fnmatch(pattern, scenario_get(i)->name, 0))
			status = suite_add_scenario(&explored->suite, &explored->choices, scenario_get(i));
	if (!status && workload)
		status = suite_build(&explored->suite, &explored->choices,
				     &(struct suite_defaults){ .first_axis_values = true }, &pattern, 1);
	return status || explored->suite.nr > before ? status : unknown_scenario(pattern);
}

static int list_scenarios(void)
{
	for (unsigned int i = 0; i < nr_scenarios(); i++)
		printf("%-28s %u threads  %s\n", scenario_get(i)->name, scenario_get(i)->nr_roles,
		       scenario_get(i)->what);
	return EXIT_DONE;
}

static int default_choices(struct choices *choices)
{
	int status = 0;

	if (!choices->nr_policies)
		status = choices_add_policies(choices, policy_default()->name);
	if (!status)
		status = choices_settle_layouts(choices);
	if (!choices->nr_payloads)
		choices->payloads[choices->nr_payloads++] = CACHE_LINE;
	if (!choices->nr_threads)
		choices->threads[choices->nr_threads++] = 2;
	return status;
}

/* ---- running ---- */
static void put_command(FILE *out, const void *command, const struct run_case *what)
{
	const struct explore_options *explored = command;

	fputs(what->workload->name, out);
	if (what->policy)
		fprintf(out, " --policy %s", what->policy->name);
	for (unsigned int i = 0; i < what->workload->nr_axes; i++)
		fprintf(out, " --axis %s:%lld", what->workload->axes[i].key, (long long)what->choice[i]);
	fprintf(out, " --threads %u --payload %u --rounds %llu --seed %llu", what->threads, what->payload,
		(unsigned long long)explored->exploration.rounds, (unsigned long long)explored->choices.seed);
	for (unsigned int i = 0; i < explored->nr_knockouts; i++)
		fprintf(out, " --knockout %s", explored->knockouts[i]);
}

static unsigned long frames_of(const struct workload *workload)
{
	for (unsigned int i = 0; i < nr_scenarios(); i++)
		if (scenario_get(i) == workload)
			return SCENARIO_FRAMES;
	return WORKLOAD_FRAMES;
}

static int explore_all(struct explore_options *explored)
{
	int status = episodes_open();

	if (status)
		return status;
	interrupt_defer();
	for (unsigned int i = 0; !status && i < explored->suite.nr && !interrupted(); i++) {
		explored->choices.frames = frames_of(explored->suite.cases[i].workload);
		status = explore(&explored->exploration, &explored->suite.cases[i]);
		fflush(stdout);
	}
	if (!status)
		exercised_never_disabled(explored->knockouts, explored->nr_knockouts, episodes_disabled);
	episodes_close();
	return status ? status : interrupt_status(status);
}

static int explore_words(struct explore_options *explored, const struct command_line *line)
{
	int status = stage_open(&explored->choices);

	if (status)
		return status;
	status = default_choices(&explored->choices);
	for (unsigned int i = 0; !status && i < line->nr_words; i++)
		status = add_matching(explored, line->words[i]);
	if (!status && explored->exploration.given && explored->suite.nr != 1)
		status = complain("--decisions are of one scenario, and not of %u", explored->suite.nr);
	explored->exploration.choices = &explored->choices;
	explored->exploration.preemptions = (unsigned int)explored->preemptions;
	explored->exploration.put_command = put_command;
	explored->exploration.command = explored;
	if (!status)
		status = stage_threads(&explored->choices);
	if (!status)
		status = explore_all(explored);
	return status == EXIT_CHECK_FAILED ? status : stage_close() ? EXIT_CHECK_FAILED : status;
}

static int explore_line(struct explore_options *explored, const struct command_line *line)
{
	if (explored->list)
		return line->nr_words ? complain("unexpected argument '%s' with --list", line->words[0]) :
					list_scenarios();
	if (!FAULTLINE_EXPLORE)
		return complain("this build has no steps between accesses; use build/explore/faultline "
				"(cmake --preset explore)");
	if (!line->nr_words)
		return complain("no scenario given: name some (see faultline explore --list), as '*'");
	return explore_words(explored, line);
}

static int run_explore(int argc, const char **argv)
{
	struct explore_options explored = { .preemptions = 2, .exploration = { .rounds = 1 } };
	struct command_line line;
	int status;

	choices_init(&explored.choices);
	status = command_line_read(&line, argc, argv, options, "[OPTION...] SCENARIO|WORKLOAD...", take, &explored);
	if (!status) {
		status = explore_line(&explored, &line);
		command_line_free(&line);
	}
	for (unsigned int i = 0; i < explored.nr_knockouts; i++)
		free(explored.knockouts[i]);
	free(explored.exploration.decisions);
	suite_free(&explored.suite);
	choices_free(&explored.choices);
	return status;
}

const struct command explore_command = {
	.name = "explore",
	.arguments = "SCENARIO|WORKLOAD...",
	.what = "take all switches of threads up to a number",
	.run = run_explore,
};
