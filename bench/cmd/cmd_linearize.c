/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_linearize.c - `faultline linearize`: is there an order that explains what threads got from a few pages? */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/commands.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/out_file.h"
#include "bench/ground/suggest.h"
#include "bench/linearize/draw.h"
#include "bench/linearize/report.h"
#include "bench/linearize/shrink.h"
#include "bench/run/context.h"
#include "bench/run/stage.h"
#include "bench/run/unknown.h"

#define DEFAULT_HISTORIES	10000u
#define MACHINE_FRAMES		(1ul << 14)	/* of each node, 64 MiB: a few pages and their tables */

struct linearize_options {
	struct choices choices;
	uint32_t mixes;		/* those chosen, as bits */
	bool live, list, shrink, noise_chosen;
	uint64_t threads, pages, ops, histories, noise;
	double seconds;		/* of all cases together; 0: no limit */
	char *check, *json, *keep, *draw;
};

enum {
	OPT_LIVE = 1, OPT_THREADS, OPT_PAGES, OPT_OPS, OPT_HISTORIES, OPT_SECONDS, OPT_NOISE, OPT_KNOCKOUT, OPT_JSON,
	OPT_KEEP, OPT_CHECK, OPT_SHRINK, OPT_DRAW, OPT_LIST,
};

static const struct poptOption options[] = {
	{ "live", 'l', POPT_ARG_NONE, NULL, OPT_LIVE, "ask the live kernel, not the core", NULL },
	{ "policy", 'p', POPT_ARG_STRING, NULL, CHOOSE_POLICY,
	  "run these policies, or all (see faultline list --policies)", "NAME,..." },
	{ "threads", 't', POPT_ARG_STRING, NULL, OPT_THREADS, "run N threads, 2 to 8 (default: 4)", "N" },
	{ "pages", 0, POPT_ARG_STRING, NULL, OPT_PAGES, "use N pages, 1 to 8 (default: 3)", "N" },
	{ "ops", 0, POPT_ARG_STRING, NULL, OPT_OPS, "record N operations a thread and history (default: 6)", "N" },
	{ "histories", 0, POPT_ARG_STRING, NULL, OPT_HISTORIES, "record N histories of each case (default: 10000)",
	  "N" },
	{ "seconds", 0, POPT_ARG_STRING, NULL, OPT_SECONDS, "record for TIME, all cases together", "TIME" },
	{ "seed", 's', POPT_ARG_STRING, NULL, CHOOSE_SEED, "seed all random choices (default: 1)", "N" },
	{ "noise", 0, POPT_ARG_STRING, NULL, OPT_NOISE,
	  "inject delays at N of 1000 sync points (check: 10)", "PER_MILLE" },
	{ "knockout", 'k', POPT_ARG_STRING, NULL, OPT_KNOCKOUT,
	  "disable this (see faultline list --knockouts); repeatable", "NAME" },
	{ "json", 0, POPT_ARG_STRING, NULL, OPT_JSON, "write all counts to FILE", "FILE" },
	{ "keep", 0, POPT_ARG_STRING, NULL, OPT_KEEP, "write a history without an order to FILE", "FILE" },
	{ "check", 0, POPT_ARG_STRING, NULL, OPT_CHECK, "judge the history in FILE, record none", "FILE" },
	{ "shrink", 0, POPT_ARG_NONE, NULL, OPT_SHRINK, "print the smallest part of FILE without an order", NULL },
	{ "draw", 0, POPT_ARG_STRING, NULL, OPT_DRAW, "draw what has no order, or what --check judges, as SVG",
	  "FILE" },
	{ "list", 0, POPT_ARG_NONE, NULL, OPT_LIST, "print workloads, and where more than one step is allowed", NULL },
	COMMAND_OPTIONS_END
};

static int take_count(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
	if (read_number(text, least, most, number))
		return 0;
	return complain("invalid number '%s' for %s: give %llu to %llu", text, option, (unsigned long long)least,
			(unsigned long long)most);
}

