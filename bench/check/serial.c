/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serial.c - looks for schedules that fail. */
#include "bench/check/serial.h"

#include <stdlib.h>
#include <string.h>

#include "bench/check/coverage.h"
#include "bench/check/interleaving.h"
#include "bench/check/replay.h"
#include "bench/check/shrink.h"
#include "bench/check/twice.h"
#include "bench/ground/command.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/progress.h"

#define ENOUGH_STEPS	1000u
#define ENOUGH_ROUNDS	64u
#define STEERED		2u	/* changes that are added, one by one, to a drawn schedule */

/* ---- one case ---- */

/* How it is going. */
struct search {
	const struct serial *serial;
	struct episode episode;
	uint32_t steps;			/* that changes are drawn from */
	uint64_t played, step_sum, switch_sum;
	unsigned int steered;		/* changes added to those that were drawn */
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
		fprintf(stderr, " --memory-order %s", serial_memory_names[serial->memory]);
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
	bool drawn = !serial->changes_given && !search->steered;
	int status = 0;

	small.details = false;
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

/*
 * Makes two accesses come in an order that was never seen: the thread of the first one stops behind it, and, if it
 * comes later in the last episode, that of the second one stops before it until then. Of two changes the earlier in
 * the list gives the lower priority. Returns false when it is time for a new seed.
 */
static bool steer(struct search *search, const struct episode_end *end)
{
	struct schedule_plan *plan = &search->episode.plan;
	const struct schedule_event *first, *second;
	struct rng rng;

	rng_init(&rng, search->played);
	if (!search->serial->steer || search->steered == STEERED || plan->nr_changes + 2 > SCHEDULE_CHANGES ||
	    !coverage_missing(end->log, rng_next(&rng), &first, &second))
		return false;
	plan->changes[plan->nr_changes++] = (struct schedule_change){
		.thread = first->thread, .op = first->op, .step = first->op_step + 1,
	};
	if (second < first)
		plan->changes[plan->nr_changes++] = (struct schedule_change){
			.thread = second->thread, .op = second->op, .step = second->op_step,
		};
	search->steered++;
	return true;
}

static void draw(struct search *search, uint64_t seed)
{
	search->steered = 0;
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
	while (!status && !time_is_over(search)) {
		if (serial->changes_given)
			search->episode.plan.seed = seed++, search->episode.plan.wander = serial->wander;
		else if (!search->played || !steer(search, end))
			draw(search, seed++);
		status = serial->twice ? episode_play_twice(&search->episode, &end) :
					 episode_play(&search->episode, &end);
		if (status)
			break;
		count_episode(search, end);
		if (end->failed)
			return report_failure(search, end);
		if (search->episode.details)
			coverage_add(end->log);
	}
	progress_end();
	if (!status && serial->trace && end)
		interleaving_print(stdout, &search->episode, end->log, true);
	return status;
}

int serial_open(const struct serial *serial)
{
	return serial->coverage || serial->steer ? coverage_open() : 0;
}

int serial_close(const struct serial *serial)
{
	struct coverage_figure figure;
	int status = 0;

	if (!serial->coverage && !serial->steer)
		return 0;
	figure = coverage_figure();
	if (serial->coverage)
		status = coverage_print(stdout);
	printf("coverage: %u of %u orders of two accesses were seen, %.1f %%\n", figure.seen, figure.possible,
	       figure.possible ? 100.0 * figure.seen / figure.possible : 0);
	coverage_close();
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
	search.episode.details = serial->coverage || serial->steer;
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
