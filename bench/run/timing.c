/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timing.c - a suite under Google Benchmark: its options, all payloads in turn, how far it has come. */
#include "bench/run/timing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/ground/command.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/progress.h"
#include "bench/run/alternate.h"
#include "bench/run/bench_shim.h"
#include "bench/run/stage.h"
#include "bench/run/timed.h"

/* ---- options ---- */

/* Values beside those of choices_options and of a command's own. */
enum { TIME_REPETITIONS = 200, TIME_MIN_TIME };

struct poptOption timing_options[] = {
	{ "repetitions", 'r', POPT_ARG_STRING, NULL, TIME_REPETITIONS,
	  "measure each benchmark N times (default: 5; eras: 9)", "N" },
	{ "min-time", 0, POPT_ARG_STRING, NULL, TIME_MIN_TIME, "measure for at least so long (default: 30ms)", "TIME" },
	POPT_TABLEEND
};

bool timing_takes(int option)
{
	return option == TIME_REPETITIONS || option == TIME_MIN_TIME;
}

int timing_take(struct timing *timing, int option, const char *text)
{
	if (option == TIME_REPETITIONS)
		return read_number(text, 1, 1000, &timing->repetitions) ? 0
			: complain("invalid number of repetitions '%s': give 1 to 1000", text);
	return take_time("--min-time", text, 1e-6, 3600, &timing->min_time);
}

void timing_default(struct timing *timing, bool quick)
{
	if (!timing->repetitions)
		timing->repetitions = quick ? 2 : 5;
	if (timing->min_time == 0)
		timing->min_time = quick ? 0.003 : 0.03;
}

/* ---- the library ---- */
static void library_misused(void)
{
	exit(complain("Google Benchmark rejects the value of a --benchmark_ option"));
}