static int take_knockout(const char *name)
{
	int error = knockout_enable(name);

	if (error == -EOPNOTSUPP)
		return complain("this build has no knock-outs; use build/check/faultline (cmake --preset check)");
	return error ? unknown_knockout(name) : 0;
}

static int take_noise(struct linearize_options *linearize, const char *text)
{
	linearize->noise_chosen = true;
	if (!syncpoint_get(0))
		return complain("this build has no sync points; use build/check/faultline (cmake --preset check)");
	return take_count("--noise", text, 0, 1000, &linearize->noise);
}

static int take(void *target, int option, const char *text)
{
	struct linearize_options *linearize = target;

	switch (option) {
	case OPT_LIVE:
		linearize->live = true;
		return 0;
	case OPT_THREADS:
		return take_count("--threads", text, 2, HISTORY_THREADS, &linearize->threads);
	case OPT_PAGES:
		return take_count("--pages", text, 1, HISTORY_PAGES, &linearize->pages);
	case OPT_OPS:
		return take_count("--ops", text, 1, 20, &linearize->ops);
	case OPT_HISTORIES:
		return take_count("--histories", text, 1, UINT64_MAX, &linearize->histories);
	case OPT_SECONDS:
		return take_time("--seconds", text, 0.001, 1e6, &linearize->seconds);
	case OPT_NOISE:
		return take_noise(linearize, text);
	case OPT_KNOCKOUT:
		return take_knockout(text);
	case OPT_JSON:
		return keep_text(&linearize->json, text);
	case OPT_KEEP:
		return keep_text(&linearize->keep, text);
	case OPT_CHECK:
		return keep_text(&linearize->check, text);
	case OPT_DRAW:
		return keep_text(&linearize->draw, text);
	case OPT_LIST:
		linearize->list = true;
		return 0;
	case OPT_SHRINK:
		linearize->shrink = true;
		return 0;
	default:
		return choices_take(&linearize->choices, option, text);
	}
}

static int list(void)
{
	for (unsigned int i = 0; i < nr_mixes; i++)
		printf("%-20s %s%s\n", mixes[i].name, mixes[i].what, i ? "" : " (default)");
	for (unsigned int i = 0; i < NR_NONDETERMINISMS; i++)
		printf("%-20s %s\n%20s because %s\n", nondeterminisms[i].name, nondeterminisms[i].what, "",
		       nondeterminisms[i].reason);
	return EXIT_DONE;
}

/* ---- a history from a file ---- */
static int show_unordered(const struct linearize_options *linearize, struct history *history, int op)
{
	int status = EXIT_DONE;

	if (linearize->shrink) {
		status = linearize_show_bad(history, NULL, linearize->draw);
	} else {
		history_draw(history, op, stdout);
		if (linearize->draw)
			status = linearize_draw(history, op, linearize->draw);
	}
	return status ? status : EXIT_CHECK_FAILED;
}

static int print_verdict(const struct linearize_options *linearize, struct checker *checker, struct history *history)
{
	static struct checked checked;

	switch (checker_check(checker, history, history->allowed, -1, &checked)) {
	case LINEARIZABLE:
		printf("linearizable: %u operations, %lu configurations\n", history->nr, checker_configs(checker));
		witness_print(history, &checked, stdout);
		return linearize->draw ? linearize_draw(history, -1, linearize->draw) : EXIT_DONE;
	case GAVE_UP:
		return fail("gave up after %u configurations", CHECK_CONFIGS);
	default:
		printf("not linearizable: %u operations, %lu configurations\n", history->nr, checker_configs(checker));
		return show_unordered(linearize, history, checked.op);
	}
}

