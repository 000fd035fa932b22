/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_bench.c - `faultline bench`: measures workloads and keeps the results. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/cmd/commands.h"
#include "bench/cmd/measure.h"
#include "bench/data/results.h"
#include "bench/data/run_folder.h"
#include "bench/data/table.h"
#include "bench/data/trust.h"
#include "bench/data/twins.h"
#include "bench/ground/interrupt.h"
#include "bench/run/bench_shim.h"
#include "bench/run/choices.h"
#include "bench/run/context.h"
#include "bench/run/journal.h"
#include "bench/run/stage.h"
#include "bench/run/suite.h"
#include "bench/run/timing.h"

struct bench_options {
	const struct measurement *kind;
	struct choices choices;
	struct suite suite;
	struct timing timing;
	bool quick, list;
	char *out;			/* NULL: a new run's folder */
	bool baseline;			/* later runs of this host are compared with this one */
	bool default_run;		/* nothing was chosen that makes it a part of a run */
	struct earlier earlier;		/* what is resumed; no rows: nothing */
};

#define GRID_REPETITIONS	9	/* steps from line to line of a grid are what is asked for, and many of them */

enum { OPT_RESUME = 1, OPT_ALTERNATE, OPT_SLOW_DOWN, OPT_OUT, OPT_BASELINE, OPT_QUICK, OPT_LIST };

static const struct poptOption options[] = {
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, choices_options, 0, "Workloads and policies:", NULL },
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, timing_options, 0, "Measurement:", NULL },
	{ "alternate", 0, POPT_ARG_STRING, NULL, OPT_ALTERNATE,
	  "interleave repetitions with the process at SOCKET", "SOCKET" },
	{ "slow-down", 0, POPT_ARG_STRING, NULL, OPT_SLOW_DOWN,
	  "slow each operation down by PERCENT, to test compare", "PERCENT" },
	{ "quick", 'q', POPT_ARG_NONE, NULL, OPT_QUICK,
	  "smoke run: 2 repetitions of 3ms, no oversubscription", NULL },
	{ "out", 'o', POPT_ARG_STRING, NULL, OPT_OUT, "write results to FILE (default: in results/HOST/TIME/)",
	  "FILE" },
	{ "resume", 0, POPT_ARG_STRING, NULL, OPT_RESUME, "measure what an interrupted run lacks, with its own options",
	  "RUN" },
	{ "baseline", 0, POPT_ARG_NONE, NULL, OPT_BASELINE, "make this run the host's baseline for compare", NULL },
	{ "list", 0, POPT_ARG_NONE, NULL, OPT_LIST, "print the names of the benchmarks, measure nothing", NULL },
	COMMAND_OPTIONS_END
};

static int take_slow_down(struct bench_options *bench, const char *text)
{
	double percent;

	if (!read_fraction(text, 0, 1000, &percent))
		return complain("invalid slow-down '%s': give 0 to 1000 percent", text);
	bench->timing.slow_down = percent / 100;
	return 0;
}

static int take(void *target, int option, const char *text)
{
	struct bench_options *bench = target;

	switch (option) {
	case OPT_RESUME:
		return complain("--resume RUN is given alone: the run knows its options");
	case OPT_ALTERNATE:
		return keep_text(&bench->timing.alternate, text);
	case OPT_SLOW_DOWN:
		return take_slow_down(bench, text);
	case OPT_OUT:
		return keep_text(&bench->out, text);
	case OPT_BASELINE:
		bench->baseline = true;
		return 0;
	case OPT_QUICK:
		bench->quick = true;
		return 0;
	case OPT_LIST:
		bench->list = true;
		return 0;
	default:
		return timing_takes(option) ? timing_take(&bench->timing, option, text) :
					      choices_take(&bench->choices, option, text);
	}
}

/* ---- what was not chosen ---- */

