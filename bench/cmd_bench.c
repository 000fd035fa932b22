/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_bench.c - `faultline bench`: measures workloads and keeps the results. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_shim.h"
#include "bench/choices.h"
#include "bench/command.h"
#include "bench/context.h"
#include "bench/measure.h"
#include "bench/results.h"
#include "bench/run_folder.h"
#include "bench/stage.h"
#include "bench/suite.h"
#include "bench/table.h"
#include "bench/twins.h"
#include "bench/timing.h"

struct bench_options {
	const struct measurement *kind;
	struct choices choices;
	struct suite suite;
	struct timing timing;
	bool quick, list;
	char *out;			/* NULL: a new run's folder */
	bool baseline;			/* later runs of this host are compared with this one */
};

#define GRID_REPETITIONS	9	/* steps from line to line of a grid are what is asked for, and many of them */

enum { OPT_ALTERNATE = 1, OPT_SLOW_DOWN, OPT_OUT, OPT_BASELINE, OPT_QUICK, OPT_LIST };

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
		return timing_takes(option) ? timing_take(&bench->timing, option, text) : choices_take(&bench->choices, option, text);
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
	if (!status && defaults->layouts)
		status = choices_add_shipped_layouts(choices);
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

static int tell_results(const struct bench_options *bench, const char *path)
{
	struct results results;
	char why[512];
	int status;

	if (results_load(path, &results, why, sizeof(why)))
		return fail("%s", why);
	if (results_note_floor(path, results_noise_floor(&results)))
		status = fail("%s: the noise floor cannot be added", path);
	else
		status = bench->kind->tell(&results);
	printf("Results are in %s. Google Benchmark calls itself a DEBUG build there: Debian's package is built with assertions,\n"
	       "which lie outside the timed part.\n", path);
	fflush(stdout);
	if (list_failures(&results))
		status = EXIT_CHECK_FAILED;
	results_free(&results);
	return status;
}

static int run_into_file(struct bench_options *bench)
{
	struct run_output output;
	int status = run_output_begin(&output, bench->out, bench->kind->file);

	if (status)
		return status;
	status = run_output_end(&output, timing_run(&bench->timing, &bench->suite, &bench->choices, output.unfinished), bench->baseline);
	return status ? status : tell_results(bench, output.path);
}

static int list_cases(const struct suite *suite)
{
	for (unsigned int i = 0; i < suite->nr; i++)
		printf("%s/threads:%u\n", suite->cases[i].name, suite->cases[i].threads);
	return EXIT_DONE;
}

static void put_context(const struct bench_options *bench, int argc, const char **argv)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", RESULTS_SCHEMA);
	shim_context("faultline_schema", text);
	if (bench->timing.slow_down > 0) {
		snprintf(text, sizeof(text), "%g", bench->timing.slow_down * 100);
		shim_context("slow_down_percent", text);
	}
	context_put(&bench->choices, argc, argv, shim_context);
}

static int bench_on_stage(struct bench_options *bench, const struct command_line *line, int argc, const char **argv)
{
	const char *const *words = line->nr_words ? line->words : bench->kind->workloads;
	unsigned int nr_words = line->nr_words ? line->nr_words : bench->kind->nr_workloads;
	struct suite_defaults defaults;
	int status;

	if (bench->baseline && bench->out)
		return complain("--baseline keeps a run's folder, and --out is a file alone");
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
	run_seed = bench->choices.seed;
	put_context(bench, argc, argv);
	return run_into_file(bench);
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

int measure(const struct measurement *kind, int argc, const char **argv)
{
	struct bench_options bench = { .kind = kind, .timing.by_workload = kind->grid };
	struct command_line line;
	const char **words = calloc((size_t)argc + 1, sizeof(*words));
	int status;

	bench.timing.library = calloc((size_t)argc, sizeof(*bench.timing.library));
	if (!words || !bench.timing.library)
		return fail("out of memory");
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	choices_init(&bench.choices);
	status = command_line_read(&line, split_library_options(&bench, argc, words), words, options,
				   "[OPTION...] [WORKLOAD...] [--benchmark_...]", take, &bench);
	if (!status) {
		status = stage_open(&bench.choices);
		if (!status) {
			int closed;

			status = bench_on_stage(&bench, &line, argc, argv);
			closed = stage_close();
			status = status ? status : closed;
		}
		command_line_free(&line);
	}
	suite_free(&bench.suite);
	choices_free(&bench.choices);
	free(bench.out);
	free(bench.timing.alternate);
	free(bench.timing.library);
	free(words);
	return status;
}

static int tell_table(const struct results *results)
{
	table_print(stdout, results);
	table_twins(stdout, results);
	return EXIT_DONE;
}

static int run_bench(int argc, const char **argv)
{
	static const struct measurement all = { .file = "bench.json", .tell = tell_table };

	return measure(&all, argc, argv);
}

const struct command bench_command = {
	.name = "bench",
	.arguments = "[WORKLOAD...]",
	.what = "measure workloads (default: all)",
	.run = run_bench,
};