static int check_file(const struct linearize_options *linearize)
{
	static struct history history;
	FILE *in = fopen(linearize->check, "re");
	struct checker *checker;
	char why[128];
	int status;

	if (!in)
		return complain("%s: %s", linearize->check, strerror(errno));
	status = history_read(&history, in, why, sizeof(why)) ? complain("%s: %s", linearize->check, why) : 0;
	fclose(in);
	if (status)
		return status;
	checker = checker_create();
	if (!checker)
		return fail("out of memory");
	status = print_verdict(linearize, checker, &history);
	checker_free(checker);
	return status;
}

/* ---- what to record ---- */
static const struct target *target_of(const struct linearize_options *linearize)
{
	return linearize->live ? &live_target : &core_target;
}

static int unknown_mix(const char *word)
{
	struct suggestion near = suggestion_begin(word);

	for (unsigned int i = 0; i < nr_mixes; i++)
		suggestion_offer(&near, mixes[i].name);
	return complain("no histories of a workload '%s'%s (see %s --list)", word, suggestion_text(&near, ""),
			program_name);
}

/* @lacks: the kinds that the workload needs, and does not get. */
static int impossible_mix(const struct linearize_options *linearize, const char *word, uint32_t lacks)
{
	if (lacks & ~target_of(linearize)->lacks)
		return complain("'%s' needs at least 2 pages", word);
	return complain("'%s' needs operations that the %s has not", word, target_of(linearize)->name);
}

/* Of several workloads that match, the possible ones are chosen. */
static int choose_mixes(struct linearize_options *linearize, const char *glob)
{
	uint32_t kinds = ~target_of(linearize)->lacks, chosen = 0, lacks = 0;

	for (unsigned int i = 0; i < nr_mixes; i++) {
		uint32_t lacking = mix_lacks(&mixes[i], kinds, (unsigned int)linearize->pages);

		if (!mix_matches(&mixes[i], glob))
			continue;
		lacks |= lacking;
		if (!lacking)
			chosen |= 1u << i;
	}
	linearize->mixes |= chosen;
	if (chosen)
		return 0;
	return lacks ? impossible_mix(linearize, glob, lacks) : unknown_mix(glob);
}

/* ---- recording ---- */
static int record_case(const struct linearize_options *linearize, const struct linearize_case *what, json_t *cases)
{
	static struct history bad;
	struct linearize_counts counts;
	int error = linearize_run(what, &counts, &bad);

	if (error == -EOPNOTSUPP) {
		printf("%s, %s: not recorded, since an operation is not supported\n", what->name, what->mix->name);
		return EXIT_DONE;
	}
	if (error)
		return fail("%s: %s", what->name, strerror(-error));
	linearize_print(what, &counts);
	json_array_append_new(cases, linearize_json(what, &counts));
	if (counts.unexplained) {
		linearize_show_bad(&bad, linearize->keep, linearize->draw);
		return fail("%s, %s: no order explains a history", what->name, what->mix->name);
	}
	return counts.gave_up ? fail("%s, %s: histories were not judged", what->name, what->mix->name) : EXIT_DONE;
}

static struct linearize_case case_of(const struct linearize_options *linearize, const struct policy_choice *policy,
				     const struct mix *mix)
{
	unsigned int policies = linearize->live ? 1 : linearize->choices.nr_policies;

	return (struct linearize_case){
		.target = target_of(linearize),
		.mix = mix,
		.name = policy ? policy->name : live_target.name,
		.policy = policy ? &policy->policy : NULL,
		.threads = (unsigned int)linearize->threads,
		.pages = (unsigned int)linearize->pages,
		.ops = (unsigned int)linearize->ops,
		.histories = linearize->histories,
		.seconds = linearize->seconds / (policies * (unsigned int)__builtin_popcount(linearize->mixes)),
		.seed = linearize->choices.seed,
	};
}

static int record_mixes(const struct linearize_options *linearize, const struct policy_choice *policy, json_t *cases)
{
	int status = EXIT_DONE;

	for (unsigned int i = 0; !status && i < nr_mixes && !interrupted(); i++) {
		struct linearize_case what = case_of(linearize, policy, &mixes[i]);

		if (!(linearize->mixes & 1u << i))
			continue;
		status = record_case(linearize, &what, cases);
		fflush(stdout);
	}
	return status;
}