/* 1, 2, 4 … until there are @nr, on more than all PUs if it must be: a line of scaling needs its points. */
static void grid_threads(struct choices *choices, unsigned int nr)
{
	for (unsigned int n = 1; n < topology_pus() || choices->nr_threads < nr; n *= 2)
		choices->threads[choices->nr_threads++] = n;
	if (choices->threads[choices->nr_threads - 1] < topology_pus())
		choices->threads[choices->nr_threads++] = topology_pus();
}

/* 1, 2, 4 … and all PUs; then more threads than PUs, where they can still be started in no time. */
static void default_threads(struct choices *choices, bool crowded)
{
	const unsigned int pus = topology_pus();

	for (unsigned int n = 1; n < pus && choices->nr_threads < MAX_THREADS - 2; n *= 2)
		choices->threads[choices->nr_threads++] = n;
	choices->threads[choices->nr_threads++] = pus;
	if (crowded && pus <= 16)
		choices->threads[choices->nr_threads++] = 4 * pus;
}

static int default_choices(struct bench_options *bench, struct suite_defaults *defaults)
{
	struct choices *choices = &bench->choices;
	const unsigned int grid = bench->kind->grid;
	int status = 0;

	*defaults = (struct suite_defaults){
		.policies = !choices->nr_policies,
		.payloads = !choices->nr_payloads,
		.layouts = !choices->nr_layouts,
		.threads = !choices->nr_threads,
		.first_axis_values = grid || bench->quick,
	};
	if (defaults->policies && !grid)
		status = choices_add_policies(choices, policy_default()->name);
	if (!status && defaults->policies && (grid || !bench->quick))
		status = choices_add_policies(choices, "all");
	if (!status)
		status = choices_settle_layouts(choices);
	if (defaults->payloads) {
		choices->payloads[choices->nr_payloads++] = 0;
		if (!grid && !bench->quick)
			choices->payloads[choices->nr_payloads++] = FRAME_SIZE;
	}
	if (defaults->threads && grid)
		grid_threads(choices, bench->quick ? 1 : grid);
	else if (defaults->threads)
		default_threads(choices, !bench->quick);
	if (grid)
		defaults->policies = defaults->threads = false;
	if (grid && !bench->quick && !bench->timing.repetitions)
		bench->timing.repetitions = GRID_REPETITIONS;
	timing_default(&bench->timing, bench->quick);
	return status;
}

/* ---- running ---- */
static unsigned int list_failures(const struct results *results)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < results->nr; i++)
		if (results->all[i].error && !result_skipped(&results->all[i]))
			nr += !!fail("%s: %s", results->all[i].name, results->all[i].error);
	return nr;
}

static void note_failures(json_t *root, unsigned int failures)
{
	if (failures && !json_object_get(root, "incomplete"))
		json_object_set_new(root, "incomplete",
				    json_sprintf("%u benchmark%s failed", failures, failures == 1 ? "" : "s"));
}

/* What is shown is what the file gets; a file that cannot be written takes nothing from the screen. */
static int show(const struct bench_options *bench, json_t *root, const struct company *company, struct results *results)
{
	char why[512];
	int status;

	if (results_take_root("faultline bench", root, results, why, sizeof(why)))
		return fail("%s", why);
	if (results_note(root, results, company))
		return fail("out of memory");
	status = bench->kind->print(results);
	note_failures(root, list_failures(results));
	fflush(stdout);
	return status;
}

static enum run_rank rank_of(const struct bench_options *bench, const json_t *root, const struct results *results)
{
	if (json_object_get(root, "incomplete") || !json_array_size(json_object_get(root, "benchmarks")))
		return RUN_ASIDE;
	if (bench->baseline)
		return RUN_BASELINE;
	return bench->default_run && !bench->kind->grid && trust_run(results) ? RUN_FIRST_BASELINE : RUN_LATEST;
}

