/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serial.c - looks for schedules that fail. */
#include "bench/check/serial.h"

#include <stdlib.h>
#include <string.h>

#include "bench/check/interleaving.h"
#include "bench/check/replay.h"
#include "bench/check/shrink.h"
#include "bench/check/twice.h"
#include "bench/ground/command.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/progress.h"

#define ENOUGH_STEPS	1000u
#define ENOUGH_ROUNDS	64u

struct poptOption serial_options[] = {
	{ "serial", 0, POPT_ARG_NONE, NULL, CHOOSE_SERIAL,
	  "run one thread at a time, by a new schedule for each seed", NULL },
	{ "episodes", 0, POPT_ARG_STRING, NULL, CHOOSE_EPISODES, "run N episodes (default: 200, or for --seconds)",
	  "N" },
	{ "depth", 0, POPT_ARG_STRING, NULL, CHOOSE_DEPTH,
	  "search bugs of depth D: D-1 priority changes (default: 3)", "D" },
	{ "wander", 0, POPT_ARG_STRING, NULL, CHOOSE_WANDER,
	  "even seeds: change priority every N steps (default: 5)", "STEPS" },
	{ "changes", 0, POPT_ARG_STRING, NULL, CHOOSE_CHANGES,
	  "change priority at these steps, not at random ones",
	  "none|STEP[.OP.WORKER],..." },
	{ "ops", 0, POPT_ARG_STRING, NULL, CHOOSE_OPS, "run only these operations of the workers", "OP.WORKER,..." },
	{ "twice", 0, POPT_ARG_NONE, NULL, CHOOSE_TWICE, "run each episode twice: all events must agree", NULL },
	{ "trace", 0, POPT_ARG_NONE, NULL, CHOOSE_TRACE, "print each step of the last episode", NULL },
	{ "memory-order", 0, POPT_ARG_STRING, NULL, CHOOSE_ORDER,
	  "of explore builds: what loads may return (default: sc)", "sc|tso|c11" },
	{ "no-shrink", 0, POPT_ARG_NONE, NULL, CHOOSE_NO_SHRINK, "print the first failure, do not shrink it", NULL },
	POPT_TABLEEND
};

/* ---- options ---- */
/* Up to @most numbers with dots between them. Returns how many; 0: it is something else. */
static unsigned int read_numbers(const char *text, size_t length, uint32_t *numbers, unsigned int most)
{
	const char *end = text + length;
	unsigned int nr = 0;

	while (text <= end && nr < most) {
		char *part = strndup(text, strcspn(text, ".,"));
		uint64_t number = 0;
		bool good = part && read_number(part, 0, UINT32_MAX, &number);

		free(part);
		if (!good)
			return 0;
		numbers[nr++] = (uint32_t)number;
		text += strcspn(text, ".,") + 1;
	}
	return text > end ? nr : 0;
}

/* What comes after the next comma; NULL: nothing does. */
static const char *next_part(const char *text)
{
	text += strcspn(text, ",");
	return *text ? text + 1 : NULL;
}

static int take_changes(struct serial *serial, const char *text)
{
	serial->changes_given = true;
	serial->nr_changes = 0;
	for (const char *rest = strcmp(text, "none") ? text : NULL; rest; rest = next_part(rest)) {
		struct schedule_change *change = &serial->changes[serial->nr_changes];
		uint32_t numbers[3];
		unsigned int nr = read_numbers(rest, strcspn(rest, ","), numbers, 3);

		if (serial->nr_changes++ == SCHEDULE_CHANGES || (nr != 1 && nr != 3) || !numbers[0] ||
		    (nr == 3 && numbers[2] >= SCHEDULE_THREADS))
			return complain("more than %d changes, or an invalid one: '%s'", SCHEDULE_CHANGES, text);
		*change = (struct schedule_change){ .step = numbers[0], .thread = SCHEDULE_ANY };
		if (nr == 3)
			change->op = numbers[1], change->thread = (uint8_t)numbers[2];
	}
	return 0;
}

static int take_ops(struct serial *serial, const char *text)
{
	serial->some_ops = true;
	for (const char *rest = text; rest; rest = next_part(rest)) {
		uint32_t numbers[2];

		if (read_numbers(rest, strcspn(rest, ","), numbers, 2) != 2 || numbers[0] >= 64 ||
		    numbers[1] >= SCHEDULE_WORKERS)
			return complain("invalid operations '%s': give OP.WORKER,...", text);
		serial->kept[numbers[1]] |= 1ull << numbers[0];
	}
	return 0;
}

static const char *const memory_names[] = { [MEMORY_SC] = "sc", [MEMORY_TSO] = "tso", [MEMORY_C11] = "c11" };

