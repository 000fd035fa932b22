/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_numa.c - `faultline numa`: what workloads cost with threads, frames and page tables on every node. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/cmd/commands.h"
#include "bench/data/run_folder.h"
#include "bench/ground/interrupt.h"
#include "bench/run/context.h"
#include "bench/run/journal.h"
#include "bench/run/landing.h"
#include "bench/run/numa_gather.h"
#include "bench/run/stage.h"
#include "bench/run/timing.h"

struct numa_options {
	struct choices choices;
	struct timing timing;
	struct suite suite;
	bool maps[NR_NUMA_MAPS], every_cell;
	bool quick, list, plot, checked_only;
	char *out;			/* NULL: a new run's folder */
	struct earlier earlier;		/* what is resumed; no rows: nothing */
};

enum { OPT_OUT = 1, OPT_QUICK, OPT_LIST, OPT_MAP, OPT_PLOT, OPT_CHECK, OPT_RESUME };

static const struct poptOption options[] = {
	{ "map", 0, POPT_ARG_STRING, NULL, OPT_MAP,
	  "place these on other nodes (default: both,frames,tables)",
	  "both|frames|tables|each,..." },
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, suite_options, 0, "Workloads and policies:", NULL },
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, timing_options, 0, "Measurement:", NULL },
	{ "resume", 0, POPT_ARG_STRING, NULL, OPT_RESUME,
	  "measure what an interrupted run lacks, with its own options", "RUN" },
	{ "quick", 'q', POPT_ARG_NONE, NULL, OPT_QUICK, "smoke run: 2 repetitions of 3ms, the smallest sizes", NULL },
	{ "check", 0, POPT_ARG_NONE, NULL, OPT_CHECK, "check where frames and page tables lie, measure nothing", NULL },
	{ "out", 'o', POPT_ARG_STRING, NULL, OPT_OUT, "write results to FILE (default: in results/HOST/TIME/)",
	  "FILE" },
	{ "plot", 0, POPT_ARG_NONE, NULL, OPT_PLOT, "draw plots/numa", NULL },
	{ "list", 0, POPT_ARG_NONE, NULL, OPT_LIST, "print the names of the cells, measure nothing", NULL },
	COMMAND_OPTIONS_END
};

static const char *const default_workloads[] = { "walk_dense", "install_empty", "fault_disjoint" };

/* ---- what is asked for ---- */
static int take_map(struct numa_options *numa, const char *text)
{
	for (enum numa_map map = 0; map < NR_NUMA_MAPS; map++)
		if (!strcmp(text, numa_map_name(map))) {
			numa->maps[map] = true;
			return 0;
		}
	if (strcmp(text, "each"))
		return complain("unknown map '%s': both, frames, tables or each", text);
	numa->every_cell = true;
	return 0;
}

static int take_maps(struct numa_options *numa, const char *text)
{
	char *words = strdup(text), *next = NULL;
	int status = words ? 0 : fail("out of memory");

	if (words && (!*words || strchr(",", words[strlen(words) - 1])))
		status = complain("unknown map '': both, frames, tables or each");
	for (char *word = words ? strtok_r(words, ",", &next) : NULL; word && !status;
	     word = strtok_r(NULL, ",", &next))
		status = take_map(numa, word);
	free(words);
	return status;
}

static int take(void *target, int option, const char *text)
{
	struct numa_options *numa = target;

	switch (option) {
	case OPT_MAP:
		return take_maps(numa, text);
	case OPT_RESUME:
		return complain("--resume RUN is given alone: the run knows its options");
	case OPT_OUT:
		return keep_text(&numa->out, text);
	case OPT_QUICK:
		numa->quick = true;
		return 0;
	case OPT_CHECK:
		numa->checked_only = true;
		return 0;
	case OPT_PLOT:
		numa->plot = true;
		return 0;
	case OPT_LIST:
		numa->list = true;
		return 0;
	default:
		return timing_takes(option) ? timing_take(&numa->timing, option, text) :
					      choices_take(&numa->choices, option, text);
	}
}

/* What was not chosen. Frames cost where they are written to: all of them, where that is a choice. */
static int default_choices(struct numa_options *numa)
{
	struct choices *choices = &numa->choices;
	bool chosen = numa->every_cell;

	for (enum numa_map map = 0; map < NR_NUMA_MAPS; map++)
		chosen |= numa->maps[map];
	for (enum numa_map map = 0; map < NR_NUMA_MAPS && !chosen; map++)
		numa->maps[map] = true;
	if (!choices->nr_threads)
		choices->threads[choices->nr_threads++] = 1;
	if (!choices->nr_payloads)
		choices->payloads[choices->nr_payloads++] = FRAME_SIZE;
	timing_default(&numa->timing, numa->quick);
	if (choices_settle_layouts(choices))
		return EXIT_MISUSE;
	return choices->nr_policies ? 0 : choices_add_policies(choices, policy_default()->name);
}