static int record_cases(const struct linearize_options *linearize, json_t *cases)
{
	int status = EXIT_DONE;

	if (linearize->live)
		return record_mixes(linearize, NULL, cases);
	cpu_register(0, MEM_LOCAL, 0);
	for (unsigned int i = 0; !status && i < linearize->choices.nr_policies && !interrupted(); i++)
		status = record_mixes(linearize, &linearize->choices.policies[i], cases);
	frame_drain_cpu();
	cpu_unregister();
	return status;
}

static int write_json(const struct linearize_options *linearize, json_t *cases, int argc, const char **argv)
{
	json_t *context = context_json(&linearize->choices, argc, argv);
	json_t *root = json_pack("{s:o, s:O}", "context", context, "cases", cases);

	return out_file_write_json(linearize->json, root, JSON_INDENT(1));
}

static int default_choices(struct linearize_options *linearize)
{
	struct choices *choices = &linearize->choices;

	if (!linearize->histories && linearize->seconds == 0)
		linearize->histories = DEFAULT_HISTORIES;
	if (!linearize->noise_chosen && syncpoint_get(0))
		linearize->noise = 10;
	choices->threads[choices->nr_threads++] = (unsigned int)linearize->threads;
	choices->frames = MACHINE_FRAMES;
	return choices->nr_policies || linearize->live ? 0 : choices_add_policies(choices, policy_default()->name);
}

static int record_on_stage(struct linearize_options *linearize, int argc, const char **argv)
{
	json_t *cases = json_array();
	int status = default_choices(linearize);

	if (!status)
		status = stage_open(&linearize->choices);
	if (!status && !linearize->live)
		status = stage_machine(&linearize->choices, CACHE_LINE);
	if (!status) {
		syncpoint_noise((unsigned int)linearize->noise);
		interrupt_defer();
		status = record_cases(linearize, cases);
		if (linearize->json)
			status = max(status, write_json(linearize, cases, argc, argv));
		/* What broke may have broken the machine too: only a sound one is taken down. */
		if (!status)
			status = interrupt_status(stage_close());
	}
	json_decref(cases);
	return status;
}

/* Each workload that a word names; the first one if there is none. */
static int read_words(struct linearize_options *linearize, const struct command_line *line)
{
	int status = linearize->check || linearize->list ? refuse_words(line) : 0;

	for (unsigned int i = 0; !status && i < line->nr_words; i++)
		status = choose_mixes(linearize, line->words[i]);
	if (!linearize->mixes)
		linearize->mixes = 1;
	return status;
}

static int answer(struct linearize_options *linearize, int argc, const char **argv)
{
	if (linearize->live && linearize->choices.nr_policies)
		return complain("--live has no --policy: the live kernel has its own");
	if (linearize->list)
		return list();
	return linearize->check ? check_file(linearize) : record_on_stage(linearize, argc, argv);
}

static int run_linearize(int argc, const char **argv)
{
	struct linearize_options linearize = { .threads = 4, .pages = 3, .ops = 6 };
	struct command_line line;
	int status;

	choices_init(&linearize.choices);
	status = command_line_read(&line, argc, argv, options, "[OPTION...] [WORKLOAD...]", take, &linearize);
	if (!status) {
		status = read_words(&linearize, &line);
		if (!status)
			status = answer(&linearize, argc, argv);
		command_line_free(&line);
	}
	free(linearize.check);
	free(linearize.json);
	free(linearize.keep);
	free(linearize.draw);
	choices_free(&linearize.choices);
	return status;
}

const struct command linearize_command = {
	.name = "linearize",
	.arguments = "[WORKLOAD...]",
	.what = "search an order that explains what threads got",
	.run = run_linearize,
};
