/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_stress.c - `faultline stress`: runs workloads with oracles, and prints how to repeat a failure. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/check/detection.h"
#include "bench/check/episode.h"
#include "bench/check/exercised.h"
#include "bench/check/failure.h"
#include "bench/check/serial.h"
#include "bench/check/storm.h"
#include "bench/cmd/commands.h"
#include "bench/ground/interrupt.h"
#include "bench/run/choices.h"
#include "bench/run/stage.h"
#include "bench/run/suite.h"
#include "bench/run/unknown.h"

#define MAX_KNOCKOUTS	16
#define EPISODE_FRAMES	(1ul << 15)	/* of each node: 128 MiB; an episode looks at all of them at its end */
#define LEAST_SECONDS	0.001
#define SANITIZER_SLOWS	6	/* times, roughly: the watchdog waits longer by as much */

struct stress_options {
	struct choices choices;
	struct suite suite;
	double seconds, patience;	/* seconds of all cases together; 0: no bound, because rounds are */
	double max_hold;		/* 0: no bound */
	uint64_t rounds, noise;
	bool all, noise_chosen;
	char *knockouts[MAX_KNOCKOUTS], *stall;
	unsigned int nr_knockouts;
	struct serial serial;
};

enum {
	OPT_SECONDS = 1, OPT_ROUNDS, OPT_NOISE, OPT_KNOCKOUT, OPT_STALL, OPT_PATIENCE, OPT_ALL, OPT_FULL, OPT_EXERCISE,
	OPT_MAX_HOLD,
};

static const struct poptOption options[] = {
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, choices_options, 0, "Workloads and policies:", NULL },
	{ "all", 'a', POPT_ARG_NONE, NULL, OPT_ALL, "run every workload, with every value of its axes", NULL },
	{ "seconds", 0, POPT_ARG_STRING, NULL, OPT_SECONDS, "run for TIME, all cases together (default: 10s)", "TIME" },
	{ "rounds", 0, POPT_ARG_STRING, NULL, OPT_ROUNDS, "run N operations of each worker, instead of a time", "N" },
	{ "noise", 0, POPT_ARG_STRING, NULL, OPT_NOISE,
	  "inject delays at N of 1000 sync points (check: 10)", "PER_MILLE" },
	{ "knockout", 'k', POPT_ARG_STRING, NULL, OPT_KNOCKOUT,
	  "disable this (see faultline list --knockouts); repeatable", "NAME" },
	{ "stall", 0, POPT_ARG_STRING, NULL, OPT_STALL,
	  "stop the first worker there, to see what waits for it", "SYNCPOINT" },
	{ "patience", 0, POPT_ARG_STRING, NULL, OPT_PATIENCE,
	  "fail after TIME without progress (default: 10s)", "TIME" },
	{ "max-hold", 0, POPT_ARG_STRING, NULL, OPT_MAX_HOLD,
	  "fail if a lock is held for more processor time", "TIME" },
	{ NULL, 0, POPT_ARG_INCLUDE_TABLE, serial_options, 0, "Schedules:", NULL },
	{ "exercise", 0, POPT_ARG_STRING, NULL, OPT_EXERCISE,
	  "fail unless these sync points are hit; ! exempts", "PATTERN" },
	{ "full", 0, POPT_ARG_STRING, NULL, OPT_FULL, "print all records of a detector (see list --detectors)",
	  "DETECTOR" },
	COMMAND_OPTIONS_END
};

static int take_knockout(struct stress_options *stress, const char *name)
{
	int error = knockout_enable(name);

	if (error == -EOPNOTSUPP)
		return complain("this build has no knock-outs; use build/check/faultline (cmake --preset check)");
	if (error)
		return unknown_knockout(name);
	if (stress->nr_knockouts == MAX_KNOCKOUTS)
		return complain("more than %d knock-outs", MAX_KNOCKOUTS);
	stress->knockouts[stress->nr_knockouts] = strdup(name);
	return stress->knockouts[stress->nr_knockouts++] ? 0 : fail("out of memory");
}