/* ---- cells ---- */
static bool wanted(const struct numa_options *numa, struct numa_place place)
{
	struct pin pin;

	if (topology_plan(PLACE_NODE, 1, place.threads, &pin))
		return false;		/* memory alone */
	return numa->every_cell || (numa->maps[NUMA_BOTH] && place.frames == place.tables) ||
	       (numa->maps[NUMA_FRAMES] && place.tables == place.threads) ||
	       (numa->maps[NUMA_TABLES] && place.frames == place.threads);
}

static int add_cells(struct numa_options *numa, struct suite *suite, const struct run_case *what)
{
	const unsigned int nodes = topology_nodes();
	struct run_case cell = *what;
	int status = 0;

	for (unsigned int i = 0; !status && i < nodes * nodes * nodes; i++) {
		struct numa_place place = { i / nodes / nodes, i / nodes % nodes, i % nodes };

		cell.places = numa_places(place);
		if (wanted(numa, place))
			status = suite_add(suite, &cell);
	}
	return status;
}

/* The cells of the workloads asked for, with the smallest or the largest of their sizes, unless one was chosen. */
static int build(struct numa_options *numa, struct suite *suite, const struct command_line *line, bool smallest)
{
	const struct suite_defaults defaults = { .layouts = true,
						 .first_axis_values = smallest,
						 .last_axis_values = !smallest };
	struct suite base = { 0 };
	int status = line->nr_words
		? suite_build(&base, &numa->choices, &defaults, line->words, line->nr_words)
		: suite_build(&base, &numa->choices, &defaults, default_workloads, ARRAY_SIZE(default_workloads));

	for (unsigned int i = 0; !status && i < base.nr; i++) {
		if (base.cases[i].workload->flags & (WORKLOAD_LIVE | WORKLOAD_LIMIT))
			status = complain("%s: has no page tables to place", base.cases[i].workload->name);
		else
			status = add_cells(numa, suite, &base.cases[i]);
	}
	suite_free(&base);
	return status;
}

static int list_cells(const struct suite *suite)
{
	for (unsigned int i = 0; i < suite->nr; i++)
		printf("%s/threads:%u\n", suite->cases[i].name, suite->cases[i].threads);
	return EXIT_DONE;
}

/* ---- where things land ---- */
static int check_payload(struct numa_options *numa, const struct suite *suite, unsigned int payload,
			 struct landing *sum)
{
	int status = 0;

	for (unsigned int i = 0; !status && i < suite->nr; i++) {
		if (suite->cases[i].payload != payload || suite->cases[i].threads > 1)
			continue;
		status = stage_machine(&numa->choices, payload);
		if (!status)
			status = landing_check(&suite->cases[i], &numa->choices, sum);
	}
	return status;
}

/* One thread shows it, and small sizes do; a figure of a cell that is not what it is called is worse than none. */
static int check_landing(struct numa_options *numa, const struct command_line *line)
{
	struct landing sum = { 0 };
	struct suite suite = { 0 };
	int status = build(numa, &suite, line, true);

	for (unsigned int p = 0; !status && p < MAX_PAYLOADS; p++)
		status = check_payload(numa, &suite, all_payloads[p], &sum);
	if (!status)
		printf("%u cells: %lu frames and page tables are of the nodes asked for; %lu were looked up in the "
		       "kernel%s\n",
		       suite.nr, sum.looked, sum.asked,
		       topology_is_real() ? "" : " (not this system: nothing is bound)");
	suite_free(&suite);
	return status;
}

/* ---- measured ---- */
static int gather(struct numa *costs, const struct suite *suite, const json_t *root)
{
	struct results measured;
	char why[512];
	int status;

	if (results_take_root("faultline numa", root, &measured, why, sizeof(why)))
		return fail("%s", why);
	status = numa_gather(costs, suite, &measured) ? fail("out of memory") : 0;
	for (unsigned int i = 0; !status && i < measured.nr; i++)
		if (result_skipped(&measured.all[i]))
			printf("skipped: %s: %s\n", measured.all[i].name, result_skipped(&measured.all[i]));
		else if (measured.all[i].error)
			status = fail("%s: %s", measured.all[i].name, measured.all[i].error);
	results_free(&measured);
	return status;
}

/* The journal is in @file until the cells are. @rows are the repetitions behind the cells. */
static int measure_cells(struct numa_options *numa, struct numa *costs, struct out_file *file, json_t **rows,
			 int argc, const char **argv)
{
	int status = timing_begin(&numa->timing);
	json_t *root = NULL;

	if (status)
		return status;
	suite_repeat(&numa->suite, (unsigned int)numa->timing.repetitions);
	if (numa->earlier.rows)
		printf("%lu repetitions are left to measure.\n", journal_reduce(&numa->earlier, &numa->suite));
	numa->timing.journal = file->stream;
	interrupt_keeps(file->unfinished);	/* it is the journal, which --resume reads */
	journal_begin(file->stream, argc, argv, numa->earlier.rows);
	status = timing_run(&numa->timing, &numa->suite, &numa->choices, &root);
	if (!status && numa->earlier.rows && journal_merge(&numa->earlier, root))
		status = fail("out of memory");
	if (!status)
		status = gather(costs, &numa->suite, root);
	if (!status)
		status = out_file_restart(file);
	*rows = json_incref(json_object_get(root, "benchmarks"));
	json_decref(root);
	return status;
}