static int take_memory_order(struct serial *serial, const char *text)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(memory_names); i++)
		if (!strcmp(text, memory_names[i])) {
			serial->memory = (enum schedule_memory)i;
			return episode_order_possible(serial->memory);
		}
	return complain("invalid memory order '%s': give sc, tso or c11", text);
}

int serial_take(struct serial *serial, int option, const char *text)
{
	uint64_t number;

	switch (option) {
	case CHOOSE_SERIAL:
		serial->wanted = true;
		return syncpoint_get(0) ? 0 :
		       complain("this build has no sync points; use build/check/faultline (cmake --preset check)");
	case CHOOSE_EPISODES:
		serial->option = "--episodes";
		return read_number(text, 1, UINT64_MAX, &serial->episodes) ? 0 :
		       complain("invalid number of episodes '%s': give 1 or more", text);
	case CHOOSE_DEPTH:
		serial->option = "--depth";
		if (!read_number(text, 1, SCHEDULE_CHANGES + 1, &number))
			return complain("invalid depth '%s': give 1 to %d", text, SCHEDULE_CHANGES + 1);
		serial->depth = (unsigned int)number;
		return 0;
	case CHOOSE_WANDER:
		serial->option = "--wander";
		if (!read_number(text, 0, UINT32_MAX, &number))
			return complain("invalid number of steps '%s': give 0 or more", text);
		serial->wander = (unsigned int)number;
		return 0;
	case CHOOSE_CHANGES:
		serial->option = "--changes";
		return take_changes(serial, text);
	case CHOOSE_OPS:
		serial->option = "--ops";
		return take_ops(serial, text);
	case CHOOSE_TWICE:
		serial->option = "--twice";
		serial->twice = true;
		return 0;
	case CHOOSE_TRACE:
		serial->option = "--trace";
		serial->trace = true;
		return 0;
	case CHOOSE_ORDER:
		serial->option = "--memory-order";
		return take_memory_order(serial, text);
	default:
		serial->option = "--no-shrink";
		serial->shrink = false;
		return 0;
	}
}

/* ---- one case ---- */

/* How it is going. */
struct search {
	const struct serial *serial;
	struct episode episode;
	uint32_t steps;			/* that changes are drawn from */
	uint64_t played, step_sum, switch_sum;
	double begin;
};

static void put_changes(FILE *out, const struct schedule_plan *plan)
{
	fputs(" --changes ", out);
	for (unsigned int i = 0; i < plan->nr_changes; i++)
		fprintf(out, plan->changes[i].thread == SCHEDULE_ANY ? "%s%u" : "%s%u.%u.%u", i ? "," : "",
			plan->changes[i].step, plan->changes[i].op, plan->changes[i].thread);
	if (!plan->nr_changes)
		fputs("none", out);
}

static void put_ops(FILE *out, const struct episode *episode)
{
	const char *before = " --ops ";

	for (unsigned int i = 0; i < episode->threads; i++)
		for (unsigned int op = 0; op < episode->rounds; op++)
			if (episode->kept[i] >> op & 1) {
				fprintf(out, "%s%u.%u", before, op, i);
				before = ",";
			}
}

/* @drawn: the changes are those the seed gives. */
static void print_repeat_command(const struct serial *serial, const struct episode *episode, bool drawn)
{
	struct run_case what = *episode->what;

	what.threads = episode->threads;
	fputs("repeat with: faultline stress ", stderr);
	serial->put_command(stderr, serial->command, &what, episode->plan.seed);
	fprintf(stderr, " --serial --rounds %llu --episodes 1", (unsigned long long)episode->rounds);
	if (drawn)
		fprintf(stderr, " --depth %u", serial->depth);
	else
		put_changes(stderr, &episode->plan);
	if (episode->some)
		put_ops(stderr, episode);
	if (serial->memory != MEMORY_SC)
		fprintf(stderr, " --memory-order %s", memory_names[serial->memory]);
	fprintf(stderr, " --wander %u", drawn ? serial->wander : episode->plan.wander);
	fputs(" --trace\n", stderr);
	replay_print_command(stderr, episode);
}

/* Plays it once more, to show what was said, and how it came to it. */
static int show(const struct search *search, const struct episode *episode, bool all)
{
	const struct episode_end *end;
	int status = episode_play(episode, &end);

	if (status)
		return status;
	fputs(end->said, stderr);
	interleaving_print(stderr, episode, end->log, all);
	if (!end->failed)
		fail("%s: the second time it did not fail: something else than the schedule has a say",
		     search->episode.what->name);
	return 0;
}

static unsigned int count_ops(const struct episode *episode)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < episode->threads; i++)
		nr += episode->some ? (unsigned int)__builtin_popcountll(episode->kept[i]) :
				      (unsigned int)episode->rounds;
	return nr;
}