/* The stalled worker keeps all it holds; the others go by. */
static void stay_here(void *taken)
{
	uint32_t free = 0;

	if (!storm_at_work() || !try_cmpxchg_relaxed((uint32_t *)taken, &free, 1u))
		return;
	for (;;)
		pause();
}

static int take_stall(struct stress_options *stress, const char *name)
{
	static uint32_t taken;

	if (!syncpoint_get(0))
		return complain("this build has no sync points; use build/check/faultline (cmake --preset check)");
	if (syncpoint_hook(name, stay_here, &taken))
		return unknown_syncpoint(name);
	free(stress->stall);
	stress->stall = strdup(name);
	return stress->stall ? 0 : fail("out of memory");
}

static int take_noise(struct stress_options *stress, const char *text)
{
	if (!read_number(text, 0, 1000, &stress->noise))
		return complain("invalid noise '%s': give 0 to 1000 per mille", text);
	if (stress->noise && !syncpoint_get(0))
		return complain("this build has no sync points; use build/check/faultline (cmake --preset check)");
	stress->noise_chosen = true;
	return 0;
}

static int take_exercise(const char *pattern)
{
	int error = exercised_demand(pattern);

	if (!syncpoint_get(0))
		return complain("this build has no sync points; use build/check/faultline (cmake --preset check)");
	if (error == -ENOENT)
		return complain("no sync point matches '%s' (see faultline list --syncpoints)", pattern);
	return error ? complain("sync points to exercise: %s", strerror(-error)) : 0;
}

static int take_full(const char *name)
{
	struct detector *detector = detector_find(name);

	if (!detector_get(0))
		return complain("this build has no detectors; use build/check/faultline (cmake --preset check)");
	if (!detector)
		return unknown_detector(name);
	store_relaxed(&detector->in_full, true);
	return 0;
}

static int take_max_hold(struct stress_options *stress, const char *text)
{
	struct detector *detector = detector_find("hold-time");
	int status = take_time("--max-hold", text, 1e-6, 1e6, &stress->max_hold);

	if (!detector)
		return complain("this build has no detectors; use build/check/faultline (cmake --preset check)");
	if (!status)
		store_relaxed(&detector->bound, (uint64_t)(stress->max_hold * 1e9));
	return status;
}

static int take(void *target, int option, const char *text)
{
	struct stress_options *stress = target;

	switch (option) {
	case OPT_ALL:
		stress->all = true;
		return 0;
	case OPT_SECONDS:
		return take_time("--seconds", text, LEAST_SECONDS, 1e6, &stress->seconds);
	case OPT_PATIENCE:
		return take_time("--patience", text, 0.001, 1e6, &stress->patience);
	case OPT_ROUNDS:
		return read_number(text, 1, UINT64_MAX, &stress->rounds) ? 0 :
		       complain("invalid number of rounds '%s': give 1 or more", text);
	case OPT_NOISE:
		return take_noise(stress, text);
	case OPT_KNOCKOUT:
		return take_knockout(stress, text);
	case OPT_EXERCISE:
		return take_exercise(text);
	case OPT_FULL:
		return take_full(text);
	case OPT_MAX_HOLD:
		return take_max_hold(stress, text);
	case OPT_STALL:
		return take_stall(stress, text);
	default:
		return option >= CHOOSE_SERIAL ? serial_take(&stress->serial, option, text) :
			choices_take(&stress->choices, option, text);
	}
}