static int draw(const char *path)
{
	struct numa costs;
	char why[512];
	int status;

	if (numa_load(path, &costs, why, sizeof(why)))
		return fail("%s", why);
	status = costs.skipped ? 0 : plot_numa(&costs);
	numa_free(&costs);
	return status;
}

/* The places are the cells', and not one for all. */
static json_t *context_of(struct numa_options *numa, int argc, const char **argv)
{
	json_t *context = context_json(&numa->choices, argc, argv);

	json_object_del(context, "placement");
	json_object_del(context, "memory");
	json_object_del(context, "tables");
	return context;
}

/* What is incomplete also has the repetitions, for --resume. */
static json_t *root_of(struct numa_options *numa, const struct numa *costs, json_t *rows, int argc, const char **argv)
{
	json_t *root = numa_json(costs, context_of(numa, argc, argv));
	char *arguments = journal_arguments(argc, argv);

	if (root && arguments)
		json_object_set_new(json_object_get(root, "context"), "arguments", json_string(arguments));
	free(arguments);
	if (root && interrupted()) {
		json_object_set_new(root, "incomplete", json_string(interrupt_name()));
		json_object_set(root, "benchmarks", rows);
	}
	return root;
}

static int run_into_file(struct numa_options *numa, const struct command_line *line, int argc, const char **argv)
{
	struct numa costs = { .nr_nodes = topology_nodes() };
	struct run_output output;
	json_t *rows = NULL;
	bool skipped;
	int status = run_output_begin(&output, numa->earlier.rows ? numa->earlier.path : numa->out, "numa.json");

	if (status)
		return status;
	if (topology_nodes() < 2)
		costs.skipped = strdup("one node: all memory is equally near");
	else
		status = check_landing(numa, line);
	if (!status && !costs.skipped)
		status = measure_cells(numa, &costs, &output.file, &rows, argc, argv);
	if (!status) {
		numa_print(stdout, &costs);
		status = out_file_put_json(&output.file, root_of(numa, &costs, rows, argc, argv), JSON_INDENT(1));
	}
	json_decref(rows);
	skipped = costs.skipped;
	numa_free(&costs);
	status = run_output_end(&output, status, interrupted() || skipped ? RUN_ASIDE : RUN_LATEST);
	if (!status)
		printf("Results are in %s.\n", output.file.path);
	if (!status && interrupted())
		printf("They are incomplete: %s. To measure the rest: %s --resume %s\n", interrupt_name(), program_name,
		       output.file.path);
	if (!status && numa->plot)
		status = draw(output.file.path);
	return interrupt_status(status);
}

static int numa_on_stage(struct numa_options *numa, const struct command_line *line, int argc, const char **argv)
{
	int status = default_choices(numa);

	if (!status)
		status = build(numa, &numa->suite, line, numa->quick);
	if (status)
		return status;
	run_seed = numa->choices.seed;
	if (numa->list)
		return list_cells(&numa->suite);
	if (numa->checked_only)
		return check_landing(numa, line);
	return run_into_file(numa, line, argc, argv);
}

static int measure_as_given(struct numa_options *numa, int argc, const char **argv)
{
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] [WORKLOAD...]", take, numa), closed;

	if (status)
		return status;
	status = stage_open(&numa->choices);
	if (!status) {
		status = numa_on_stage(numa, &line, argc, argv);
		closed = stage_close();
		status = status ? status : closed;
	}
	command_line_free(&line);
	return status;
}

/* `numa --resume RUN` is what RUN was begun with. */
static int measure_rest(struct numa_options *numa, const char *program, const char *run)
{
	int status = journal_load(&numa->earlier, run, "numa.json"), argc;
	const char **argv;

	if (status)
		return status;
	argv = journal_command(&numa->earlier, program, &argc);
	status = argv ? measure_as_given(numa, argc, argv) : fail("out of memory");
	free(argv);
	return status;
}

static int run_numa(int argc, const char **argv)
{
	struct numa_options numa = { .timing.by_workload = true };
	int status;

	choices_init(&numa.choices);
	if (argc == 3 && !strcmp(argv[1], "--resume"))
		status = measure_rest(&numa, argv[0], argv[2]);
	else
		status = measure_as_given(&numa, argc, argv);
	journal_free(&numa.earlier);
	suite_free(&numa.suite);
	choices_free(&numa.choices);
	free(numa.out);
	return status;
}

const struct command numa_command = {
	.name = "numa",
	.arguments = "[WORKLOAD...]",
	.what = "measure frames and page tables on other nodes",
	.run = run_numa,
};
