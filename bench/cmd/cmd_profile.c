/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_profile.c - `faultline profile`: where the time of a workload goes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd/commands.h"
#include "bench/data/run_folder.h"
#include "bench/ground/installed.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/progress.h"
#include "bench/run/context.h"
#include "bench/run/profile.h"
#include "bench/run/stage.h"

struct profile_options {
	struct choices choices;
	struct suite suite;
	double seconds;
	bool bare, quick, all;		/* all: no workload was named */
	char *out;			/* NULL: profile.json in a new run's folder */
	char *trace_path;		/* NULL: no trace */
	struct timeline_trace trace;
	json_t *cases;
	unsigned int nr, done, failed;	/* cases: all of them, and those that are over */
	double begin;			/* when the first one began */
};

enum { OPT_SECONDS = 1, OPT_OUT, OPT_BARE, OPT_QUICK, OPT_TRACE };

static const struct poptOption options[] = {
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, choices_options, 0, "Workloads and policies:", NULL },
	{ "seconds", 0, POPT_ARG_STRING, NULL, OPT_SECONDS, "run each case for TIME (default: 200ms)", "TIME" },
	{ "quick", 'q', POPT_ARG_NONE, NULL, OPT_QUICK, "smoke run: 50ms for each case, the default policy", NULL },
	{ "out", 'o', POPT_ARG_STRING, NULL, OPT_OUT, "write results to FILE (default: in results/HOST/TIME/)",
	  "FILE" },
	{ "trace", 0, POPT_ARG_STRING, NULL, OPT_TRACE, "write what each thread did last, by time, to FILE", "FILE" },
	{ "bare", 0, POPT_ARG_NONE, NULL, OPT_BARE, "run without instruments, to measure their cost", NULL },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	struct profile_options *profile = target;

	switch (option) {
	case OPT_SECONDS:
		return take_time("--seconds", text, 0.001, 3600, &profile->seconds);
	case OPT_OUT:
		return keep_text(&profile->out, text);
	case OPT_TRACE:
		return keep_text(&profile->trace_path, text);
	case OPT_BARE:
		profile->bare = true;
		return 0;
	case OPT_QUICK:
		profile->quick = true;
		return 0;
	default:
		return choices_take(&profile->choices, option, text);
	}
}

/* ---- what was not chosen ---- */

/* The first policy of Linux's history beside the default: what waits under the one shows what the other bought. */
static int default_choices(struct profile_options *profile, struct suite_defaults *defaults)
{
	struct choices *choices = &profile->choices;
	int status = 0;

	*defaults = (struct suite_defaults){ .layouts = !choices->nr_layouts, .first_axis_values = true };
	if (!choices->nr_policies) {
		status = choices_add_policies(choices, policy_default()->name);
		if (!status && !profile->quick)
			status = choices_add_policies(choices, policy_oldest()->name);
	}
	if (!status)
		status = choices_settle_layouts(choices);
	if (!choices->nr_payloads)
		choices->payloads[choices->nr_payloads++] = 0;
	if (!choices->nr_threads)
		choices->threads[choices->nr_threads++] = topology_pus();
	if (profile->seconds == 0)
		profile->seconds = profile->quick ? 0.05 : 0.2;
	return status;
}

/* Where none is named, those that have locks of ours to wait for. */
static bool is_wanted(const struct profile_options *profile, const struct run_case *what)
{
	return !profile->all || !(what->workload->flags & (WORKLOAD_LIMIT | WORKLOAD_LIVE));
}

/* ---- running ---- */
static void show_progress(const struct profile_options *run, const struct run_case *what)
{
	double each = run->done ? (now_seconds() - run->begin) / run->done : run->seconds;
	char left[32];

	format_duration(left, sizeof(left), (run->nr - run->done) * each);
	progress_show("%u of %u runs, %s left: %s/threads:%u", run->done, run->nr, left, what->name, what->threads);
}

static void run_case(struct profile_options *run, const struct run_case *what)
{
	struct profile profile;
	int error;

	show_progress(run, what);
	error = profile_run(&profile, what, &run->choices, run->seconds, run->bare,
			    run->trace_path ? &run->trace : NULL);
	progress_end();
	run->done++;
	if (error && !profile.skipped) {
		run->failed += !!fail("%s/threads:%u: %s", what->name, what->threads, profile.why);
		return;
	}
	if (profile.skipped)
		printf("%s/threads:%u: %s\n", what->name, what->threads, profile.why);
	else
		profile_print(stdout, &profile);
	fflush(stdout);
	json_array_append_new(run->cases, profile_json(&profile));
	if (!error)
		profile_free(&profile);
}