/* The option of ours that does what @option would do, did it know of our timing and our files. */
static const char *ours_instead(const char *option)
{
	static const char *const ours[][2] = {
		{ "--benchmark_out", "--out" }, { "--benchmark_format", "--out" },
		  { "--benchmark_list_tests", "--list" },
		{ "--benchmark_repetitions", "--repetitions" }, { "--benchmark_min_time", "--min-time" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strncmp(option, ours[i][0], strlen(ours[i][0])))
			return ours[i][1];
	return NULL;
}

/* Only single repetitions can be judged, compared and drawn: results without them are of no use. */
static bool drops_repetitions(const char *option)
{
	static const char end[] = "aggregates_only";
	const size_t length = strcspn(option, "=");

	return length > strlen(end) && !strncmp(option + length - strlen(end), end, strlen(end));
}

/* Ours first: what the user hands through has the last word. */
int timing_begin(const struct timing *timing)
{
	char repetitions[64], min_time[64];
	char *argv[64] = {
		"faultline",
		repetitions,
		min_time,
		timing->alternate ? "--benchmark_enable_random_interleaving=false" :
				    "--benchmark_enable_random_interleaving=true",
	};
	int argc = 4;
	const char *unknown;

	snprintf(repetitions, sizeof(repetitions), "--benchmark_repetitions=%d", (int)timing->repetitions);
	snprintf(min_time, sizeof(min_time), "--benchmark_min_time=%g", timing->min_time);
	for (int i = 0; i < timing->nr_library; i++) {
		if (ours_instead(timing->library[i]))
			return complain("option '%s': use %s", timing->library[i], ours_instead(timing->library[i]));
		if (drops_repetitions(timing->library[i]))
			return complain("option '%s': results keep every repetition", timing->library[i]);
		if (argc == (int)ARRAY_SIZE(argv) - 1)
			return complain("more than %d --benchmark_ options", (int)ARRAY_SIZE(argv) - 5);
		argv[argc++] = (char *)timing->library[i];
	}
	unknown = shim_init(argc, argv, library_misused);
	return unknown ? complain("unknown option '%s' (see %s --help)", unknown, program_name) : 0;
}

/* ---- progress ---- */

/* Lock key: (T) main thread */
static struct {
	const struct run_case *first;	/* (T) the suite's cases */
	uint64_t *quotas;		/* (T) last one of each case; 0 before its first */
	unsigned long cases, seen;	/* (T) all, and those that have begun */
	unsigned long runs, done;	/* (T) repetitions of all cases, and those that are over */
	double last;			/* (T) when the last attempt began */
	bool was_trial;			/* (T) it served to find the quota */
	double trials, repeats;		/* (T) seconds spent on either kind */
} progress;

/* Of a quota that comes again it is known that the attempt before was a repetition, and no trial. */
static void count_attempt(const struct run_case *what, uint64_t quota, double now)
{
	uint64_t *last = &progress.quotas[what - progress.first];

	*(progress.was_trial ? &progress.trials : &progress.repeats) += now - progress.last;
	progress.last = now;
	progress.was_trial = *last != quota;
	progress.seen += !*last;
	progress.done += *last == quota;
	*last = quota;
}

/* Cases that have not begun cost trials too. */
static double seconds_left(void)
{
	double trial = progress.trials / (double)progress.seen;
	double repeat = progress.done ? progress.repeats / (double)progress.done : trial / 2;

	return (double)(progress.cases - progress.seen) * trial + (double)(progress.runs - progress.done) * repeat;
}

static void show_attempt(const struct run_case *what, uint64_t quota)
{
	char left[32];

	count_attempt(what, quota, now_seconds());
	format_duration(left, sizeof(left), seconds_left());
	progress_show("%lu of %lu runs, %s left: %s/threads:%u", progress.done, progress.runs, left, what->name,
		      what->threads);
}

/* ---- running ---- */
static int run_payloads(const struct timing *timing, const struct suite *suite, const struct choices *choices)
{
	unsigned long matched = 0;

	for (unsigned int p = 0; p < MAX_PAYLOADS; p++) {
		unsigned int cases = 0;
		int status;

		for (unsigned int i = 0; i < suite->nr; i++)
			cases += suite->cases[i].payload == all_payloads[p] && suite->cases[i].repetitions;
		if (!cases || interrupted())
			continue;
		status = stage_machine(choices, all_payloads[p]);
		if (status)
			return status;
		matched += timed_run(suite, choices, timing, show_attempt);
	}
	progress_end();
	return matched || interrupted() ?
		       0 :
		       complain("no benchmark passes --benchmark_filter (see %s --list)", program_name);
}

/* Rows that a signal left unmeasured say nothing. */
static void drop_interrupted(json_t *root)
{
	json_t *rows = json_object_get(root, "benchmarks");

	for (size_t i = json_array_size(rows); i; i--) {
		const char *error = json_string_value(json_object_get(json_array_get(rows, i - 1), "error_message"));

		if (error && !strcmp(error, TIMED_INTERRUPTED))
			json_array_remove(rows, i - 1);
	}
	json_object_set_new(root, "incomplete", json_string(interrupt_name()));
}

static int take_results(json_t **root)
{
	char *text = shim_close();
	json_error_t error;

	*root = text ? json_loads(text, 0, &error) : NULL;
	free(text);
	if (!text)
		return interrupted() ? fail("%s before anything was measured", interrupt_name()) :
				       fail("out of memory");
	if (!*root)
		return fail("Google Benchmark's results cannot be read: %s", error.text);
	if (interrupted())
		drop_interrupted(*root);
	return 0;
}

int timing_run(const struct timing *timing, const struct suite *suite, const struct choices *choices, json_t **root)
{
	int status;

	*root = NULL;
	progress.last = now_seconds();
	progress.cases = suite->nr;
	progress.runs = 0;
	for (unsigned int i = 0; i < suite->nr; i++)
		progress.runs += suite->cases[i].repetitions;
	progress.first = suite->cases;
	progress.quotas = calloc(suite->nr, sizeof(*progress.quotas));
	if (!progress.quotas)
		return fail("out of memory");
	interrupt_defer();
	status = timing->alternate ? alternate_begin(timing->alternate) : 0;
	if (!status) {
		shim_open();
		status = run_payloads(timing, suite, choices);
		if (status)
			free(shim_close());
		else
			status = take_results(root);
	}
	alternate_end();
	free(progress.quotas);
	return status;
}