/* ---- how to repeat it ---- */
static void put_chosen(FILE *out, const struct stress_options *stress, const struct run_case *what, uint64_t seed)
{
	const struct choices *choices = &stress->choices;
	char text[SECONDS_TEXT];

	if (what->policy)
		fprintf(out, " --policy %s", what->policy->name);
	for (unsigned int i = 0; i < what->workload->nr_axes; i++)
		fprintf(out, " --axis %s:%lld", what->workload->axes[i].key, (long long)what->choice[i]);
	for (unsigned int i = 0; what->layout && i < choices->nr_layouts; i++)
		if (choices->layouts[i] == what->layout)
			fprintf(out, " --layout %s --populate %s", choices->layout_paths[i],
				layout_populate_name(what->layout->populate));
	fprintf(out, " --threads %u --payload %u", what->threads, what->payload);
	places_put_options(&what->places, out);
	fprintf(out, " --frames %lu --seed %llu", choices->frames, (unsigned long long)seed);
	for (unsigned int i = 0; i < stress->nr_knockouts; i++)
		fprintf(out, " --knockout %s", stress->knockouts[i]);
	if (stress->max_hold > 0)
		fprintf(out, " --max-hold %s", seconds_text(stress->max_hold, text));
}

static void put_command(FILE *out, const void *command, const struct run_case *what, uint64_t seed)
{
	fputs(what->workload->name, out);
	put_chosen(out, command, what, seed);
}

static void note_repeat_command(const struct stress_options *stress, const struct run_case *what, double seconds)
{
	size_t length;
	char *text = NULL, digits[SECONDS_TEXT];
	FILE *out = open_memstream(&text, &length);

	failure_repeat_with(NULL);
	if (!out)
		return;
	fputs("repeat with: faultline stress ", out);
	put_command(out, stress, what, stress->choices.seed);
	if (stress->rounds)
		fprintf(out, " --rounds %llu", (unsigned long long)stress->rounds);
	if (seconds > 0)
		fprintf(out, " --seconds %s", seconds_text(max(seconds, LEAST_SECONDS), digits));
	if (syncpoint_get(0))
		fprintf(out, " --noise %llu", (unsigned long long)stress->noise);
	if (stress->stall)
		fprintf(out, " --stall %s", stress->stall);
	fputc('\n', out);
	fclose(out);
	failure_repeat_with(text);
}

/* ---- what was not chosen ---- */
static int default_choices(struct stress_options *stress, struct suite_defaults *defaults)
{
	struct choices *choices = &stress->choices;
	int status = 0;

	*defaults = (struct suite_defaults){ .layouts = !choices->nr_layouts, .first_axis_values = !stress->all,
					     .scenarios = stress->serial.wanted };
	if (!choices->nr_policies)
		status = choices_add_policies(choices, policy_default()->name);
	if (!status)
		status = choices_settle_layouts(choices);
	if (!choices->nr_payloads)
		choices->payloads[choices->nr_payloads++] = CACHE_LINE;
	if (!choices->nr_threads)
		choices->threads[choices->nr_threads++] = stress->serial.wanted ? 3 : max(4u, topology_pus());
	if (stress->seconds == 0 && !stress->rounds && !stress->serial.wanted)
		stress->seconds = 10;
	if (stress->patience == 0)
		stress->patience = FAULTLINE_PLAIN_ALLOC ? 10 * SANITIZER_SLOWS : 10;
	if (!stress->noise_chosen && syncpoint_get(0))
		stress->noise = 10;
	return status;
}

/* ---- running ---- */

static int run_case(const struct stress_options *stress, struct run_case *what)
{
	struct storm storm = {
		.what = what,
		.choices = &stress->choices,
		.seconds = stress->seconds / stress->suite.nr,
		.rounds = stress->rounds,
		.patience = stress->patience,
		.stuck = failure_stuck,
	};
	int status, error;

	episode_give_payload(what, &stress->choices);
	status = stage_machine(&stress->choices, what->payload);
	if (status)
		return status;
	note_repeat_command(stress, what, storm.seconds);
	error = storm_run(&storm);
	if (error < 0) {
		failure_print(DETECTION_REFUSED);
		return EXIT_CHECK_FAILED;
	}
	if (!error)
		printf("passed: %s, %u threads\n", what->name, what->threads);
	fflush(stdout);
	return EXIT_DONE;
}