static int report_failure(struct search *search, const struct episode_end *end)
{
	const struct serial *serial = search->serial;
	struct episode small = search->episode;
	bool drawn = !serial->changes_given;
	int status = 0;

	progress_end();
	fail("%s: episode %llu failed, after %.2f s: seed %llu, %u threads, %llu rounds, %u changes, %u steps",
	     small.what->name, (unsigned long long)search->played, now_seconds() - search->begin,
	     (unsigned long long)small.plan.seed, small.threads, (unsigned long long)small.rounds,
	     small.plan.nr_changes, end->log->steps);
	if (serial->shrink && !serial->trace && !serial->changes_given) {
		fputs(end->said, stderr);
		print_repeat_command(serial, &small, drawn);
		status = shrink(&small, end);
		drawn = false;
		if (!status)
			fprintf(stderr, "smaller: seed %llu, %u threads, %u operations, %u changes\n",
				(unsigned long long)small.plan.seed, small.threads, count_ops(&small),
				small.plan.nr_changes);
	}
	if (!status)
		status = show(search, &small, serial->trace);
	print_repeat_command(serial, &small, drawn);
	return EXIT_CHECK_FAILED;
}

static bool time_is_over(const struct search *search)
{
	const struct serial *serial = search->serial;

	if (interrupted())
		return true;
	if (serial->episodes && search->played >= serial->episodes)
		return true;
	return serial->seconds > 0 && now_seconds() - search->begin >= serial->seconds;
}

static void count_episode(struct search *search, const struct episode_end *end)
{
	search->played++;
	search->step_sum += end->log->steps;
	search->switch_sum += end->log->switches;
	progress_show("%s: %llu episodes of %llu steps and %llu switches", search->episode.what->name,
		      (unsigned long long)search->played, (unsigned long long)(search->step_sum / search->played),
		      (unsigned long long)(search->switch_sum / search->played));
}

static void draw(struct search *search, uint64_t seed)
{
	search->episode.plan.wander = seed % 2 ? 0 : search->serial->wander;
	episode_draw(&search->episode, seed, search->episode.plan.wander ? 1 : search->serial->depth, search->steps);
}

/* A scenario's operations are done once. */
static bool may_have_rounds(const struct search *search)
{
	return !search->serial->rounds && !scenario_find(search->episode.what->workload->name);
}

/* Unless they were chosen, as many rounds as make an episode that takes longer to race than to set up. */
static int measure(struct search *search, const struct episode_end **end)
{
	struct episode *episode = &search->episode;
	int status;

	episode->plan.seed = 0;
	episode->plan.wander = 0;
	for (;;) {
		status = episode_measure(episode, &search->steps, end);
		if (status || (*end)->failed || !may_have_rounds(search) || search->steps >= ENOUGH_STEPS ||
		    episode->rounds >= ENOUGH_ROUNDS)
			return status;
		episode->rounds *= 2;
	}
}

/* Seed 0 is the one without changes, that all others are measured by. */
static int play_all(struct search *search)
{
	const struct serial *serial = search->serial;
	const struct episode_end *end = NULL;
	uint64_t seed = serial->choices->seed;
	int status = 0;

	if (!serial->changes_given) {
		status = measure(search, &end);
		if (!status && end->failed)
			return report_failure(search, end);
	}
	for (; !status && !time_is_over(search); seed++) {
		if (serial->changes_given)
			search->episode.plan.seed = seed, search->episode.plan.wander = serial->wander;
		else
			draw(search, seed);
		status = serial->twice ? episode_play_twice(&search->episode, &end) :
					 episode_play(&search->episode, &end);
		if (status)
			break;
		count_episode(search, end);
		if (end->failed)
			return report_failure(search, end);
	}
	progress_end();
	if (!status && serial->trace && end)
		interleaving_print(stdout, &search->episode, end->log, true);
	return status;
}

int serial_run(const struct serial *serial, const struct run_case *what)
{
	struct search search = {
		.serial = serial,
		.episode = {
			.what = what,
			.choices = serial->choices,
			.threads = what->threads,
			.rounds = max(serial->rounds, (uint64_t)1),
			.plan = { .max_steps = EPISODE_MAX_STEPS, .nr_changes = serial->nr_changes,
				  .memory = serial->memory },
		},
		.begin = now_seconds(),
	};
	int status;

	memcpy(search.episode.plan.changes, serial->changes, sizeof(serial->changes));
	search.episode.some = serial->some_ops;
	memcpy(search.episode.kept, serial->kept, sizeof(serial->kept));
	status = episode_possible(what);
	if (!status)
		status = play_all(&search);
	if (!status)
		printf("passed: %s, %u threads, %llu episodes of %llu steps and %llu switches\n", what->name,
		       what->threads, (unsigned long long)search.played,
		       (unsigned long long)(search.played ? search.step_sum / search.played : 0),
		       (unsigned long long)(search.played ? search.switch_sum / search.played : 0));
	return status;
}