static int conclude(const char *path, const json_t *root)
{
	const char *incomplete = json_string_value(json_object_get(root, "incomplete"));

	printf("Results are in %s. Google Benchmark calls itself a DEBUG build there: Debian's package is built with "
	       "assertions,\n"
	       "which lie outside the timed part.\n",
	       path);
	if (!incomplete)
		return EXIT_DONE;
	printf("They are incomplete: %s. To measure the rest: %s --resume %s\n", incomplete, program_name, path);
	return interrupt_status(EXIT_CHECK_FAILED);
}

/* What cannot be written whole, as on a disk that is full, may still fit as a journal. */
static int keep_journal(struct run_output *output, const json_t *root, int argc, const char **argv)
{
	struct out_file *file = &output->file;

	if (!out_file_restart(file)) {
		journal_begin(file->stream, argc, argv, json_object_get(root, "benchmarks"));
		if (!out_file_flush(file)) {
			fail("%s has what was measured; to write it whole: %s --resume %s", file->unfinished,
			     program_name, file->path);
			out_file_leave(file);
			return EXIT_CHECK_FAILED;
		}
	}
	return run_output_end(output, EXIT_CHECK_FAILED, RUN_ASIDE);
}

static int publish(const struct bench_options *bench, struct run_output *output, json_t *root,
		   const struct results *results, int argc, const char **argv)
{
	int status = out_file_restart(&output->file);

	if (!status)
		status = out_file_put_json(&output->file, json_incref(root), JSON_INDENT(2));
	if (!status)
		status = out_file_flush(&output->file);
	if (status)
		return keep_journal(output, root, argc, argv);
	status = run_output_end(output, status, rank_of(bench, root, results));
	return status ? status : conclude(output->file.path, root);
}

static int measure_into(struct bench_options *bench, struct run_output *output, int argc, const char **argv)
{
	struct results results = { 0 };
	struct company company;
	json_t *root;
	int status;

	bench->timing.journal = output->file.stream;
	interrupt_keeps(output->file.unfinished);	/* it is the journal, which --resume reads */
	journal_begin(output->file.stream, argc, argv, bench->earlier.rows);
	company_begin(bench->timing.alternate);
	status = timing_run(&bench->timing, &bench->suite, &bench->choices, &root);
	company = company_end();
	if (!status && bench->earlier.rows && journal_merge(&bench->earlier, root))
		status = fail("out of memory");
	if (!status)
		status = show(bench, root, &company, &results);
	if (!status)
		status = publish(bench, output, root, &results, argc, argv);
	else
		status = run_output_end(output, status, RUN_ASIDE);
	results_free(&results);
	json_decref(root);
	return status;
}

static int run_into_file(struct bench_options *bench, int argc, const char **argv)
{
	struct run_output output;
	int status =
		run_output_begin(&output, bench->earlier.rows ? bench->earlier.path : bench->out, bench->kind->file);

	return status ? status : measure_into(bench, &output, argc, argv);
}

static int list_cases(const struct suite *suite)
{
	for (unsigned int i = 0; i < suite->nr; i++)
		printf("%s/threads:%u\n", suite->cases[i].name, suite->cases[i].threads);
	return EXIT_DONE;
}

static void put_context(const struct bench_options *bench, int argc, const char **argv)
{
	char text[32], *arguments = journal_arguments(argc, argv);

	snprintf(text, sizeof(text), "%d", RESULTS_SCHEMA);
	shim_context("faultline_schema", text);
	if (bench->timing.slow_down > 0) {
		snprintf(text, sizeof(text), "%g", bench->timing.slow_down * 100);
		shim_context("slow_down_percent", text);
	}
	if (arguments)
		shim_context("arguments", arguments);
	free(arguments);
	if (bench->quick)
		shim_context("quick", "1");
	context_put(&bench->choices, argc, argv, shim_context);
}