static int run_serial(struct stress_options *stress)
{
	struct serial *serial = &stress->serial;
	const unsigned long most = stress->choices.frames;
	int status = episodes_open();

	if (status)
		return status;
	serial->choices = &stress->choices;
	serial->rounds = stress->rounds;
	serial->seconds = stress->seconds / stress->suite.nr;
	if (!serial->episodes && stress->seconds == 0)
		serial->episodes = 200;
	serial->put_command = put_command;
	serial->command = stress;
	status = serial_open(serial);
	interrupt_defer();
	for (unsigned int i = 0; !status && i < stress->suite.nr && !interrupted(); i++) {
		struct run_case *what = &stress->suite.cases[i];

		if (!stress->choices.frames_given)
			stress->choices.frames = what->layout ? most : EPISODE_FRAMES;
		episode_give_payload(what, &stress->choices);
		status = serial_run(serial, what);
		fflush(stdout);
	}
	if (!status)
		exercised_never_disabled(stress->knockouts, stress->nr_knockouts, episodes_disabled);
	if (!status)
		status = serial_close(serial);
	episodes_close();
	return status ? status : interrupt_status(status);
}

/* The case that was running was cut short, and passed its checks. */
static int report_interrupt(const struct stress_options *stress, unsigned int begun)
{
	printf("%s: %u of %u cases passed, the last one cut short; seed %llu\n", interrupt_name(), begun,
	       stress->suite.nr, (unsigned long long)stress->choices.seed);
	if (failure_repeat_command())
		fputs(failure_repeat_command(), stdout);
	return interrupt_status(EXIT_DONE);
}

static int run_cases(struct stress_options *stress)
{
	int status = EXIT_DONE;
	unsigned int i;

	run_seed = stress->choices.seed;
	slow_checks = true;
	failures_catch();
	exercised_reset();
	syncpoint_noise((unsigned int)stress->noise);
	interrupt_defer();
	for (i = 0; !status && i < stress->suite.nr && !interrupted(); i++)
		status = run_case(stress, &stress->suite.cases[i]);
	if (!status && interrupted())
		return report_interrupt(stress, i);
	exercised_print(stdout);
	if (!status)
		exercised_never_disabled(stress->knockouts, stress->nr_knockouts, knockout_hits);
	return !status && exercised_missing() ? EXIT_CHECK_FAILED : status;
}

static int stress_on_stage(struct stress_options *stress, const struct command_line *line)
{
	struct suite_defaults defaults;
	int status;

	if (!line->nr_words && !stress->all)
		return complain("no workload given: name some (see faultline list) or use --all");
	if (line->nr_words && stress->all)
		return complain("unexpected argument '%s' with --all", line->words[0]);
	if (stress->serial.option && !stress->serial.wanted)
		return complain("%s needs --serial", stress->serial.option);
	status = stage_open(&stress->choices);
	if (status)
		return status;
	status = default_choices(stress, &defaults);
	if (!status)
		status = suite_build(&stress->suite, &stress->choices, &defaults, line->words, line->nr_words);
	if (!status)
		status = stress->serial.wanted ? run_serial(stress) : run_cases(stress);
	/* What broke may have broken the machine too: only a sound one is taken down. */
	return status == EXIT_CHECK_FAILED ? status : stage_close() ? EXIT_CHECK_FAILED : status;
}

static int run_stress(int argc, const char **argv)
{
	struct stress_options stress = { .serial = SERIAL_DEFAULTS };
	struct command_line line;
	int status;

	choices_init(&stress.choices);
	status = command_line_read(&line, argc, argv, options, "[OPTION...] WORKLOAD...", take, &stress);
	if (!status) {
		status = stress_on_stage(&stress, &line);
		command_line_free(&line);
	}
	for (unsigned int i = 0; i < stress.nr_knockouts; i++)
		free(stress.knockouts[i]);
	free(stress.stall);
	failure_repeat_with(NULL);
	suite_free(&stress.suite);
	choices_free(&stress.choices);
	return status;
}

const struct command stress_command = {
	.name = "stress",
	.arguments = "WORKLOAD...",
	.what = "race workloads under detectors, check them at rest",
	.run = run_stress,
};