/* By payload, since each takes a machine of its own. */
static int run_cases(struct profile_options *profile)
{
	const struct suite *suite = &profile->suite;
	int status = 0;

	for (unsigned int i = 0; i < suite->nr; i++)
		profile->nr += is_wanted(profile, &suite->cases[i]);
	profile->begin = now_seconds();
	for (unsigned int p = 0; !status && p < MAX_PAYLOADS; p++) {
		for (unsigned int i = 0; !status && i < suite->nr; i++) {
			const struct run_case *what = &suite->cases[i];

			if (interrupted() || what->payload != all_payloads[p] || !is_wanted(profile, what))
				continue;
			status = stage_machine(&profile->choices, what->payload);
			if (!status)
				run_case(profile, what);
		}
	}
	return status;
}

/* ---- the file ---- */
static int write_file(const struct profile_options *profile, struct out_file *file, int argc, const char **argv)
{
	json_t *root = json_pack("{s:i, s:o, s:O}", "schema", RESULTS_SCHEMA, "context",
				 context_json(&profile->choices, argc, argv), "cases", profile->cases);

	if (root && interrupted())
		json_object_set_new(root, "incomplete", json_string(interrupt_name()));
	return out_file_put_json(file, root, 0);
}

static int end_trace(struct profile_options *profile, int status)
{
	status = timeline_trace_end(&profile->trace, status);
	if (!status)
		printf("The trace is in %s, for ui.perfetto.dev: %llu events%s.\n", profile->trace.file.path,
		       (unsigned long long)profile->trace.events,
		       profile->trace.overwritten ? ", the latest of each thread" : "");
	return status;
}

static int run_into_file(struct profile_options *profile, int argc, const char **argv)
{
	struct run_output output;
	int status = profile->trace_path ? timeline_trace_begin(&profile->trace, profile->trace_path) : 0;

	if (status)
		return status;
	status = run_output_begin(&output, profile->out, "profile.json");
	if (status)
		return profile->trace_path ? timeline_trace_end(&profile->trace, status) : status;
	profile->cases = json_array();
	interrupt_defer();
	status = run_cases(profile);
	if (!status)
		status = write_file(profile, &output.file, argc, argv);
	json_decref(profile->cases);
	if (profile->trace_path)
		status = end_trace(profile, status);
	status = run_output_end(&output, status, interrupted() || profile->failed ? RUN_ASIDE : RUN_LATEST);
	if (status)
		return status;
	printf("Results are in %s.\n", output.file.path);
	return interrupt_status(profile->failed ? EXIT_CHECK_FAILED : EXIT_DONE);
}

static int profile_on_stage(struct profile_options *profile, const struct command_line *line, int argc,
			    const char **argv)
{
	struct suite_defaults defaults;
	int status = default_choices(profile, &defaults);

	profile->all = !line->nr_words;
	if (!status)
		status = suite_build(&profile->suite, &profile->choices, &defaults, line->words, line->nr_words);
	if (status)
		return status;
	run_seed = profile->choices.seed;
	return run_into_file(profile, argc, argv);
}

/* What is measured by bench has no instruments: those are in a program beside it, which takes over. */
static int exec_instrumented(const char **argv)
{
	char path[PATH_MAX];
	int status = own_path(path, sizeof(path) - sizeof("-profile"));

	if (status)
		return status;
	strcat(path, "-profile");
	/* The words stand behind the program's name, as in main(). */
	argv[0] = "profile";
	argv[-1] = path;
	execv(path, (char **)argv - 1);
	return complain("%s: %s: build it with cmake --build --preset release", path, strerror(errno));
}

static int run_profile(int argc, const char **argv)
{
	struct profile_options profile = { 0 };
	struct command_line line;
	int status;

	choices_init(&profile.choices);
	status = command_line_read(&line, argc, argv, options, "[OPTION...] [WORKLOAD...]", take, &profile);
	if (status)
		return status;
	if (profile.bare && profile.trace_path) {
		status = complain("--trace needs the instruments, and --bare is without");
	} else if (!FAULTLINE_PROFILE && !profile.bare) {
		status = exec_instrumented(argv);
	} else {
		status = stage_open(&profile.choices);
		if (!status) {
			int closed;

			status = profile_on_stage(&profile, &line, argc, argv);
			closed = stage_close();
			status = status ? status : closed;
		}
	}
	command_line_free(&line);
	suite_free(&profile.suite);
	choices_free(&profile.choices);
	free(profile.out);
	free(profile.trace_path);
	return status;
}

const struct command profile_command = {
	.name = "profile",
	.arguments = "[WORKLOAD...]",
	.what = "profile lock waits, latencies and retries",
	.run = run_profile,
};