static int bench_on_stage(struct bench_options *bench, const struct command_line *line, int argc, const char **argv)
{
	const char *const *words = line->nr_words ? line->words : bench->kind->workloads;
	unsigned int nr_words = line->nr_words ? line->nr_words : bench->kind->nr_workloads;
	struct suite_defaults defaults;
	int status;

	bench->default_run = !line->nr_words && !bench->quick;
	if (bench->baseline && bench->out)
		return complain("--baseline keeps a run's folder, and --out is a file alone");
	if (bench->baseline && bench->quick)
		return complain("--baseline needs a run that can be compared with, and --quick makes none");
	if (bench->baseline && bench->kind->grid)
		return complain("--baseline is for faultline bench: eras are compared within a run");
	status = default_choices(bench, &defaults);
	if (!status)
		status = suite_build(&bench->suite, &bench->choices, &defaults, words, nr_words);
	if (status || bench->list)
		return status ? status : list_cases(&bench->suite);
	status = timing_begin(&bench->timing);
	if (status)
		return status;
	suite_repeat(&bench->suite, (unsigned int)bench->timing.repetitions);
	if (bench->earlier.rows)
		printf("%lu repetitions are left to measure.\n", journal_reduce(&bench->earlier, &bench->suite));
	run_seed = bench->choices.seed;
	put_context(bench, argc, argv);
	return run_into_file(bench, argc, argv);
}

/* Moves --benchmark_* options from @argv to bench->timing.library, and returns how many words are left. */
static int split_library_options(struct bench_options *bench, int argc, const char **argv)
{
	int left = 0;

	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "--benchmark_", 12))
			bench->timing.library[bench->timing.nr_library++] = argv[i];
		else
			argv[left++] = argv[i];
	argv[left] = NULL;
	return left;
}

static int measure_as_given(struct bench_options *bench, int argc, const char **argv)
{
	struct command_line line;
	const char **words = calloc((size_t)argc + 1, sizeof(*words));
	int status, closed;

	bench->timing.library = calloc((size_t)argc, sizeof(*bench->timing.library));
	if (!words || !bench->timing.library)
		return fail("out of memory");
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	status = command_line_read(&line, split_library_options(bench, argc, words), words, options,
				   "[OPTION...] [WORKLOAD...] [--benchmark_...]", take, bench);
	if (!status) {
		status = stage_open(&bench->choices);
		if (!status) {
			status = bench_on_stage(bench, &line, argc, argv);
			closed = stage_close();
			status = status ? status : closed;
		}
		command_line_free(&line);
	}
	free(bench->timing.library);
	free(words);
	return status;
}

/* `bench --resume RUN` is what RUN was begun with. */
static int measure_rest(struct bench_options *bench, const char *program, const char *run)
{
	int status = journal_load(&bench->earlier, run, bench->kind->file);
	const char **argv;
	int argc;

	if (status)
		return status;
	argv = journal_command(&bench->earlier, program, &argc);
	if (!argv)
		return fail("out of memory");
	status = measure_as_given(bench, argc, argv);
	free(argv);
	return status;
}

int measure(const struct measurement *kind, int argc, const char **argv)
{
	struct bench_options bench = { .kind = kind, .timing.by_workload = kind->grid };
	int status;

	choices_init(&bench.choices);
	if (argc == 3 && !strcmp(argv[1], "--resume"))
		status = measure_rest(&bench, argv[0], argv[2]);
	else
		status = measure_as_given(&bench, argc, argv);
	suite_free(&bench.suite);
	choices_free(&bench.choices);
	journal_free(&bench.earlier);
	free(bench.out);
	free(bench.timing.alternate);
	return status;
}

static int print_rates(const struct results *results)
{
	table_print(stdout, results);
	table_twins(stdout, results);
	return EXIT_DONE;
}

static int run_bench(int argc, const char **argv)
{
	static const struct measurement all = { .file = "bench.json", .print = print_rates };

	return measure(&all, argc, argv);
}

const struct command bench_command = {
	.name = "bench",
	.arguments = "[WORKLOAD...]",
	.what = "measure workloads (default: all)",
	.run = run_bench,
};
